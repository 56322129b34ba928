"""The scale on which each parameter is searched: what the user writes, and the number that a sampler moves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from boxwright.spec.study import Parameter

Value = float | int | str
Point = Mapping[str, Value]
"""A value for each parameter's name."""


@dataclass(frozen=True)
class Axis:
    """One searched parameter.

    A DOUBLE or INTEGER is searched as itself, on a logarithmic axis where its scale says so. On the reverse
    logarithmic scale `minValue + maxValue - x` is searched logarithmically, so that values near the top are spread
    out most; this is how Vizier, the service behind AI Platform's tuning, defines it (`pyvizier/converters/core.py`
    of google/vizier). A DISCRETE parameter is searched by the place of its value among the others: who writes
    16, 32, 64, 128 means equal steps, and the order is kept, which a category would lose. A CATEGORICAL is its text.

    Attributes:
        kind: "real" and "whole" numbers from low to high, or a "choice" of texts.
        log: whether equal ratios rather than equal differences matter equally.
    """

    parameter: Parameter
    kind: Literal["real", "whole", "choice"]
    low: float
    high: float
    log: bool = False

    @property
    def name(self) -> str:
        return self.parameter.parameter_name

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts of a choice, each once."""
        return tuple(dict.fromkeys(self.parameter.categorical_values))

    @property
    def size(self) -> float:
        """How many values there are; infinite for real numbers."""
        if self.kind == "real":
            return math.inf if self.low < self.high else 1
        return self.high - self.low + 1

    @property
    def _reversed(self) -> bool:
        return self.parameter.scale_type == "UNIT_REVERSE_LOG_SCALE" and self.parameter.type in ("DOUBLE", "INTEGER")

    def value(self, searched: Value) -> Value:
        """The parameter's value at a searched number."""
        if self.kind == "choice" or isinstance(searched, str):
            return searched
        if self.parameter.type == "DISCRETE":
            return self.parameter.discrete_values[int(searched)]
        if self._reversed:
            searched = min(max(self.low + self.high - searched, self.low), self.high)
        return round(searched) if self.kind == "whole" else float(searched)

    def searched(self, value: Value) -> Value:
        """The number that stands for a value: the opposite of `value`.

        Args:
            value: a number, or the text of one as it was given to the algorithm.

        Raises:
            ValueError: outside the range, or none of the values.
        """
        if self.kind == "choice":
            if str(value) not in self.choices:
                raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}, got {value!r}")
            return str(value)
        number = float(value)
        if self.parameter.type == "DISCRETE":
            if number not in self.parameter.discrete_values:
                raise ValueError(f"{self.name} must be one of its discreteValues, got {value}")
            return self.parameter.discrete_values.index(number)
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.name} must be from {self.low:g} to {self.high:g}, got {value}")
        if self._reversed:
            number = min(max(self.low + self.high - number, self.low), self.high)
        return round(number) if self.kind == "whole" else number

    def at(self, share: float) -> Value:
        """The searched number at a share (0 to 1) of the axis; whole numbers and texts have equal parts of it."""
        if self.kind == "choice":
            return self.choices[min(int(share * self.size), len(self.choices) - 1)]
        low, high = self._ends()
        if self.log:
            number = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            number = low + share * (high - low)
        number = min(max(number, self.low), self.high)
        return min(math.floor(number + 0.5), round(self.high)) if self.kind == "whole" else number

    def share(self, searched: Value) -> float:
        """Where a searched number lies on the axis, from 0 to 1."""
        if isinstance(searched, str):
            return self.choices.index(searched) / max(1, len(self.choices) - 1)
        if self.low == self.high:
            return 0.0
        if self.log:
            return math.log(searched / self.low) / math.log(self.high / self.low)
        return (searched - self.low) / (self.high - self.low)

    def _ends(self) -> tuple[float, float]:
        margin = 0.5 if self.kind == "whole" else 0.0
        return self.low - margin, self.high + margin


def axis(parameter: Parameter) -> Axis:
    """How a parameter is searched."""
    if parameter.type == "CATEGORICAL":
        return Axis(parameter, "choice", 0, len(set(parameter.categorical_values)) - 1)
    if parameter.type == "DISCRETE":
        return Axis(parameter, "whole", 0, len(parameter.discrete_values) - 1)
    assert parameter.min_value is not None and parameter.max_value is not None, "validated"
    log = parameter.scale_type in ("UNIT_LOG_SCALE", "UNIT_REVERSE_LOG_SCALE")
    kind: Literal["real", "whole"] = "whole" if parameter.type == "INTEGER" else "real"
    return Axis(parameter, kind, parameter.min_value, parameter.max_value, log)


def combinations(axes: Sequence[Axis]) -> float:
    """How many points there are; infinite with a real number among the axes."""
    return math.prod(one.size for one in axes)


def distance(axes: Sequence[Axis], one: Point, other: Point) -> float:
    """Squared distance of two searched points, each axis being 1 long; texts that differ are 1 apart."""
    total = 0.0
    for each in axes:
        if each.kind == "choice":
            total += one[each.name] != other[each.name]
        else:
            total += (each.share(one[each.name]) - each.share(other[each.name])) ** 2
    return total
