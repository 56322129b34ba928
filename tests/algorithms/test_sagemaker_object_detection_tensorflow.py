"""Tests of SageMaker's TensorFlow detector against the published tables of its hyper-parameters and models."""

import re

import pytest

from boxwright.algorithms import ALGORITHMS, Request, parse
from boxwright.jobdir import Event
from boxwright.models.build import BACKBONES
from boxwright.progress import metric_lines

TENSORFLOW = ALGORITHMS["sagemaker_object_detection_tensorflow"]
BY_NAME = {argument.name: argument for argument in TENSORFLOW.arguments}

PUBLISHED: dict[str, object] = {
    "batch_size": 3,
    "epochs": 5,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "momentum": 0.9,
    "epsilon": 1e-7,
    "rho": 0.95,
    "initial_accumulator_value": 0.1,
    "reinitialize_top_layer": "Auto",
    "train_only_on_top_layer": False,
    "early_stopping": False,
    "early_stopping_patience": 5,
    "early_stopping_min_delta": 0.0,
}
"""Developer guide, "Object Detection - TensorFlow Hyperparameters"; epochs of a small model."""

# Developer guide, "TensorFlow Models": backbone and side of the square input.
MODELS = {
    "resnet50-v1-fpn-640x640-coco17-tpu-8": ("resnet50", 640),
    "resnet50-v1-fpn-1024x1024-coco17-tpu-8": ("resnet50", 1024),
    "resnet101-v1-fpn-640x640-coco17-tpu-8": ("resnet101", 640),
    "resnet101-v1-fpn-1024x1024-coco17-tpu-8": ("resnet101", 1024),
    "resnet152-v1-fpn-640x640-coco17-tpu-8": ("resnet152", 640),
    "resnet152-v1-fpn-1024x1024-coco17-tpu-8": ("resnet152", 1024),
    "mobilenet-v1-fpn-640x640-coco17-tpu-8": ("mobilenet_v1", 640),
    "mobilenet-v2-fpnlite-320x320-coco17-tpu-8": ("mobilenet_v2", 320),
    "mobilenet-v2-fpnlite-640x640-coco17-tpu-8": ("mobilenet_v2", 640),
    "efficientdet-d0-512x512-coco17-tpu-8": ("efficientnet_b0", 512),
    "efficientdet-d1-640x640-coco17-tpu-8": ("efficientnet_b1", 640),
    "efficientdet-d2-768x768-coco17-tpu-8": ("efficientnet_b2", 768),
    "efficientdet-d3-896x896-coco17-tpu-32": ("efficientnet_b3", 896),
}
PREFIX = "tensorflow-od1-ssd-"


def read(**texts: str) -> Request:
    return parse(TENSORFLOW, {"training_data_path": "a", **texts})


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_defaults(name: str) -> None:
    assert TENSORFLOW.default(BY_NAME[name]) == PUBLISHED[name]
    group, _, field = BY_NAME[name].path.partition(".")
    assert BY_NAME[name].word(getattr(getattr(read().spec, group), field)) == PUBLISHED[name]


def test_the_catalogue_is_the_published_one() -> None:
    assert set(TENSORFLOW.catalogue) == {PREFIX + name for name in MODELS}
    assert read().spec.model.model_id == f"{PREFIX}resnet50-v1-fpn-640x640-coco17-tpu-8"


@pytest.mark.parametrize("name", MODELS)
def test_each_model_has_its_backbone_and_input(name: str) -> None:
    backbone, side = MODELS[name]
    model = read(model_id=PREFIX + name).spec.model
    assert (model.architecture, model.backbone, model.image_size) == ("retinanet", backbone, (side, side))
    assert model.fpn_type == ("bifpn" if "efficientdet" in name else "fpn")
    assert model.separable_convs == ("efficientdet" in name or "fpnlite" in name)
    assert backbone in BACKBONES


def test_efficientdets_have_the_sizes_of_the_paper() -> None:
    found = [read(model_id=PREFIX + name).spec.model for name in MODELS if "efficientdet" in name]
    assert [(one.fpn_channels, one.fpn_repeats, one.head_convs) for one in found] == [
        (64, 3, 3),
        (88, 4, 3),
        (112, 5, 3),
        (160, 6, 4),
    ]


def test_given_values_come_before_those_of_the_model() -> None:
    request = read(model_id=f"{PREFIX}efficientdet-d3-896x896-coco17-tpu-32", image_size="320,448", epochs="7")
    assert request.spec.model.image_size == (320, 448)
    assert request.spec.model.backbone == "efficientnet_b3"
    assert request.spec.optimization.epochs == 7
    assert "model.image_size" in request.given and "model.image_size" not in request.settled
    assert "model.backbone" in request.settled
    assert "model.image_size" not in read(image_size="auto").kept


def test_large_models_have_one_epoch() -> None:
    large = read(model_id=f"{PREFIX}resnet152-v1-fpn-640x640-coco17-tpu-8").spec
    assert large.optimization.epochs == 1
    assert TENSORFLOW.published(large.model.model_id)["optimization.epochs"] == 1


def test_other_names_of_the_tuning_table() -> None:
    spec = read(eps="0.01", regularizers_l2="0.25", optimizer="nesterov").spec.optimization
    assert (spec.epsilon, spec.weight_decay, spec.optimizer_type) == (0.01, 0.25, "nesterov")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"model_id": "tensorflow-od-ssd"}, "--model_id must be one of tensorflow-od1-ssd-resnet50-v1-fpn-640x640"),
        ({"batch_size": "0"}, "--batch_size: Input should be greater than or equal to 1"),
        ({"learning_rate": "2"}, "--learning_rate must be <= 1, got 2"),
        ({"eps": "1e-8", "epsilon": "1e-7"}, "--epsilon and --eps say the same thing; give one of them"),
        ({"reinitialize_top_layer": "maybe"}, "--reinitialize_top_layer must be one of Auto, True, False, got 'maybe'"),
        ({"momentum": "1.5"}, "--momentum: Input should be less than or equal to 1"),
        ({"label_width": "350"}, "--label_width is not an argument of this algorithm"),
    ],
)
def test_values_that_are_refused(texts: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(**texts)


def test_words_are_taken_in_any_case() -> None:
    spec = read(train_only_on_top_layer="true", reinitialize_top_layer="true", early_stopping="TRUE").spec
    assert spec.optimization.train_only_on_top_layer and spec.evaluation.early_stopping
    assert spec.model.reinitialize_top_layer == "True"


def test_both_ends_of_the_published_tuning_ranges_are_accepted() -> None:
    ranges = {one.name: one.tuning for one in TENSORFLOW.arguments if one.tuning}
    assert ranges["batch_size"] == (8, 512)
    assert ranges["learning_rate"] == (1e-6, 0.5)
    assert set(ranges) == {
        *("batch_size", "beta_1", "beta_2", "eps", "learning_rate", "momentum", "optimizer", "regularizers_l2"),
        *("train_only_on_top_layer", "initial_accumulator_value"),
    }
    for name, values in ranges.items():
        for value in values:
            read(**{name: str(value)})


# Regular expressions of the developer guide and of the service's sample notebook.
@pytest.mark.parametrize(
    ("kind", "pattern", "value"),
    [
        ("evaluation", r"Val_localization=([0-9\.]+)", 0.000025),
        ("evaluation", r"Val_classification=([0-9\.]+)", 1.5),
        ("train", r"loss=([0-9\.]+)", 12.25),
    ],
)
def test_metric_lines_are_in_the_published_form(kind: str, pattern: str, value: float) -> None:
    values = {"loss": 12.25, "localization_loss": 0.000025, "classification_loss": 1.5}
    lines = metric_lines(Event(kind=kind, step=7, values=values), TENSORFLOW)
    assert [float(one[1]) for line in lines if (one := re.search(pattern, line))] == [value]


def test_localization_loss_is_the_metric_that_counts() -> None:
    assert TENSORFLOW.metrics[0] == "localization_loss"
