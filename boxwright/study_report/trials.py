"""What a report knows of a study's trials: their parameters and values, and which is the best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from boxwright.page import short
from boxwright.spec.study import Study


@dataclass(frozen=True)
class TrialRow:
    """One trial as the report shows it.

    Attributes:
        id: its name, such as "7".
        parameters: value of each parameter by name, as given to the algorithm; names may be missing.
        state: a job's state, such as SUCCEEDED, FAILED or CANCELLED.
        value: of the study's metric, the best that the trial reached; None where it has none.
        step: training step of that value.
        history: (training step, value) of each evaluation, in the order of steps.
        stopped_early: ended before its time because it fell behind.
        seconds: how long it ran.
        error: why it failed; empty where it did not.
    """

    id: str
    parameters: dict[str, str]
    state: str
    value: float | None = None
    step: int = 0
    history: list[tuple[int, float]] = field(default_factory=list)
    stopped_early: bool = False
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, eq=False)
class Results:
    """The trials of a study, compared by its goal.

    Attributes:
        study: what was searched.
        trials: all of them, in the order in which they were started.
    """

    study: Study
    trials: Sequence[TrialRow]

    @property
    def metric(self) -> str:
        """Name of the number that counts."""
        return self.study.hyperparameter_metric_tag

    def value(self, trial: TrialRow) -> float | None:
        """A trial's value where it counts: the trial succeeded (early stop included) and its value is finite."""
        counts = trial.state == "SUCCEEDED" and trial.value is not None and math.isfinite(trial.value)
        return trial.value if counts else None

    @cached_property
    def ranked(self) -> list[tuple[TrialRow, float]]:
        """(trial, value) of the trials whose value counts, the best first; of equal ones the earlier."""
        sign = -1.0 if self.study.goal == "MAXIMIZE" else 1.0
        pairs = [(trial, value) for trial in self.trials if (value := self.value(trial)) is not None]
        return sorted(pairs, key=lambda pair: sign * pair[1])

    @property
    def best(self) -> TrialRow | None:
        """The trial with the best value; None when no trial has one."""
        return self.ranked[0][0] if self.ranked else None

    @cached_property
    def strength(self) -> dict[str, float]:
        """Rank by trial id as a share: 1 is the best, towards 0 the worse; 1 for all with the best value."""
        first: dict[float, int] = {}
        for place, (_, value) in enumerate(self.ranked):
            first.setdefault(value, place)
        return {trial.id: 1 - first[value] / len(self.ranked) for trial, value in self.ranked}

    @property
    def all_equal(self) -> bool:
        """Whether no two trials have values that differ."""
        return len({value for _, value in self.ranked}) < 2

    def best_so_far(self) -> list[tuple[int, float]]:
        """(1-based place of the trial, best value up to it), from the first trial that has a value."""
        better = max if self.study.goal == "MAXIMIZE" else min
        points: list[tuple[int, float]] = []
        for place, trial in enumerate(self.trials, 1):
            value = self.value(trial)
            if points or value is not None:
                known = [points[-1][1]] if points else []
                points.append((place, better(known + ([] if value is None else [value]))))
        return points

    def told(self, trial: TrialRow) -> str:
        """A trial in a sentence, as it is shown under the pointer."""
        value = self.value(trial)
        outcome = status(trial) if value is None else f"{self.metric} {short(value)}"
        settings = ", ".join(f"{name} {shown(text)}" for name, text in trial.parameters.items())
        early = ", stopped early" if trial.stopped_early and value is not None else ""
        return f"trial {trial.id}: {outcome}{early}; {settings or 'no parameters'}"


def status(trial: TrialRow) -> str:
    """A trial's state in plain words."""
    if trial.state == "SUCCEEDED":
        return "stopped early" if trial.stopped_early else "succeeded"
    return trial.state.lower().replace("_", " ") or "unknown"


def shown(text: str) -> str:
    """A parameter's value with at most 5 digits where it is a number with more."""
    number = number_of(text)
    return text if number is None or len(text) <= 7 else f"{number:.5g}"


def number_of(text: str | float) -> float | None:
    """The finite number that a text stands for, if any."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
