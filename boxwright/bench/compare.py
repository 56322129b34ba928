"""Two models on the same labelled pictures: where one is right and the other wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from boxwright.bench.found import Found
from boxwright.metrics.boxes import Columns
from boxwright.metrics.errors import ERRORS, Judged, Kind, judge

Show = Literal["ALL", "DIFFERENT", "FIRST_BETTER", "SECOND_BETTER", "BOTH_WRONG", "BOTH_RIGHT"]

KEPT = 16
"""Comparisons at a threshold that are kept in memory."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the models on all pictures, at a threshold.

    Attributes:
        found: everything, under the classes of both models.
        shown: predictions from the threshold on.
        judged: what became of them and of the labelled boxes.
        correct, wrong, missed: int64 (pictures,), predictions that are right, that are errors, and boxes not found.
    """

    found: Found
    shown: Columns
    judged: Judged
    correct: NDArray[np.int64]
    wrong: NDArray[np.int64]
    missed: NDArray[np.int64]

    @property
    def errors(self) -> NDArray[np.int64]:
        """Of each picture: predictions that are errors, and boxes that were missed."""
        return self.wrong + self.missed


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same pictures.

    Attributes:
        classes: names of the classes of both.
        sides: the first and the second.
        threshold: score from which predictions count.
    """

    classes: tuple[str, ...]
    sides: tuple[Side, Side]
    threshold: float

    def counts(self) -> Mapping[Show, int]:
        """How many pictures each choice shows."""
        return {show: int(np.count_nonzero(chosen)) for show, chosen in self._choices().items()}

    def pictures(self, show: Show) -> NDArray[np.int64]:
        """Pictures that a choice shows: those with the greatest difference first, and all in their own order."""
        chosen = np.flatnonzero(self._choices()[show])
        if show == "ALL":
            return chosen
        difference = np.abs(self.sides[0].errors - self.sides[1].errors)
        worst = np.maximum(self.sides[0].errors, self.sides[1].errors)
        return chosen[np.lexsort((chosen, -worst[chosen], -difference[chosen]))]

    def _choices(self) -> dict[Show, NDArray[np.bool_]]:
        first, second = (side.errors for side in self.sides)
        return {
            "ALL": np.ones(len(first), np.bool_),
            "DIFFERENT": first != second,
            "FIRST_BETTER": first < second,
            "SECOND_BETTER": first > second,
            "BOTH_WRONG": (first > 0) & (second > 0),
            "BOTH_RIGHT": (first == 0) & (second == 0),
        }


@lru_cache(maxsize=KEPT)
def compare(first: Found, second: Found, threshold: float) -> Comparison:
    """Judge what both models have found.

    Args:
        threshold: score from which predictions count.

    Raises:
        ValueError: they were measured on different pictures.
    """
    if first.sources != second.sources:
        raise ValueError(
            f"the models were measured on different pictures ({len(first)} and {len(second)}); evaluate both on the "
            "same data and split"
        )
    names = tuple(dict.fromkeys(one.name for found in (first, second) for one in found.classes))
    sides = (_side(first.relabelled(names), threshold), _side(second.relabelled(names), threshold))
    return Comparison(names, sides, threshold)


def _side(found: Found, threshold: float) -> Side:
    shown = found.predicted.at(np.flatnonzero(found.predicted.scores >= threshold))
    judged = judge(found.truth, shown)
    wrong = np.isin(judged.predicted, [kind for kind in ERRORS if kind is not Kind.MISSED])
    return Side(
        found=found,
        shown=shown,
        judged=judged,
        correct=_count(shown, judged.predicted == Kind.CORRECT, len(found)),
        wrong=_count(shown, wrong, len(found)),
        missed=_count(found.truth, judged.labelled == Kind.MISSED, len(found)),
    )


def _count(columns: Columns, chosen: NDArray[np.bool_], pictures: int) -> NDArray[np.int64]:
    return np.bincount(columns.picture[chosen], minlength=pictures).astype(np.int64)
