"""Tests of reading published arguments into a spec."""

import pytest

from boxwright.algorithms import ALGORITHMS, parse

DETECTION = ALGORITHMS["image_object_detection"]
PATHS = {"training_data_path": "a", "validation_data_path": "b"}


def refusal(**texts: str) -> list[str]:
    with pytest.raises(ValueError) as refused:
        parse(DETECTION, texts)
    return str(refused.value).split("\n")


def test_values_land_in_their_fields() -> None:
    request = parse(DETECTION, {**PATHS, "max_steps": "70", "image_size": "320,448", "aug_rand_hflip": "False"})
    assert request.spec.data.training_data_path == "a"
    assert request.spec.optimization.max_steps == 70
    assert request.spec.model.image_size == (320, 448)
    assert request.spec.augmentation.aug_rand_hflip is False
    assert request.given == {
        "data.training_data_path",
        "data.validation_data_path",
        "optimization.max_steps",
        "model.image_size",
        "augmentation.aug_rand_hflip",
    }


@pytest.mark.parametrize("text", ["auto", " Auto "])
def test_auto_counts_as_not_given(text: str) -> None:
    assert parse(DETECTION, {**PATHS, "max_steps": text}) == parse(DETECTION, PATHS)
    assert "--training_data_path is required" in refusal(training_data_path=text, validation_data_path="b")


def test_all_mistakes_are_in_one_message_under_their_published_names() -> None:
    lines = refusal(
        training_data_path="a", max_steps="ten", train_batch_size="0", num_clases="3", momentum="0.9", resnet_depth="51"
    )
    assert sorted(lines) == sorted(
        [
            "--num_clases is not an argument of this algorithm; did you mean --num_classes?",
            "--momentum is not an argument of this algorithm",
            "--resnet_depth must be one of 18, 34, 50, 101, 152, 200, got '51'",
            "--train_batch_size: Input should be greater than or equal to 1, got '0'",
            "--max_steps: Input should be a valid integer, unable to parse string as an integer, got 'ten'",
        ]
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("image_size", "640", "--image_size: expected height,width such as '640,640', got '640'"),
        ("optimizer_arguments", "beta1", "--optimizer_arguments: expected name=value pairs such as 'momentum=0.9'"),
        ("image_size", "0,64", "--image_size: Input should be greater than 0, got '0'"),
        ("fpn_type", "pan", "--fpn_type: Input should be 'fpn', 'nasfpn' or 'bifpn', got 'pan'"),
        ("stepwise_learning_rate_steps", "5", "stepwise_learning_rate_levels must have the same length, got 1 and 2"),
    ],
)
def test_a_mistake_names_rule_and_value_once(name: str, text: str, said: str) -> None:
    (line,) = refusal(**PATHS, **{name: text})
    assert said in line
    assert line.count("got ") == 1


def test_two_names_for_one_thing_are_not_given_together() -> None:
    assert refusal(**PATHS, resnet_depth="50", backbone="resnet18") == [
        "--backbone and --resnet_depth say the same thing; give one of them"
    ]
    assert parse(DETECTION, {**PATHS, "resnet_depth": "34", "backbone": "auto"}).spec.model.backbone == "resnet34"
