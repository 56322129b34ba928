"""Tests of the derived values on facts made by hand."""

from typing import Any

import numpy as np
import pytest

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.dataset.rules import Checked
from boxwright.imaging import PictureHeader
from boxwright.spec.training import TrainSpec
from boxwright.train.auto import RULES, derive
from boxwright.train.facts import DataFacts, Facts, data_facts
from boxwright.train.machine import Machine
from boxwright.train.schedule import learning_rate

PROCESSOR = Machine("cpu", "a processor", cores=6, memory=2**34, bfloat16=False)


ONLY_WHEN_ASKED = {
    "model.pretrained_checkpoint_path",
    "optimization.stepwise_learning_rate_steps",
    "optimization.stepwise_learning_rate_levels",
}
"""Rules that speak only where use_pretrained_model, epochs or drop_epochs are given."""


def facts(
    *,
    pictures: int = 300,
    size: tuple[int, int] = (480, 640),
    boxes: list[tuple[float, float, int]] | None = None,
    machine: Machine = PROCESSOR,
    fits: int = 100,
) -> Facts:
    """Facts of a data set; `boxes` are width, height and label."""
    chosen = boxes or [(100.0, 100.0, 0), (50.0, 40.0, 1)] * 20
    data = DataFacts(
        pictures=pictures,
        validation_pictures=30,
        num_classes=2,
        median_size=size,
        sides=np.array([box[:2] for box in chosen], np.float32),
        labels=np.array([box[2] for box in chosen]),
    )
    return Facts(data, machine, lambda _: fits)


def derived(known: Facts, **texts: str) -> tuple[TrainSpec, dict[str, tuple[Any, str]]]:
    """The complete spec, and value and reason by path, for a user's arguments."""
    request = parse(
        ALGORITHMS["image_object_detection"], {"training_data_path": "a", "validation_data_path": "b", **texts}
    )
    spec, found = derive(request.spec, request.given, known)
    return spec, {one.name: (one.value, one.reason) for one in found}


def test_every_rule_gives_its_value_and_a_reason() -> None:
    spec, found = derived(facts())
    assert list(found) == [path for path in RULES if path not in ONLY_WHEN_ASKED]
    for path, (value, reason) in found.items():
        group, _, name = path.partition(".")
        assert getattr(getattr(spec, group), name) == value
        assert reason and not reason.endswith("."), path


def test_given_values_are_kept() -> None:
    texts = {"num_classes": "7", "max_steps": "11", "image_size": "64,96", "anchor_size": "3", "ema": "0"}
    spec, found = derived(facts(), **texts, warmup_steps="2", train_batch_size="5", optimizer_type="rmsprop")
    assert (spec.data.num_classes, spec.optimization.max_steps, spec.model.image_size) == (7, 11, (64, 96))
    assert (spec.model.anchor_size, spec.optimization.ema, spec.optimization.train_batch_size) == (3.0, 0.0, 5)
    given = {"num_classes", "max_steps", "image_size", "anchor_size", "ema", "optimizer_type", "train_batch_size"}
    assert not given & {path.partition(".")[2] for path in found}


def test_machine() -> None:
    spec, found = derived(facts())
    assert (spec.machine.accelerator, spec.machine.precision, spec.machine.loader_workers) == ("cpu", "float32", 3)
    assert found["machine.accelerator"][1] == "a processor"
    card = Machine("cuda", "a card", cores=64, memory=2**36, bfloat16=True)
    spec, _ = derived(facts(machine=card))
    assert (spec.machine.accelerator, spec.machine.precision, spec.machine.loader_workers) == ("cuda", "bfloat16", 8)
    single = Machine("cpu", "one core", cores=1, memory=2**33, bfloat16=False)
    assert derived(facts(machine=single))[0].machine.loader_workers == 1


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (1000, 1000), (300, 1200)])
def test_image_size_has_the_shape_of_the_pictures_and_the_area_of_the_machine(size: tuple[int, int]) -> None:
    height, width = derived(facts(size=size))[0].model.image_size
    assert height % 32 == width % 32 == 0
    assert np.sqrt(height * width) == pytest.approx(320, rel=0.1)
    assert height / width == pytest.approx(size[0] / size[1], rel=0.2)


def test_small_pictures_are_at_most_doubled() -> None:
    assert derived(facts(size=(64, 96)))[0].model.image_size == (128, 192)
    assert derived(facts(size=(10, 10)))[0].model.image_size == (64, 64)


def test_anchors_begin_at_the_smallest_class() -> None:
    # The pictures are halved on the input of 320 x 320; the smallest tenth of class 1 begins at 24 px: 24 / 2 / 8.
    boxes = [(200.0, 200.0, 0)] * 50 + [(24.0, 24.0, 1)] * 50
    spec, found = derived(facts(size=(640, 640), boxes=boxes))
    assert spec.model.image_size == (320, 320)
    assert spec.model.anchor_size == pytest.approx(1.5)
    assert found["model.anchor_size"][1] == "the class of the smallest objects begins at 12 px on the input"
    # 48 / 2 / 8 = 3; and no anchor is larger than the published 4.
    assert derived(facts(size=(640, 640), boxes=[(48.0, 48.0, 0)] * 9))[0].model.anchor_size == pytest.approx(3.0)
    assert derived(facts(size=(640, 640), boxes=[(600.0, 600.0, 0)] * 9))[0].model.anchor_size == 4.0
    finer = derived(facts(size=(640, 640), boxes=[(96.0, 96.0, 0)] * 9), fpn_min_level="4")[0]
    assert finer.model.anchor_size == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("sides", "ratios"),
    [
        ((30.0, 20.0), (1.0,)),
        ((60.0, 20.0), (1.0, 2.0, 0.5)),
        ((20.0, 60.0), (1.0, 2.0, 0.5)),
        ((20.0, 180.0), (1.0, 2.0, 0.5, 4.0, 0.25)),
    ],
)
def test_ratios_cover_the_shapes(sides: tuple[float, float], ratios: tuple[float, ...]) -> None:
    spec, found = derived(facts(boxes=[(*sides, 0)] * 10))
    assert spec.model.bbox_aspect_ratios == ratios
    assert f"1:{max(sides) / min(sides):.1f}" in found["model.bbox_aspect_ratios"][1]


def test_batch_is_what_fits_and_suits_the_set() -> None:
    assert derived(facts(fits=100))[0].optimization.train_batch_size == 16
    assert derived(facts(fits=3))[0].optimization.train_batch_size == 3
    assert derived(facts(fits=1))[0].optimization.train_batch_size == 1
    assert derived(facts(fits=0))[0].optimization.train_batch_size == 1
    assert derived(facts(pictures=20))[0].optimization.train_batch_size == 5
    assert derived(facts(pictures=1))[0].optimization.train_batch_size == 2
    assert "memory" in derived(facts(fits=3))[1]["optimization.train_batch_size"][1]


def test_fits_is_asked_about_the_settings_of_the_run() -> None:
    asked: list[TrainSpec] = []

    def fits(spec: TrainSpec) -> int:
        asked.append(spec)
        return 4

    known = Facts(facts().data, PROCESSOR, fits)
    spec, _ = derived(known, image_size="64,64")
    assert asked[0].model == spec.model
    assert asked[0].data.num_classes == 2
    assert asked[0].machine == spec.machine


def test_steps_follow_the_size_of_the_set_and_the_batch() -> None:
    steps = [derived(facts(pictures=n), train_batch_size="8")[0].optimization.max_steps for n in (50, 500, 5000, 50000)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1] < 50000 * 60 / 8
    twice = derived(facts(pictures=500), train_batch_size="16")[0].optimization.max_steps
    assert twice == pytest.approx(steps[1] / 2, abs=1)


def test_warm_up_and_evaluations_are_shares_of_the_run() -> None:
    spec, _ = derived(facts(), max_steps="120")
    assert (spec.optimization.warmup_steps, spec.evaluation.train_steps_per_eval) == (10, 12)
    spec, _ = derived(facts(), max_steps="60000")
    assert (spec.optimization.warmup_steps, spec.evaluation.train_steps_per_eval) == (500, 6000)
    spec, _ = derived(facts(), max_steps="1")
    assert (spec.optimization.warmup_steps, spec.evaluation.train_steps_per_eval) == (1, 1)


def test_rates_follow_batch_and_optimizer() -> None:
    adam = derived(facts(), train_batch_size="16")[0].optimization
    assert (adam.optimizer_type, adam.learning_rate_decay_type) == ("adam", "cosine")
    quarter = derived(facts(), train_batch_size="4")[0].optimization
    assert quarter.initial_learning_rate == pytest.approx(adam.initial_learning_rate / 2)
    assert adam.warmup_learning_rate == pytest.approx(adam.initial_learning_rate / 12, rel=1e-3)
    momentum = derived(facts(), train_batch_size="32", optimizer_type="momentum")[0].optimization
    assert momentum.initial_learning_rate == pytest.approx(0.04)
    assert momentum.warmup_learning_rate == pytest.approx(0.04 / 12, rel=1e-3)


@pytest.mark.parametrize(("rate", "optimizer"), [("0.08", "momentum"), ("0.01", "adam"), ("auto", "adam")])
def test_a_rate_for_momentum_is_not_given_to_adam(rate: str, optimizer: str) -> None:
    spec, _ = derived(facts(), initial_learning_rate=rate, train_batch_size="64")
    assert spec.optimization.optimizer_type == optimizer


@pytest.mark.parametrize(
    ("options", "optimizer"), [("momentum=0.8", "momentum"), ("beta1=0.8", "adam"), ("rho=0.9", "adadelta")]
)
def test_given_optimizer_arguments_choose_the_optimizer(options: str, optimizer: str) -> None:
    assert derived(facts(), optimizer_arguments=options)[0].optimization.optimizer_type == optimizer


def test_given_steps_choose_the_stepwise_schedule() -> None:
    texts = {"stepwise_learning_rate_steps": "50,70", "stepwise_learning_rate_levels": "0.01,0.001"}
    spec, found = derived(facts(), max_steps="100", **texts)
    assert spec.optimization.learning_rate_decay_type == "stepwise"
    assert "is given" in found["optimization.learning_rate_decay_type"][1]


def test_nothing_is_frozen_without_pretrained_weights() -> None:
    scratch = derived(facts(), pretrained_checkpoint_path="none")[0].optimization
    assert (scratch.freeze_batch_norm, scratch.frozen_stages) == (False, 0)
    tuned = derived(facts())[0].optimization
    assert tuned.freeze_batch_norm and tuned.frozen_stages >= 1


def test_channels_follow_the_backbone() -> None:
    assert derived(facts(), backbone="resnet50")[0].model.fpn_channels == 256
    assert derived(facts(), backbone="efficientnet_lite1")[0].model.fpn_channels == 64


def test_average_is_over_a_part_of_the_run() -> None:
    short, long = (derived(facts(), max_steps=steps)[0].optimization.ema for steps in ("40", "4000"))
    assert (short, long) == pytest.approx((0.9, 0.995))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"warmup_steps": "20", "max_steps": "10"}, "warmup_steps must not exceed max_steps, got 20 > 10"),
        ({"optimizer_type": "adam", "optimizer_arguments": "momentum=0.9"}, "adam does not know momentum"),
        ({"optimizer_arguments": "speed=3"}, "adam does not know speed"),
    ],
)
def test_given_values_that_contradict_each_other(texts: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        derived(facts(), **texts)


@pytest.mark.parametrize(
    ("tile", "median", "size", "anchor"),
    # Objects of 16 px on the tile, at stride 8: twice the stride, or half of that where the tile is shrunk to half.
    [
        (640, (640, 640), (640, 640), 2.0),
        (320, (320, 320), (320, 320), 2.0),
        (330, (330, 330), (352, 352), 2.13),  # the next multiple of 32
        (640, (200, 640), (224, 640), 2.0),  # pictures 200 px high
        (1280, (1280, 1280), (640, 640), 1.5),  # the least; 1.0 by size
        (1280, (960, 1280), (480, 640), 1.5),
    ],
)
def test_tiles_are_not_shrunk(tile: int, median: tuple[int, int], size: tuple[int, int], anchor: float) -> None:
    known = facts(size=median, boxes=[(16.0, 16.0, 0)] * 9)
    spec, found = derived(known, tile=str(tile))
    assert spec.model.image_size == size
    assert found["model.image_size"][1] == f"the median tile, {median[0]} x {median[1]}, not shrunk below 640 pixels"
    assert found["optimization.max_steps"][1].endswith("views of 300 tiles")
    assert found["model.anchor_size"][0] == anchor


def sample(size: tuple[int, int], boxes: list[list[float]], labels: list[int], fault: str = "") -> Checked:
    height, width = size
    header = None if fault else PictureHeader("JPEG", width, height, 1)
    arrays = np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64), np.zeros(len(labels), np.bool_)
    return Checked("a", width, height, *arrays, (), 0, header, fault)


def test_facts_are_of_what_can_be_used() -> None:
    training = [
        sample((100, 200), [[10, 20, 40, 60]], [1]),
        sample((300, 200), [], []),
        sample((200, 400), [[0, 0, 5, 7]], [0]),
        sample((9, 9), [], [], fault="not a picture"),
    ]
    found = data_facts(training, [training[0], training[3]], 2)
    assert (found.pictures, found.validation_pictures, found.num_classes) == (3, 1, 2)
    assert found.median_size == (200, 200)
    assert found.sides.tolist() == [[30, 40], [5, 7]]
    assert found.labels.tolist() == [1, 0]


SSD = ("sagemaker_object_detection", {"num_classes": "2", "num_training_samples": "300"})
TENSORFLOW = ("sagemaker_object_detection_tensorflow", {})


def derived_for(
    chosen: tuple[str, dict[str, str]], known: Facts, **texts: str
) -> tuple[TrainSpec, dict[str, tuple[Any, str]]]:
    name, required = chosen
    request = parse(ALGORITHMS[name], {"training_data_path": "a", **required, **texts})
    spec, found = derive(request.spec, request.kept, known)
    return spec, {one.name: (one.value, one.reason) for one in found}


def test_epochs_become_steps() -> None:
    # 305 pictures in steps of 32 are 10 steps an epoch.
    spec, found = derived_for(SSD, facts(pictures=305))
    assert (spec.optimization.max_steps, spec.evaluation.train_steps_per_eval) == (300, 10)
    assert found["optimization.max_steps"][1] == "30 epochs of 10 steps"
    spec, _ = derived(facts(pictures=305), epochs="3", train_batch_size="32")
    assert (spec.optimization.max_steps, spec.evaluation.train_steps_per_eval) == (30, 10)
    assert spec.optimization.learning_rate_decay_type == "cosine"
    assert derived(facts(), epochs="3", max_steps="7")[0].optimization.max_steps == 7


def test_drops_at_epochs_become_steps_and_rates() -> None:
    texts = {"lr_scheduler_step": "10, 20", "lr_scheduler_factor": "0.5", "learning_rate": "0.004"}
    spec, found = derived_for(SSD, facts(pictures=305), **texts)
    rates = spec.optimization
    assert rates.learning_rate_decay_type == "stepwise"
    assert rates.stepwise_learning_rate_steps == (100, 200)
    assert rates.stepwise_learning_rate_levels == pytest.approx((0.002, 0.001))
    assert [learning_rate(step, rates) for step in (0, 99, 100, 199, 200, 299)] == pytest.approx(
        [0.004, 0.004, 0.002, 0.002, 0.001, 0.001]
    )
    assert found["optimization.stepwise_learning_rate_steps"][1] == "after epochs of 10 steps"
    ours, _ = derived(facts(pictures=305), epochs="4", drop_epochs="2", train_batch_size="32")
    assert ours.optimization.learning_rate_decay_type == "stepwise"
    assert ours.optimization.stepwise_learning_rate_steps == (20,)


@pytest.mark.parametrize("chosen", [SSD, TENSORFLOW])
def test_published_rates_are_constant_and_without_warm_up(chosen: tuple[str, dict[str, str]]) -> None:
    rates = derived_for(chosen, facts())[0].optimization
    assert {learning_rate(step, rates) for step in range(0, rates.max_steps, 7)} == {0.001}
    assert rates.warmup_steps == 0


def test_published_defaults_are_not_derived_unless_asked_for() -> None:
    spec, found = derived_for(SSD, facts())
    kept = {"train_batch_size", "initial_learning_rate", "optimizer_type", "backbone", "image_size", "frozen_stages"}
    assert not kept & {name.partition(".")[2] for name in found}
    assert not [name for name in found if name.startswith("model.")], "SSD has no pyramid"
    asked, found = derived_for(SSD, facts(), mini_batch_size="auto", warmup_steps="auto")
    assert asked.optimization.train_batch_size == 16 and asked.optimization.warmup_steps > 0
    assert {"optimization.train_batch_size", "optimization.warmup_steps"} <= found.keys()


def test_a_run_from_scratch_can_be_asked_for_in_both_ways() -> None:
    spec, found = derived_for(SSD, facts(), use_pretrained_model="0")
    assert spec.model.pretrained_checkpoint_path == "none"
    assert found["model.pretrained_checkpoint_path"][1] == "use_pretrained_model is off"
    assert derived_for(SSD, facts())[0].model.pretrained_checkpoint_path == "imagenet"
    again, _ = derived_for(SSD, facts(), use_pretrained_model="0", pretrained_checkpoint_path="folder")
    assert again.model.pretrained_checkpoint_path == "folder"


def test_every_field_says_whether_it_is_derived() -> None:
    flagged = {
        f"{group}.{name}"
        for group, spec in TrainSpec.model_fields.items()
        for name, field in getattr(spec.annotation, "model_fields", {}).items()
        if field.json_schema_extra["derived"]
    }
    assert flagged == set(RULES) - ONLY_WHEN_ASKED
