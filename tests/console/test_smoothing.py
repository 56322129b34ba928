"""The moving average, against values computed by hand."""

import pytest

from boxwright.console.smoothing import smoothed


def test_by_hand() -> None:
    # After two values the weights are 0.25 and 0.5 of 0.75; after three 0.125, 0.25 and 0.5 of 0.875.
    assert smoothed([1.0, 3.0, 5.0], 0.5) == pytest.approx([1.0, 1.75 / 0.75, (0.125 + 0.75 + 2.5) / 0.875])


def test_a_constant_stays_itself_and_no_weight_changes_nothing() -> None:
    assert smoothed([2.0] * 5, 0.99) == pytest.approx([2.0] * 5)
    assert smoothed([1.0, 7.0, 2.0], 0.0) == [1.0, 7.0, 2.0]
    assert smoothed([], 0.5) == []
