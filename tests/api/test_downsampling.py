"""Which points of a long series are drawn; the expected ones are found by hand."""

import numpy as np
import pytest

from boxwright.api.downsampling import peaks_kept


def test_short_series_are_left_alone() -> None:
    assert peaks_kept(np.array([3.0, 1.0, 2.0]), 4).tolist() == [0, 1, 2]
    assert peaks_kept(np.array([]), 4).tolist() == []


def test_each_bucket_keeps_its_extremes() -> None:
    # Ends 0 and 9; of six points two buckets: places 1 to 4 (5 1 2 9) and 5 to 8 (4 4 3 8).
    values = np.array([0.0, 5, 1, 2, 9, 4, 4, 3, 8, 7])
    assert peaks_kept(values, 6).tolist() == [0, 2, 4, 7, 8, 9]


def test_one_bucket() -> None:
    assert peaks_kept(np.array([5.0, 4, 3, 9, 8, 6]), 4).tolist() == [0, 2, 3, 5]


def test_buckets_of_unequal_width() -> None:
    # Places 1 to 7 in three buckets begin at 1, 3 and 5 (1 + 7/3 and 1 + 14/3, cut): 1 2, 3 4 and 5 6 7.
    values = np.array([9.0, 1, 2, 6, 5, 3, 4, 0, 9])
    assert peaks_kept(values, 8).tolist() == [0, 1, 2, 3, 4, 6, 7, 8]


@pytest.mark.parametrize("count", [1001, 1999, 54_321, 100_000])
def test_no_peak_is_lost_and_no_more_points_are_given(count: int) -> None:
    rng = np.random.default_rng(count)
    values = rng.normal(size=count)
    peak, valley = rng.integers(1, count - 1, 2)
    values[peak], values[valley] = 100.0, -100.0
    chosen = peaks_kept(values, 1000)
    assert peak in chosen and valley in chosen
    assert chosen[0] == 0 and chosen[-1] == count - 1
    assert len(chosen) <= 1000 and (np.diff(chosen) > 0).all()


def test_a_spike_that_is_one_point_wide_survives_everywhere() -> None:
    for place in range(0, 5000, 7):
        values = np.zeros(5000)
        values[place] = 1.0
        assert place in peaks_kept(values, 50)
