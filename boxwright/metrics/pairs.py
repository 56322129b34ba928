"""All overlapping pairs of a predicted and a labelled box, and who finds whom among them by COCO's rule."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns
from boxwright.metrics.matching import PAIRS_AT_ONCE, by_score, expanded, paired_iou


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of boxes of one picture, of any classes.

    Attributes:
        predicted, truth: int64 (N,), rows of the two boxes.
        overlap: float64 (N,), intersection over union; with a crowd box the share of the prediction that lies in it.
        same: bool (N,), whether both are of one class.
        crowd: bool (N,), whether the labelled box is a crowd.
    """

    predicted: NDArray[np.int64]
    truth: NDArray[np.int64]
    overlap: NDArray[np.float64]
    same: NDArray[np.bool_]
    crowd: NDArray[np.bool_]

    def at(self, chosen: NDArray[np.bool_]) -> Self:
        """The chosen pairs only."""
        same, crowd = self.same[chosen], self.crowd[chosen]
        return type(self)(self.predicted[chosen], self.truth[chosen], self.overlap[chosen], same, crowd)


def overlapping_pairs(truth: Columns, predicted: Columns, least: float) -> Pairs:
    """Every pair of a picture that overlaps by at least `least`, which must be above 0."""
    start = np.searchsorted(truth.picture, predicted.picture, side="left")
    count = np.searchsorted(truth.picture, predicted.picture, side="right") - start
    block = np.cumsum(count) // PAIRS_AT_ONCE
    found = [_pairs_of(truth, predicted, np.flatnonzero(block == one), start, count) for one in np.unique(block)]
    rows = np.concatenate([np.zeros(0, np.int64), *(one[0] for one in found)])
    labelled = np.concatenate([np.zeros(0, np.int64), *(one[1] for one in found)])
    overlap = _overlaps(truth, predicted, rows, labelled)
    same = predicted.labels[rows] == truth.labels[labelled]
    return (pairs := Pairs(rows, labelled, overlap, same, truth.crowd[labelled])).at(pairs.overlap >= least)


def _pairs_of(
    truth: Columns, predicted: Columns, rows: NDArray[np.int64], start: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of some predictions whose boxes touch."""
    owner, labelled = expanded(start[rows], count[rows])
    a, b = predicted.boxes[rows[owner]], truth.boxes[labelled]
    touching = (np.minimum(a[:, 2:], b[:, 2:]) > np.maximum(a[:, :2], b[:, :2])).all(axis=1)
    return rows[owner[touching]], labelled[touching]


def _overlaps(
    truth: Columns, predicted: Columns, rows: NDArray[np.int64], labelled: NDArray[np.int64]
) -> NDArray[np.float64]:
    a, b = predicted.boxes[rows], truth.boxes[labelled]
    size = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    area = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    share = np.divide(size[:, 0] * size[:, 1], area, out=np.zeros(len(area)), where=area > 0)
    return np.where(truth.crowd[labelled], share, paired_iou(a, b))


def matched(pairs: Pairs, predicted: Columns, labelled: int) -> NDArray[np.int64]:
    """Give each prediction a labelled box of its own, from the highest score down: the free one that it overlaps most.

    With the pairs of one class and from an IoU on, this is COCO's matching.

    Args:
        pairs: those that may come together.
        predicted: all predictions.
        labelled: number of all labelled boxes.

    Returns:
        int64 (P,), row of the labelled box, -1 for none.
    """
    rank = np.empty(len(predicted.scores), np.int64)
    rank[by_score(predicted)] = np.arange(len(rank))
    order = np.lexsort((pairs.truth, -pairs.overlap, rank[pairs.predicted]))
    given, gone = [-1] * len(rank), [False] * labelled
    for row, box in zip(pairs.predicted[order].tolist(), pairs.truth[order].tolist(), strict=True):
        if given[row] < 0 and not gone[box]:
            given[row], gone[box] = box, True
    return np.array(given, np.int64)


def nearest(pairs: Pairs, predictions: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of `predictions` the labelled box (int64, -1 for none) that it overlaps most, and how much (float64)."""
    order = np.lexsort((-pairs.truth, pairs.overlap, pairs.predicted))
    rows = pairs.predicted[order]
    last = np.append(rows[1:] != rows[:-1], True)[: len(rows)]
    truth, overlap = np.full(predictions, -1, np.int64), np.zeros(predictions)
    truth[rows[last]], overlap[rows[last]] = pairs.truth[order][last], pairs.overlap[order][last]
    return truth, overlap
