"""Tests of training again from an earlier model's folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.formats.sample import ClassName
from boxwright.jobdir import JobDir
from boxwright.modeldir import WEIGHTS, ModelCard, write_card
from boxwright.models.build import build_model
from boxwright.spec.training import DataSpec, LossSpec, ModelSpec, TrainSpec
from boxwright.train.checkpoint import BEST
from boxwright.train.earlier import class_map, earlier_model, inherit
from boxwright.train.loop import Run
from boxwright.train.run import derive_spec, prepare, read_data, train

SMALL = {
    "backbone": "efficientnet_lite0",
    "fpn_channels": 16,
    "fpn_max_level": 5,
    "head_convs": 1,
    "image_size": (64, 96),
}
MakeJob = Callable[..., JobDir]


def card_of(names: Sequence[str], **model: Any) -> ModelCard:
    classes = tuple(ClassName(10 + number, name) for number, name in enumerate(names))
    settings = ModelSpec.model_validate({**SMALL, **model})
    spec = TrainSpec(data=DataSpec(training_data_path="a", num_classes=len(classes)), model=settings)
    colours: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "pad_colour": (0, 0, 0)}
    return ModelCard(algorithm="x", spec=spec, classes=classes, input_size=settings.image_size, step=1, **colours)


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes the card and the random weights of a small model with classes of the given names."""

    def make(*names: str, **model: Any) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        card = card_of(names, **model)
        torch.manual_seed(7)
        state = build_model(card.spec.model, LossSpec(), len(names)).state_dict()
        save_file({name: value.contiguous() for name, value in state.items()}, folder / WEIGHTS)
        write_card(str(folder), card)
        return folder

    return make


def prepared(jobdir: JobDir) -> Run:
    """The run of a job before its first step."""
    job = jobdir.read_job()
    assert job is not None
    report = jobdir.append
    data = read_data(parse(ALGORITHMS[job.algorithm], job.arguments).spec, report)
    return prepare(derive_spec(jobdir, job, data, report), data, jobdir, report)


def told(jobdir: JobDir) -> dict[str, Any]:
    (event,) = [event for event in jobdir.events() if event.kind == "weights"]
    return event.values


def test_classes_are_kept_and_extended_by_name(job: MakeJob, model_folder: Callable[..., Path]) -> None:
    folder = model_folder("square", "moon")
    jobdir = job(pretrained_checkpoint_path=folder, backbone=None, fpn_channels=None, head_convs=None)
    run = prepared(jobdir)
    # The data's classes are circle (label 0) and square (1).
    assert run.spec.data.num_classes == 3
    assert run.spec.model.backbone == "efficientnet_lite0" and run.spec.model.fpn_channels == 16
    labels = {int(label) for index in range(len(run.validation)) for label in run.validation[index][2]}
    assert labels == {0, 2}
    values = told(jobdir)
    assert (values["kept_classes"], values["new_classes"]) == (["square", "moon"], ["circle"])
    assert values["fresh"] == values["skipped"] == []
    assert "class_head.predictor.weight" in values["reused"]
    before, now = load_file(folder / WEIGHTS), run.state.model.state_dict()
    assert torch.equal(now["neck.lateral.0.weight"], before["neck.lateral.0.weight"])
    rows = now["class_head.predictor.weight"].reshape(9, 3, 16, 3, 3)
    assert torch.equal(rows[:, :2], before["class_head.predictor.weight"].reshape(9, 2, 16, 3, 3))
    derived = {event.values["name"]: event.values for event in jobdir.events() if event.kind == "derived"}
    assert derived["model.backbone"]["reason"] == "as the model that is trained on"


def test_a_run_trains_on_and_its_model_has_the_joined_classes(job: MakeJob, model_folder: Callable[..., Path]) -> None:
    jobdir = job(pretrained_checkpoint_path=model_folder("square", "moon"), max_steps=2)
    trained = train(jobdir, lambda _: None)
    classes = trained.data.classes  # type: ignore[union-attr]  # it was not asked to stop
    assert [(one.id, one.name) for one in classes] == [(10, "square"), (11, "moon"), (1, "circle")]
    assert load_file(jobdir.checkpoints / BEST)["class_head.predictor.bias"].shape == (27,)


def test_weights_beside_a_card_are_of_its_model(job: MakeJob, model_folder: Callable[..., Path]) -> None:
    folder = model_folder("circle", "square")
    jobdir = job(pretrained_checkpoint_path=folder / WEIGHTS)
    prepared(jobdir)
    assert told(jobdir)["kept_classes"] == ["circle", "square"]


@pytest.mark.parametrize("again", [False, True])
def test_other_classes_stand_alone_and_start_fresh(
    job: MakeJob, model_folder: Callable[..., Path], again: bool
) -> None:
    """Of other names, or because the top layer was to start afresh: then that of the boxes does too."""
    names = ("circle", "square") if again else ("cat", "dog")
    folder = model_folder(*names)
    jobdir = job(pretrained_checkpoint_path=folder, reinitialize_top_layer=again or None)
    run = prepared(jobdir)
    assert (told(jobdir)["kept_classes"], told(jobdir)["new_classes"]) == ([], ["circle", "square"])
    before, now = load_file(folder / WEIGHTS), run.state.model.state_dict()
    assert not torch.equal(now["class_head.predictor.weight"], before["class_head.predictor.weight"])
    boxes = torch.equal(now["box_head.predictor.weight"], before["box_head.predictor.weight"])
    assert boxes is not again
    assert told(jobdir)["fresh"] == (
        [f"{head}_head.predictor.{part}" for head in ("class", "box") for part in ("weight", "bias")] if again else []
    )


def test_another_family_or_backbone_is_refused_by_name(job: MakeJob, model_folder: Callable[..., Path]) -> None:
    folder = model_folder("circle", "square")
    said = (
        "got retinanet on efficientnet_lite0 in .* for retinanet on resnet18; name backbone=efficientnet_lite0 or none"
    )
    with pytest.raises(ValueError, match=said):
        prepared(job(pretrained_checkpoint_path=folder, backbone="resnet18"))
    request = parse(
        ALGORITHMS["sagemaker_object_detection"],
        {
            "training_data_path": "a",
            "num_classes": "2",
            "num_training_samples": "1",
            "pretrained_checkpoint_path": str(folder),
        },
    )
    said = "got retinanet on efficientnet_lite0 in .* for ssd on efficientnet_lite0; use its algorithm, x, or"
    with pytest.raises(ValueError, match=said):
        inherit(request, ALGORITHMS["sagemaker_object_detection"], card_of(("a",)))


@pytest.mark.parametrize(("start", "stays"), [("imagenet", True), ("", False)])
def test_frozen_weights_that_stay_random_are_told(
    job: MakeJob, model_folder: Callable[..., Path], start: str, stays: bool
) -> None:
    jobdir = job(pretrained_checkpoint_path=start or model_folder("square", "moon"), train_only_on_top_layer=True)
    prepared(jobdir)
    frozen = told(jobdir)["frozen_fresh"]
    assert ("neck.lateral.0.weight" in frozen) is stays
    assert [name for name in frozen if not name.startswith("neck.")] == []


def test_parts_that_the_algorithm_has_no_name_for_are_not_inherited() -> None:
    algorithm = ALGORITHMS["sagemaker_object_detection"]
    texts = {"training_data_path": "a", "num_classes": "2", "num_training_samples": "1"}
    spec, derived = inherit(parse(algorithm, texts), algorithm, card_of(("a",), architecture="ssd"))
    assert [one.name for one in derived] == ["model.backbone", "model.image_size"]
    assert (spec.model.backbone, spec.model.image_size) == ("efficientnet_lite0", (64, 96))


@pytest.mark.parametrize(
    ("given", "tile", "overlap"),
    [
        ({}, 320, 0.3),
        ({"overlap": "0.1"}, 320, 0.1),
        ({"tile": "0"}, 0, 0.2),
        ({"tile": "640"}, 640, 0.2),
    ],
)
def test_a_model_of_tiles_is_trained_on_tiles(given: dict[str, str], tile: int, overlap: float) -> None:
    algorithm = ALGORITHMS["image_object_detection"]
    data = DataSpec(training_data_path="a", num_classes=1, tile=320, overlap=0.3)
    card = card_of(("a",))
    card = card.model_copy(update={"spec": card.spec.model_copy(update={"data": data})})
    spec, derived = inherit(parse(algorithm, {"training_data_path": "b", **given}), algorithm, card)
    assert (spec.data.tile, spec.data.overlap, spec.data.training_data_path) == (tile, overlap, "b")
    names = {one.name for one in derived if one.name.startswith("data.")}
    assert names == ({"data.tile", "data.overlap"} if not given else {"data.tile"} if "overlap" in given else set())


def test_an_entry_of_the_catalogue_is_not_overruled() -> None:
    algorithm = ALGORITHMS["sagemaker_object_detection_tensorflow"]
    texts = {"training_data_path": "a", "pretrained_checkpoint_path": "folder"}
    spec, derived = inherit(parse(algorithm, texts), algorithm, card_of(("a",)))
    assert spec.model.backbone == "efficientnet_lite0" and "model.backbone" in {one.name for one in derived}
    model_id = "tensorflow-od1-ssd-efficientdet-d0-512x512-coco17-tpu-8"
    with pytest.raises(ValueError, match="got retinanet on efficientnet_lite0 in .* for retinanet on efficientnet_b0"):
        inherit(parse(algorithm, {**texts, "model_id": model_id}), algorithm, card_of(("a",)))


def test_num_classes_must_be_what_comes_out() -> None:
    data = (ClassName(1, "square"), ClassName(2, "circle"))
    card, model = card_of(("square", "moon")), ModelSpec()
    assert len(class_map(model, card, data, 3).classes) == 3
    with pytest.raises(
        ValueError, match=r"num_classes must be 3, got 2: .*\(square, moon\) are kept, .*\(square, circle\)"
    ):
        class_map(model, card, data, 2)
    with pytest.raises(ValueError, match="num_classes must be 2, got 1: .*unnamed"):
        class_map(model, card, (), 1)
    fresh = ModelSpec(reinitialize_top_layer="True")
    assert class_map(fresh, card, data, 2).classes == data
    assert class_map(model, None, data, 7).classes == data


def test_data_without_names_is_taken_to_have_the_earlier_ones() -> None:
    found = class_map(ModelSpec(), card_of(("square", "moon")), (), 0)
    assert [one.name for one in found.classes] == ["square", "moon"] and found.merged


def test_what_is_no_model_folder(tmp_path: Path) -> None:
    for path in ("imagenet", "coco", "none", str(tmp_path), str(tmp_path / "weights.pth")):
        assert earlier_model(ModelSpec(pretrained_checkpoint_path=path)) is None
