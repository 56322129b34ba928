"""Axes: where a value lies between the ends, on linear, logarithmic and named scales, and the marks on the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from boxwright.page import short, ticks
from boxwright.spec.study import Parameter, ScaleType
from boxwright.study_report.trials import Results, number_of

MOST_STEPS = 8
"""A DISCRETE parameter with at most so many values is shown with one place for each value."""

FENCE = 20
"""Values of the metric so many times as far from the best as usual are drawn at the edge."""

SCALES = {"UNIT_LOG_SCALE": "log scale", "UNIT_REVERSE_LOG_SCALE": "reverse log scale"}


@dataclass(frozen=True)
class Axis:
    """An axis; places on it run from 0 to 1.

    Attributes:
        title: name with unit and scale.
        low, high: numbers at its ends, low <= high; above 0 on the log scales.
        scale: of numbers.
        names: where not empty, the axis has one place for each of these texts instead of numbers.
        whole: only whole numbers are marked.
    """

    title: str
    low: float = 0.0
    high: float = 1.0
    scale: ScaleType = "NONE"
    names: tuple[str, ...] = ()
    whole: bool = False

    def place(self, value: str | float) -> float | None:
        """Where a value lies, 0 to 1; None when it is not on the axis."""
        number = number_of(value)
        if self.names:
            return self._named(str(value), number)
        if number is None or not self.low <= number <= self.high:
            return None
        if self.low == self.high:
            return 0.5
        if self.scale == "UNIT_LOG_SCALE":
            return math.log(number / self.low) / math.log(self.high / self.low)
        if self.scale == "UNIT_REVERSE_LOG_SCALE":
            return 1 - math.log((self.low + self.high - number) / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def edged(self, number: float) -> float:
        """Where a number lies on an axis of numbers, 0 to 1; at the edge when it is beyond."""
        return self.place(min(max(number, self.low), self.high)) or 0.0

    def _named(self, text: str, number: float | None) -> float | None:
        for index, name in enumerate(self.names):
            if name == text or (number is not None and number_of(name) == number):
                return (index + 0.5) / len(self.names)
        return None

    def marks(self, most: int = 6) -> list[tuple[float, str]]:
        """(place, text) of at most about `most` round values; of every name on a named axis."""
        if self.names:
            return [((index + 0.5) / len(self.names), name) for index, name in enumerate(self.names)]
        numbers = self._round_numbers(most)
        if self.whole:
            numbers = [number for number in numbers if abs(number - round(number)) < 1e-9] or [self.low]
        placed = [(self.place(min(max(number, self.low), self.high)), short(number)) for number in numbers]
        return [(place, text) for place, text in placed if place is not None]

    def _round_numbers(self, most: int) -> list[float]:
        if self.scale == "UNIT_LOG_SCALE" and self.high > 5 * self.low:
            return _log_ticks(self.low, self.high, most)
        return ticks(self.low, self.high, most)


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, every so many where there are too many; 1, 2 and 5 of each where there are too few."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, math.ceil(len(exponents) / (most + 1)))
    powers = [10.0**exponent for exponent in exponents if exponent % every == 0]
    fine = [power * factor for power in powers for factor in (1, 2, 5)]
    inside = [number for number in powers if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]
    return inside if len(inside) > 2 else [one for one in fine if low * (1 - 1e-9) <= one <= high * (1 + 1e-9)]


def number_axis(title: str, numbers: Sequence[float], *, whole: bool = False) -> Axis:
    """A linear axis around numbers, a little wider than they are; around 0.5 without any."""
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if whole:
        return Axis(title, low, high, whole=True)
    room = 0.05 * (high - low) or 0.1 * abs(high) or 1.0
    return Axis(title, low - room, high + room)


def value_axis(results: Results, values: Sequence[float]) -> Axis:
    """The axis of the metric; it leaves out values so bad that the others would not be told apart.

    Left out are those further from the best than FENCE times the distance of the third quartile (the best being the
    first), from 8 values on. The title says so.
    """
    ordered = sorted(values, reverse=results.study.goal == "MAXIMIZE")
    if len(ordered) >= 8:
        usual = abs(ordered[int(0.75 * (len(ordered) - 1))] - ordered[0])
        inside = [value for value in ordered if abs(value - ordered[0]) <= FENCE * usual]
        if usual and len(inside) < len(ordered):
            return number_axis(f"{results.metric} (worse: at the edge)", inside)
    return number_axis(results.metric, ordered)


def parameter_axis(parameter: Parameter, results: Results, unit: str = "") -> Axis:
    """The axis of a parameter over its searched range, widened by values outside, as an earlier study may have."""
    name = parameter.parameter_name
    texts = [one.parameters[name] for one in results.trials if name in one.parameters]
    title = titled(parameter, unit)
    if parameter.type == "CATEGORICAL":
        return Axis(title, names=tuple(dict.fromkeys((*parameter.categorical_values, *texts))))
    seen = [number for text in texts if (number := number_of(text)) is not None]
    if parameter.type == "DISCRETE":
        values = sorted({*parameter.discrete_values, *seen})
        if len(values) <= MOST_STEPS:
            return Axis(title, names=tuple(f"{value:g}" for value in values))
        return Axis(title, values[0], values[-1])
    assert parameter.min_value is not None and parameter.max_value is not None, "validated"
    low, high = min([parameter.min_value, *seen]), max([parameter.max_value, *seen])
    scale = parameter.scale_type if low > 0 else "NONE"
    return Axis(title, low, high, scale, whole=parameter.type == "INTEGER")


def titled(parameter: Parameter, unit: str = "") -> str:
    """A parameter's name with its unit and, where it is not linear, its scale."""
    told = ", ".join(part for part in (unit, SCALES.get(parameter.scale_type, "")) if part)
    return f"{parameter.parameter_name} ({told})" if told else parameter.parameter_name


def variation(parameter: Parameter, results: Results) -> set[str]:
    """The different values of a parameter among the trials whose value counts."""
    name = parameter.parameter_name
    return {trial.parameters[name] for trial, _ in results.ranked if name in trial.parameters}
