"""The median rule by hand."""

import pytest

from boxwright.tune.stopping import falls_behind

FINISHED = [{10: 0.2, 20: 0.4, 30: 0.9}, {10: 0.1, 20: 0.2}, {10: 0.6, 20: 0.6}, {15: 0.5}]
"""Running averages at step 10: 0.2, 0.1, 0.6; at 20: 0.3, 0.15, 0.6, 0.5, of which the median is 0.4."""


@pytest.mark.parametrize(
    ("running", "behind"),
    [
        ({10: 0.1}, False),  # the first evaluation may be slow
        ({5: 0.1, 10: 0.19}, True),  # the median of 0.2, 0.1 and 0.6 is 0.2
        ({5: 0.1, 10: 0.2}, False),  # strictly worse
        ({10: 0.39, 20: 0.1}, True),
        ({10: 0.41, 20: 0.1}, False),  # the best value counts, not the last
        ({4: 0.0, 5: 0.0}, False),  # the others had not been measured so early
        ({}, False),
    ],
)
def test_maximize_and_minimize(running: dict[int, float], behind: bool) -> None:
    assert falls_behind(running, FINISHED, maximize=True) is behind
    turned = [{step: -value for step, value in one.items()} for one in FINISHED]
    assert falls_behind({step: -value for step, value in running.items()}, turned, maximize=False) is behind


def test_a_few_trials_must_have_finished() -> None:
    assert not falls_behind({5: 0.0, 10: 0.0}, FINISHED[:2], maximize=True)
    assert falls_behind({5: 0.0, 10: 0.0}, FINISHED[:3], maximize=True)
