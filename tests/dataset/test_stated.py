"""Tests of what is stated of a data set beside its path."""

import pytest

from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.sets import Sets
from boxwright.dataset.stated import check_label_width, check_number
from boxwright.dataset.summary import summarise
from boxwright.spec.training import DataSpec

SIX, TWO = draw_shapes(6, (64, 96), 1), draw_shapes(2, (64, 96), 2)


def spec(**values: int) -> DataSpec:
    return DataSpec(training_data_path="pictures/train", **values)  # type: ignore[arg-type]  # of the fields named


def test_the_number_of_training_pictures() -> None:
    for number in (0, 6):
        check_number(spec(num_training_samples=number), Sets(SIX, TWO))
    with pytest.raises(ValueError, match=r"6 were found in pictures/train, got 5$"):
        check_number(spec(num_training_samples=5), Sets(SIX, TWO))
    with pytest.raises(ValueError, match=r"6 were found in pictures/train, got 8$"):
        check_number(spec(num_training_samples=8), Sets(SIX, TWO))


def test_a_part_for_validation_may_be_counted_in() -> None:
    for number in (6, 8):
        check_number(spec(num_training_samples=number), Sets(SIX, TWO, "a part"))
    with pytest.raises(ValueError, match="8 were found in pictures/train, 2 of them for validation, got 2"):
        check_number(spec(num_training_samples=2), Sets(SIX, TWO, "a part"))


def test_the_longest_label_of_both_sets_counts() -> None:
    sets = [summarise(one, 3)[0] for one in (SIX, TWO)]
    most = max(len(sample.boxes) for one in (SIX, TWO) for sample in one)
    for width in (0, 2 + 5 * most, 350):
        check_label_width(spec(label_width=width), sets)
    with pytest.raises(
        ValueError, match=f"label_width must be at least {2 + 5 * most}, got {1 + 5 * most}: .* has {most}"
    ):
        check_label_width(spec(label_width=1 + 5 * most), sets)
