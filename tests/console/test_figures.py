"""Tests of numbers, sizes, lengths and times as people read them."""

from zoneinfo import ZoneInfo

import pytest

from boxwright.console.figures import clock, duration, number, percent, size, zone_of

THIN = "\u202f"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0042, "4_ms"),
        (1.26, "1.3_s"),
        (9.96, "10_s"),
        (59.4, "59_s"),
        (59.7, "1_min"),
        (61, "1_min 1_s"),
        (3599.9, "1_h"),
        (3660, "1_h 1_min"),
        (11 * 3600 + 59, "11_h"),
        (86400, "1_d"),
        (90000, "1_d 1_h"),
    ],
)
def test_lengths_of_time(seconds: float | None, told: str) -> None:
    assert duration(seconds) == told.replace("_", THIN)


@pytest.mark.parametrize(
    ("count", "told"),
    [(None, "–"), (0, "0_B"), (999, "999_B"), (1000, "1.0_kB"), (99_400, "99.4_kB"), (99_600, "100_kB")],
)
def test_sizes(count: float | None, told: str) -> None:
    assert size(count) == told.replace("_", THIN)


@pytest.mark.parametrize(
    ("count", "told"), [(999_600, "1.0_MB"), (17_000_000, "17.0_MB"), (2.5e9, "2.5_GB"), (4e15, "4000_TB")]
)
def test_larger_sizes(count: float, told: str) -> None:
    assert size(count) == told.replace("_", THIN)


def test_numbers() -> None:
    assert number(1234567) == "1,234,567"
    assert number(0.41666, 3) == "0.417"
    assert number(2310.25, 1, "es") == f"2{THIN}310.2" and number(2310, 0, "ja") == "2,310"
    assert number(None) == number(float("inf")) == "–"
    assert percent(0.126, 1) == f"12.6{THIN}%"
    assert percent(None) == "–"


def test_times_are_those_of_the_viewers_zone() -> None:
    at = "2026-11-22T15:35:15.250Z"
    assert clock(at, ZoneInfo("UTC"), "en") == "22 Nov 2026 15:35"
    assert clock(at, ZoneInfo("Asia/Tokyo"), "ja") == "2026年11月23日 00:35"
    assert clock(at, ZoneInfo("America/Bogota"), "es", seconds=True) == "22 nov 2026 10:35:15"
    assert clock("", ZoneInfo("UTC"), "en") == "–"


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "Europe", "\0", "a" * 5000])
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"
