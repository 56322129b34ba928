"""The median rule: which trial is so far behind the others that it may end."""

import statistics
from collections.abc import Mapping, Sequence

History = Mapping[int, float]
"""Training step to the value measured there, in the order of the steps."""

ENOUGH_TRIALS = 3
"""Finished trials from which on others are compared with them."""

ENOUGH_EVALUATIONS = 2
"""Of a trial before it is compared: a small learning rate begins slowly and may end well."""


def falls_behind(running: History, finished: Sequence[History], maximize: bool) -> bool:
    """Whether a running trial should end: Vizier's median rule.

    Its best value so far is strictly worse than the median, over the finished trials, of their running averages up
    to the trial's last step. See `StudySpec.MedianAutomatedStoppingSpec` of Google's AI Platform API.

    Args:
        finished: of trials that have ended, those stopped early among them.
        maximize: whether large values are good.
    """
    if len(running) < ENOUGH_EVALUATIONS:
        return False
    last = max(running)
    averages = [statistics.fmean(values) for values in (_until(one, last) for one in finished) if values]
    if len(averages) < ENOUGH_TRIALS:
        return False
    median = statistics.median(averages)
    return max(running.values()) < median if maximize else min(running.values()) > median


def _until(history: History, last: int) -> list[float]:
    return [value for step, value in history.items() if step <= last]
