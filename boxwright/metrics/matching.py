"""Which predicted box finds which labelled box: the best overlap within a picture and class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns

PAIRS_AT_ONCE = 1_000_000
"""Box pairs compared at a time, which bounds memory (about 150 bytes a pair)."""

Verdict = Literal["correct", "false", "ignored"]


@dataclass(frozen=True, eq=False)
class BestOverlap:
    """For each predicted box the labelled box of its picture and class that it overlaps most.

    Attributes:
        truth: int64 (P,), row of the labelled box (the first of equals), -1 where the picture has none of the class.
        iou: float64 (P,), intersection over union with it, 0 where there is none.
    """

    truth: NDArray[np.int64]
    iou: NDArray[np.float64]


def paired_iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of xyxy boxes, row by row: (N, 4) and (N, 4) to (N,); 0 for boxes without area."""
    width = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    height = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float64)


def best_overlaps(truth: Columns, predicted: Columns) -> BestOverlap:
    """Find the most overlapping labelled box (crowd boxes too) of every predicted box, without a loop over pictures."""
    classes = 1 + max(truth.labels.max(initial=0), predicted.labels.max(initial=0))
    truth_key = truth.picture * classes + truth.labels
    rows = np.argsort(truth_key, kind="stable")
    key = predicted.picture * classes + predicted.labels
    start = np.searchsorted(truth_key[rows], key, side="left")
    count = np.searchsorted(truth_key[rows], key, side="right") - start
    best = BestOverlap(np.full(len(key), -1, np.int64), np.zeros(len(key)))
    paired = np.flatnonzero(count)
    block = np.cumsum(count[paired]) // PAIRS_AT_ONCE
    for one in np.unique(block):
        chosen = paired[block == one]
        at, iou = _best_of(truth.boxes[rows], predicted.boxes[chosen], start[chosen], count[chosen])
        best.truth[chosen], best.iou[chosen] = rows[at], iou
    return best


def _best_of(
    truth: NDArray[np.float64], boxes: NDArray[np.float64], start: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    owner, candidate = expanded(start, count)
    iou = paired_iou(boxes[owner], truth[candidate])
    most = np.maximum.reduceat(iou, np.cumsum(count) - count)
    hits = np.flatnonzero(iou == most[owner])
    _, chosen = np.unique(owner[hits], return_index=True)
    return candidate[hits[chosen]], most


def expanded(start: NDArray[np.int64], count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair of a row and a number of its range, row after row.

    Args:
        start, count: int64 (N,); row `i` has the range `start[i]` .. `start[i] + count[i] - 1`.

    Returns:
        the rows and the numbers, both int64 (sum of `count`,).
    """
    owner = np.repeat(np.arange(len(count), dtype=np.int64), count)
    return owner, np.arange(len(owner), dtype=np.int64) - (np.cumsum(count) - count)[owner] + start[owner]


def by_score(predicted: Columns) -> NDArray[np.int64]:
    """Rows from the highest score down; equal scores keep their order."""
    return np.argsort(-predicted.scores, kind="stable")


def correct_and_ignored(
    truth: Columns, predicted: Columns, iou_threshold: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Judge every prediction by Pascal VOC's rule.

    In order of falling score, a prediction whose most overlapping labelled box of its picture and class reaches
    `iou_threshold` is correct when that box was not found before, and false when it was. It is ignored when that box
    is a crowd. All else is false.

    Returns:
        bool (P,) and bool (P,) in the order of `predicted`: correct, ignored.
    """
    best = best_overlaps(truth, predicted)
    reached = (best.truth >= 0) & (best.iou >= iou_threshold)
    ignored = np.zeros(len(reached), np.bool_)
    ignored[reached] = truth.crowd[best.truth[reached]]
    order = by_score(predicted)
    order = order[reached[order] & ~ignored[order]]
    _, first = np.unique(best.truth[order], return_index=True)
    correct = np.zeros(len(reached), np.bool_)
    correct[order[first]] = True
    return correct, ignored


@dataclass(frozen=True)
class PictureVerdict:
    """What became of one picture's boxes at one score and IoU threshold.

    Attributes:
        predicted: a verdict a predicted box; boxes below the score threshold are "ignored".
        found: whether each labelled box was found; crowd boxes count as found.
    """

    predicted: tuple[Verdict, ...]
    found: tuple[bool, ...]

    @property
    def false(self) -> int:
        """Number of false predictions."""
        return self.predicted.count("false")

    @property
    def missed(self) -> int:
        """Number of labelled boxes that were not found."""
        return self.found.count(False)


def judge_pictures(
    truth: Sequence[GroundTruth],
    predictions: Sequence[Predictions],
    *,
    score_threshold: float,
    iou_threshold: float = 0.5,
) -> tuple[PictureVerdict, ...]:
    """Say of each box of each picture whether it is correct, false or missed, by the rule of `correct_and_ignored`."""
    labelled, predicted = paired_columns(truth, predictions)
    shown = np.flatnonzero(predicted.scores >= score_threshold)
    correct, ignored = correct_and_ignored(labelled, predicted.at(shown), iou_threshold)
    names = np.full(len(predicted.scores), "ignored")
    names[shown[~ignored]] = "false"
    names[shown[correct]] = "correct"
    found = labelled.crowd.copy()
    found[best_overlaps(labelled, predicted.at(shown[correct])).truth] = True
    names_of = np.split(names, np.cumsum([len(one.scores) for one in predictions])[:-1])
    found_of = np.split(found, np.cumsum([len(one.labels) for one in truth])[:-1])
    return tuple(PictureVerdict(tuple(n.tolist()), tuple(f.tolist())) for n, f in zip(names_of, found_of, strict=True))


def best_score(truth: Sequence[GroundTruth], predictions: Sequence[Predictions], iou_threshold: float = 0.5) -> float:
    """The score threshold with the highest F1, over all pictures and classes; 0.5 where nothing is correct.

    F1 is `2 * correct / (predicted + labelled)`, counting predictions that score at least the threshold.
    """
    labelled, predicted = paired_columns(truth, predictions)
    correct, ignored = correct_and_ignored(labelled, predicted, iou_threshold)
    order = by_score(predicted)
    order = order[~ignored[order]]
    return best_f1(predicted.scores[order], correct[order], int(np.count_nonzero(~labelled.crowd)))


def best_f1(scores: NDArray[np.float64], correct: NDArray[np.bool_], objects: int) -> float:
    """The score threshold with the highest F1, the highest of equals; 0.5 where nothing is correct.

    Args:
        scores, correct: (P,), from the highest score down, ignored predictions left out.
        objects: number of labelled boxes.
    """
    if not correct.any():
        return 0.5
    f1 = 2 * np.cumsum(correct) / (np.arange(1, len(correct) + 1) + objects)
    last_of_equals = np.append(scores[1:] < scores[:-1], True)
    return float(scores[np.argmax(np.where(last_of_equals, f1, -1.0))])


def paired_columns(truth: Sequence[GroundTruth], predictions: Sequence[Predictions]) -> tuple[Columns, Columns]:
    """Both sides of the same pictures, with as many classes as the labels need.

    Raises:
        ValueError: different numbers of pictures, or faulty values (see `boxes.py`).
    """
    if len(truth) != len(predictions):
        raise ValueError(f"labels are of {len(truth)} pictures and predictions of {len(predictions)}; give both of all")
    labels = [one.labels for one in truth] + [one.labels for one in predictions]
    classes = 1 + max((int(np.max(one, initial=0)) for one in labels), default=0)
    return truth_columns(truth, classes), prediction_columns(predictions, classes)
