"""Figures of the last minute, with a clock of the test's own."""

import pytest

from boxwright.endpoints.recent import SLOT, SLOTS, Recent

CELLS = ("local", "cells", "v1")


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_rates_of_the_last_minute(clock: Clock) -> None:
    recent = Recent(clock)
    clock.now += 300
    for status in (200, 200, 404, 500, 0, 200):
        recent.note(CELLS, status, 0.1)
    now = recent.now(CELLS)
    # The minute is that of whole slots: 55 s before the one that has just begun.
    assert now.requests_per_second == pytest.approx(6 / 55)
    assert now.errors_per_second == pytest.approx(2 / 55)
    assert now.refused_per_second == pytest.approx(1 / 55)
    clock.now += 61
    assert recent.now(CELLS).requests_per_second == 0
    assert recent.now(CELLS).p50 is None


def test_a_server_that_has_just_started_divides_by_the_time_since(clock: Clock) -> None:
    recent = Recent(clock)
    clock.now += 10
    recent.note(CELLS, 200, 0.1)
    assert recent.now(CELLS).requests_per_second == pytest.approx(0.1)


def test_quantiles_are_right_to_five_percent(clock: Clock) -> None:
    recent = Recent(clock)
    for number in range(1, 101):  # 1 ms .. 100 ms
        recent.note(CELLS, 200, number / 1000)
    now = recent.now(CELLS)
    assert now.p50 == pytest.approx(0.050, rel=0.06)
    assert now.p95 == pytest.approx(0.095, rel=0.06)


def test_versions_together(clock: Clock) -> None:
    recent, other = Recent(clock), ("local", "cells", "v2")
    recent.note(CELLS, 200, 0.001)
    recent.note(other, 200, 1.0)
    recent.note(other, 200, 1.0)
    clock.now += 1
    both = recent.now(CELLS, other)
    assert both.requests_per_second == pytest.approx(3.0)
    assert both.p50 == pytest.approx(1.0, rel=0.06)


def test_history_has_empty_slots_and_leaves_out_the_one_that_is_not_over(clock: Clock) -> None:
    recent = Recent(clock)
    recent.note(CELLS, 200, 0.1)
    clock.now += 2 * SLOT
    recent.note(CELLS, 200, 0.1)
    assert [(when, one.requests_per_second) for when, one in recent.history(CELLS)] == [(1000, 1 / SLOT), (1005, 0)]
    clock.now += 10_000
    assert recent.history(CELLS)[0][0] >= clock.now - (SLOTS + 1) * SLOT
    assert recent.history(("local", "cells", "v9")) == []


def test_versions_that_nobody_asks_are_forgotten(clock: Clock) -> None:
    recent = Recent(clock)
    recent.note(CELLS, 200, 0.1)
    clock.now += (SLOTS + 2) * SLOT
    recent.note(("local", "cells", "v2"), 200, 0.1)
    assert list(recent._slots) == [("local", "cells", "v2")]
