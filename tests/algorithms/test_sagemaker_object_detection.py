"""Tests of SageMaker's SSD against the published table of its hyper-parameters."""

import re

import pytest

from boxwright.algorithms import ALGORITHMS, Request, parse
from boxwright.jobdir import Event
from boxwright.progress import metric_lines

SSD = ALGORITHMS["sagemaker_object_detection"]
REQUIRED = {"training_data_path": "a", "num_classes": "3", "num_training_samples": "10"}
BY_NAME = {argument.name: argument for argument in SSD.arguments}

PUBLISHED: dict[str, object] = {
    "base_network": "vgg-16",
    "early_stopping": False,
    "early_stopping_min_epochs": 10,
    "early_stopping_patience": 5,
    "early_stopping_tolerance": 0.0,
    "image_shape": "300",
    "epochs": 30,
    "freeze_layer_pattern": "",
    "kv_store": "",
    "label_width": 350,
    "learning_rate": 0.001,
    "lr_scheduler_factor": 0.1,
    "lr_scheduler_step": (),
    "mini_batch_size": 32,
    "momentum": 0.9,
    "nms_threshold": 0.45,
    "optimizer": "sgd",
    "overlap_threshold": 0.5,
    "use_pretrained_model": "1",
    "weight_decay": 0.0005,
}
"""Developer guide, "Object Detection Hyperparameters"; two more are required."""


def read(**texts: str) -> Request:
    return parse(SSD, {**REQUIRED, **texts})


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_defaults(name: str) -> None:
    assert SSD.default(BY_NAME[name]) == PUBLISHED[name]
    group, _, field = BY_NAME[name].path.partition(".")
    assert BY_NAME[name].word(getattr(getattr(read().spec, group), field)) == PUBLISHED[name]


def test_what_is_required() -> None:
    with pytest.raises(ValueError) as refused:
        parse(SSD, {})
    assert sorted(str(refused.value).split("\n")) == [
        "--num_classes is required",
        "--num_training_samples is required",
        "--training_data_path is required",
    ]


def test_published_words_become_our_fields() -> None:
    spec = read(base_network="resnet-50", image_shape="512", optimizer="sgd", lr_scheduler_step="10, 20").spec
    assert (spec.model.architecture, spec.model.backbone, spec.model.image_size) == ("ssd", "resnet50", (512, 512))
    assert (spec.optimization.optimizer_type, spec.optimization.drop_epochs) == ("momentum", (10, 20))
    assert read(early_stopping="True", use_pretrained_model="0", kv_store="dist_sync").spec.evaluation.early_stopping
    assert not read(use_pretrained_model="0").spec.model.use_pretrained_model
    assert not read().spec.optimization.warmup_steps


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("num_classes", "0", "--num_classes must be >= 1, got 0"),
        ("num_training_samples", "0", "--num_training_samples must be >= 1, got 0"),
        ("base_network", "vgg-19", "--base_network must be one of vgg-16, resnet-50, got 'vgg-19'"),
        ("image_shape", "299", "--image_shape must be a whole number of pixels >= 300, got '299'"),
        ("image_shape", "300,300", "--image_shape must be a whole number of pixels >= 300"),
        ("learning_rate", "1.5", "--learning_rate must be > 0 and <= 1, got 1.5"),
        ("learning_rate", "0", "--learning_rate: Input should be greater than 0"),
        ("lr_scheduler_factor", "1", "--lr_scheduler_factor: Input should be less than 1"),
        ("lr_scheduler_step", "20,10", "--lr_scheduler_step: must be epochs from 1 on that increase"),
        ("lr_scheduler_step", "10,10", "--lr_scheduler_step: must be epochs from 1 on that increase"),
        ("lr_scheduler_step", "0,10", "--lr_scheduler_step: must be epochs from 1 on that increase"),
        ("weight_decay", "1", "--weight_decay must be < 1, got 1"),
        ("optimizer", "adagrad", "--optimizer must be one of sgd, adam, rmsprop, adadelta, got 'adagrad'"),
        ("epochs", "0", "--epochs must be >= 1, got 0"),
        ("early_stopping_patience", "0", "--early_stopping_patience must be >= 1, got 0"),
        ("overlap_threshold", "0", "--overlap_threshold: Input should be greater than 0"),
        ("use_pretrained_model", "2", "--use_pretrained_model must be one of 1, 0, got '2'"),
        ("kv_store", "local", "--kv_store: Input should be"),
        ("freeze_layer_pattern", "(conv1_", "--freeze_layer_pattern: must be a regular expression"),
    ],
)
def test_values_out_of_range(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(**{name: value})


def test_both_ends_of_the_published_tuning_ranges_are_accepted() -> None:
    ranges = {one.name: one.tuning for one in SSD.arguments if one.tuning}
    assert ranges == {
        "learning_rate": (1e-6, 0.5),
        "mini_batch_size": (8, 64),
        "momentum": (0, 0.999),
        "optimizer": ("sgd", "adam", "rmsprop", "adadelta"),
        "weight_decay": (0, 0.999),
    }
    for name, values in ranges.items():
        for value in values:
            read(**{name: str(value)})


# Metric definitions of the service's training jobs.
@pytest.mark.parametrize(
    ("kind", "pattern", "value"),
    [
        ("evaluation", r"#quality_metric: host=\S+, epoch=\S+, validation mAP <score>=\((\S+)\)", 0.125),
        ("train", r"#quality_metric: host=\S+, epoch=\S+, batch=\S+ train cross_entropy <loss>=(\S+)", 1.5),
        ("train", r"#quality_metric: host=\S+, epoch=\S+, batch=\S+ train smooth_l1 <loss>=(\S+)", 0.75),
        ("train", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second", 20.0),
    ],
)
def test_metric_lines_are_in_the_published_form(kind: str, pattern: str, value: float) -> None:
    values = {"epoch": 2, "mAP": 0.125, "class_loss": 1.5, "box_loss": 0.75, "images_per_second": 20.0, "loss": 2.25}
    found = [re.search(pattern, line) for line in metric_lines(Event(kind=kind, step=7, values=values), SSD)]
    assert [float(one[1]) for one in found if one] == [value]


def test_map_is_the_metric_that_counts() -> None:
    assert SSD.metrics[0] == "mAP"
    assert read().spec.evaluation.best_metric == "mAP"
