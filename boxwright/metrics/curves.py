"""Precision over recall with the scores at which they are reached, and the score at which both are best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.matching import best_f1
from boxwright.metrics.voc import precision_recall


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision and recall of one class, or of all, from the highest score down.

    Attributes:
        scores, precision, recall: float64 (P,), after each prediction.
        threshold: the score of the highest F1; 0.5 where nothing is correct.
    """

    scores: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    threshold: float

    @classmethod
    def of(cls, scores: NDArray[np.float64], correct: NDArray[np.bool_], objects: int) -> "Curve":
        """The curve of predictions in any order, ignored ones left out.

        Args:
            scores, correct: (P,).
            objects: number of labelled boxes.
        """
        order = np.argsort(-scores, kind="stable")
        precision, recall = precision_recall(correct[order], max(1, objects))
        return cls(scores[order], precision, recall, best_f1(scores[order], correct[order], objects))

    def at(self, threshold: float) -> tuple[float, float]:
        """Precision and recall of the predictions that score at least `threshold`; zeros where there are none."""
        count = int(np.count_nonzero(self.scores >= threshold))
        return (float(self.precision[count - 1]), float(self.recall[count - 1])) if count else (0.0, 0.0)

    def thinned(self, most: int) -> "Curve":
        """At most `most` (2 or more) points, the first and the last among them, evenly spread over the recall."""
        if len(self.scores) <= most:
            return self
        wanted = np.linspace(self.recall[0], self.recall[-1], most)
        rows = np.unique(np.minimum(np.searchsorted(self.recall, wanted), len(self.recall) - 1))
        rows[-1] = len(self.recall) - 1
        return Curve(self.scores[rows], self.precision[rows], self.recall[rows], self.threshold)


def average_precision_101(precision: Sequence[float] | NDArray[np.float64], recall: NDArray[np.float64]) -> float:
    """COCO: mean over recall 0, 0.01 .. 1 of the highest precision at that recall or beyond."""
    envelope = np.append(np.maximum.accumulate(np.asarray(precision)[::-1])[::-1], 0.0)
    return float(envelope[np.searchsorted(recall, np.linspace(0, 1, 101), side="left")].mean())


def f1(precision: float, recall: float) -> float:
    """Harmonic mean of both; 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
