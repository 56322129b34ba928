"""Tests of what arguments take."""

import pytest

from boxwright.algorithms import ALGORITHMS, Argument
from boxwright.algorithms.kinds import kind, limits, words


def argument(name: str, algorithm: str = "image_object_detection") -> Argument:
    return next(one for one in ALGORITHMS[algorithm].arguments if one.name == name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("training_data_path", "TEXT"),
        ("max_steps", "INTEGER"),
        ("huber_delta", "NUMBER"),
        ("aug_rand_hflip", "BOOLEAN"),
        ("fpn_type", "CHOICE"),
        ("resnet_depth", "CHOICE"),
        ("image_size", "SIZE"),
        ("stepwise_learning_rate_steps", "INTEGERS"),
        ("bbox_aspect_ratios", "NUMBERS"),
        ("optimizer_arguments", "OPTIONS"),
    ],
)
def test_kinds(name: str, expected: str) -> None:
    assert kind(argument(name)) == expected


def test_an_argument_may_take_something_else_than_its_field() -> None:
    shape = argument("image_shape", "sagemaker_object_detection")
    assert (kind(shape), shape.word((512, 512)), limits(shape)) == ("INTEGER", "512", {})


def test_words() -> None:
    assert words(argument("fpn_type")) == ("fpn", "nasfpn", "bifpn")
    assert words(argument("resnet_depth")) == ("18", "34", "50", "101", "152", "200")
    assert words(argument("aug_rand_hflip")) == ("True", "False")
    assert words(argument("max_steps")) == ()


def test_limits_are_the_published_ones_before_the_fields() -> None:
    assert limits(argument("fpn_channels")) == {"ge": 16, "le": 512}
    assert limits(argument("nms_score_threshold")) == {"ge": 0, "lt": 1}
    ssd = "sagemaker_object_detection"
    assert limits(argument("learning_rate", ssd)) == {"gt": 0, "le": 1}  # the field's is only > 0
    assert limits(argument("num_classes", ssd)) == {"ge": 1}  # the field's is >= 0
    assert limits(argument("momentum", ssd)) == {"ge": 0, "le": 1}  # of a field that may hold nothing
    assert limits(argument("training_data_path")) == {}
