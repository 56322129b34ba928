"""Tests of reading arguments from the command line, and of their help."""

import pytest

from boxwright.algorithms import ALGORITHMS
from boxwright.arguments import as_text, describe, help_text, read_arguments

DETECTION = ALGORITHMS["image_object_detection"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("--max_steps=3", {"max_steps": "3"}),
        ("--max_steps 3", {"max_steps": "3"}),
        ("-- --max_steps=3 --seed 1", {"max_steps": "3", "seed": "1"}),
        ("--optimizer_arguments=momentum=0.9", {"optimizer_arguments": "momentum=0.9"}),
        ("--labels_file=", {"labels_file": ""}),
        ("", {}),
    ],
)
def test_both_spellings_are_read(line: str, found: dict[str, str]) -> None:
    assert read_arguments(line.split()) == found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max_steps=3", "expected --name=value, got 'max_steps=3'"),
        ("--max_steps", "--max_steps needs a value: --max_steps=value"),
        ("--aug_rand_hflip --seed=1", "--aug_rand_hflip needs a value"),
        ("--seed=1 --seed=2", "--seed is given twice, as '1' and '2'"),
    ],
)
def test_words_that_cannot_be_read(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_arguments(line.split())


def test_help_has_every_argument_with_default_unit_and_need() -> None:
    text = help_text(DETECTION)
    for argument in DETECTION.arguments:
        assert f"\n  --{argument.name}\n" in text
    described = dict(describe(argument, DETECTION) for argument in DETECTION.arguments)
    assert described["training_data_path"].endswith("Required.")
    assert described["train_batch_size"] == "Pictures a step. In images. Published default: 32."
    assert described["bbox_aspect_ratios"].endswith("Published default: 1.0,2.0,0.5.")
    assert described["optimizer_arguments"].endswith("Published default: none.")
    assert described["resnet_depth"].startswith("Depth of a ResNet backbone")
    assert max(len(line) for line in text.splitlines()) <= 120


def test_values_are_written_as_they_are_read() -> None:
    assert as_text((640, 480)) == "640,480"
    assert as_text({"beta1": 0.9, "beta2": 0.999}) == "beta1=0.9,beta2=0.999"
    assert as_text(False) == "False"
