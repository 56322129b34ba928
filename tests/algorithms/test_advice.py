"""Tests of what a tuning job is advised to search, of every argument of every algorithm."""

import pytest

from boxwright.algorithms import ALGORITHMS, Algorithm, parse
from boxwright.algorithms.advice import advised
from boxwright.algorithms.argument import Argument
from boxwright.spec.study import Parameter

EVERY = [
    pytest.param(one, argument, id=f"{one.name}-{argument.name}")
    for one in ALGORITHMS.values()
    for argument in one.arguments
    if advised(argument, one)
]
DETECTION = ALGORITHMS["image_object_detection"]
SSD = ALGORITHMS["sagemaker_object_detection"]


def advice(algorithm: Algorithm, name: str) -> Parameter:
    found = advised(next(one for one in algorithm.arguments if one.name == name), algorithm)
    assert found
    return found


@pytest.mark.parametrize(("algorithm", "argument"), EVERY)
def test_both_ends_of_what_is_advised_are_taken(algorithm: Algorithm, argument: Argument) -> None:
    one = advised(argument, algorithm)
    assert one and one.size > 1
    ends = one.categorical_values or (one.text(one.min_value), one.text(one.max_value))
    given = dict.fromkeys(algorithm.required, "1")
    for end in ends:
        assert argument.path in parse(algorithm, {**given, argument.name: str(end)}).given


def test_the_publishers_advice_comes_first() -> None:
    rate = advice(DETECTION, "initial_learning_rate")
    assert (rate.type, rate.min_value, rate.max_value) == ("DOUBLE", 0.001, 0.1)
    assert rate.scale_type == "UNIT_LOG_SCALE"
    assert advice(SSD, "optimizer").categorical_values == ("sgd", "adam", "rmsprop", "adadelta")
    assert (advice(SSD, "mini_batch_size").min_value, advice(SSD, "mini_batch_size").max_value) == (8, 64)
    decay = advice(SSD, "weight_decay")  # from 0 on, which no logarithm has
    assert (decay.min_value, decay.scale_type) == (0, "UNIT_LINEAR_SCALE")


def test_otherwise_it_is_a_range_around_the_default_within_the_limits() -> None:
    weight = advice(DETECTION, "detection_loss_weight")  # 50, on a logarithmic scale
    assert (weight.min_value, weight.max_value, weight.scale_type) == (5, 500, "UNIT_LOG_SCALE")
    assert (advice(DETECTION, "head_convs").min_value, advice(DETECTION, "head_convs").max_value) == (2, 8)
    smallest = advice(DETECTION, "aug_scale_min")  # 1 is the most there is
    assert (smallest.min_value, smallest.max_value) == (0.5, 1)
    overlap = advice(DETECTION, "nms_iou_threshold")  # 0.5, below 1
    assert overlap.min_value == 0.25 and overlap.max_value == pytest.approx(1 - 0.01 * 0.75)
    colour = advice(DETECTION, "aug_color")  # the default says nothing
    assert (colour.min_value, colour.max_value) == (0, 1)


def test_words_that_would_be_refused_are_left_out() -> None:
    words = advice(DETECTION, "backbone").categorical_values
    assert "resnet50" in words and "vgg16" not in words
    assert advice(DETECTION, "aug_rand_hflip").categorical_values == ("True", "False")


@pytest.mark.parametrize(
    "name", ["training_data_path", "image_size", "bbox_aspect_ratios", "tile", "optimizer_arguments"]
)
def test_of_some_nothing_can_be_said(name: str) -> None:
    assert advised(next(one for one in DETECTION.arguments if one.name == name), DETECTION) is None
