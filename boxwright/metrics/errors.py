"""Why predictions are wrong and boxes not found: one kind of error each, and what each kind costs.

After Bolya, Foley, Hays and Hoffman 2020, "TIDE: A General Toolbox for Identifying Object Detection Errors" (ECCV,
arXiv 2008.08115): its two thresholds, its kinds, the order in which its own program tries them, and its way of costing
a kind, which is to mend all errors of that kind alone and to measure again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns
from boxwright.metrics.curves import average_precision_101
from boxwright.metrics.matching import by_score, paired_iou
from boxwright.metrics.pairs import Pairs, matched, nearest, overlapping_pairs
from boxwright.metrics.voc import precision_recall

FOUND_IOU = 0.5
"""Overlap from which a box counts as found."""

BACKGROUND_IOU = 0.1
"""Overlap below which a prediction has nothing to do with a labelled box."""


class Kind(IntEnum):
    """What became of a box. Overlaps are intersection over union; a box is labelled, a prediction predicted.

    A prediction is tried against the kinds in this order, and the first that fits is its own:

    - CORRECT: it is the best-scored prediction of a box of its class that it overlaps by at least `FOUND_IOU`.
    - IGNORED: at least `FOUND_IOU` of it lies in a crowd box of its class; neither right nor wrong.
    - BADLY_PLACED: it overlaps a box of its class by at least `BACKGROUND_IOU`, and none by `FOUND_IOU`.
    - WRONG_CLASS: it overlaps a box of another class by at least `FOUND_IOU`.
    - DUPLICATE: it overlaps a box of its class by at least `FOUND_IOU`, which a better-scored prediction has found.
    - BOTH: it overlaps a box of another class by at least `BACKGROUND_IOU`: wrong class and badly placed.
    - BACKGROUND: it overlaps no box by `BACKGROUND_IOU`.

    A labelled box is CORRECT when it was found and IGNORED when it is a crowd; otherwise BADLY_PLACED or WRONG_CLASS
    when a prediction of that kind belongs to it, and else MISSED.
    """

    CORRECT = 0
    IGNORED = 1
    BADLY_PLACED = 2
    WRONG_CLASS = 3
    DUPLICATE = 4
    BOTH = 5
    BACKGROUND = 6
    MISSED = 7


ERRORS = (Kind.MISSED, Kind.WRONG_CLASS, Kind.BADLY_PLACED, Kind.BOTH, Kind.DUPLICATE, Kind.BACKGROUND)
"""Kinds that are errors. A labelled box that was not found is counted by its prediction, unless it was MISSED."""

Kinds = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Judged:
    """What became of every box.

    Attributes:
        predicted: int8 (P,), the `Kind` of each prediction.
        partner: int64 (P,), row of the labelled box that makes a prediction of its kind; -1 for BACKGROUND, IGNORED.
        overlap: float64 (P,), with the partner; 0 without one.
        labelled: int8 (N,), the `Kind` of each labelled box.
        met: int64 (P,), row of the labelled box that each prediction meets in the confusion matrix, -1 for none.
    """

    predicted: Kinds
    partner: NDArray[np.int64]
    overlap: NDArray[np.float64]
    labelled: Kinds
    met: NDArray[np.int64]


def judge(truth: Columns, predicted: Columns) -> Judged:
    """Give every prediction and every labelled box its one kind.

    Scores decide only who comes first: leave out predictions below a threshold beforehand.
    """
    pairs = overlapping_pairs(truth, predicted, BACKGROUND_IOU)
    close, boxes = pairs.overlap >= FOUND_IOU, len(truth.labels)
    found = matched(pairs.at(close & pairs.same & ~pairs.crowd), predicted, boxes)
    ignored = np.zeros(len(found), np.bool_)
    ignored[pairs.predicted[close & pairs.same & pairs.crowd]] = True
    kinds, partner = _kinds(pairs, found, ignored & (found < 0))
    overlap = np.zeros(len(found))
    rows = np.flatnonzero(partner >= 0)
    overlap[rows] = paired_iou(predicted.boxes[rows], truth.boxes[partner[rows]])
    labelled = _labelled(truth, kinds, partner)
    return Judged(kinds, partner, overlap, labelled, _met(pairs, predicted, found, ignored, boxes))


def _kinds(pairs: Pairs, found: NDArray[np.int64], ignored: NDArray[np.bool_]) -> tuple[Kinds, NDArray[np.int64]]:
    """Kind and partner of each prediction: the first line that fits."""
    own, own_overlap = nearest(pairs.at(pairs.same & ~pairs.crowd), len(found))
    other, other_overlap = nearest(pairs.at(~pairs.same & ~pairs.crowd), len(found))
    none = np.full(len(found), -1, np.int64)
    tried = [
        (found >= 0, Kind.CORRECT, found),
        (ignored, Kind.IGNORED, none),
        ((own >= 0) & (own_overlap < FOUND_IOU), Kind.BADLY_PLACED, own),
        (other_overlap >= FOUND_IOU, Kind.WRONG_CLASS, other),
        (own >= 0, Kind.DUPLICATE, own),
        (other >= 0, Kind.BOTH, other),
    ]
    fits = [one[0] for one in tried]
    kinds = np.select(fits, [np.int8(one[1]) for one in tried], np.int8(Kind.BACKGROUND)).astype(np.int8)
    return kinds, np.select(fits, [one[2] for one in tried], none)


def _labelled(truth: Columns, kinds: Kinds, partner: NDArray[np.int64]) -> Kinds:
    """The kind of each labelled box; of two that fit the lower one counts, which is nearer to being found."""
    labelled = np.full(len(truth.labels), Kind.MISSED, np.int8)
    for kind in (Kind.WRONG_CLASS, Kind.BADLY_PLACED, Kind.CORRECT):
        labelled[partner[kinds == kind]] = kind
    labelled[truth.crowd] = Kind.IGNORED
    return labelled


def _met(
    pairs: Pairs, predicted: Columns, found: NDArray[np.int64], ignored: NDArray[np.bool_], boxes: int
) -> NDArray[np.int64]:
    """Those that found a box of their class meet it; of the others those of an overlap from `FOUND_IOU` on."""
    gone = np.zeros(boxes, np.bool_)
    gone[found[found >= 0]] = True
    free = (found < 0) & ~ignored
    left = (pairs.overlap >= FOUND_IOU) & ~pairs.crowd & free[pairs.predicted] & ~gone[pairs.truth]
    return np.where(found >= 0, found, matched(pairs.at(left), predicted, boxes))


def confusion(truth: Columns, predicted: Columns, judged: Judged, num_classes: int) -> NDArray[np.int64]:
    """How often boxes of each class were predicted to be of each class.

    Every labelled box that is no crowd and every prediction that is not IGNORED is counted once: together where they
    met, and otherwise against the background.

    Returns:
        int64 (num_classes + 1, num_classes + 1): labelled class by predicted class; the last row and the last column
        are the background.
    """
    table = np.zeros((num_classes + 1, num_classes + 1), np.int64)
    counted = judged.predicted != Kind.IGNORED
    together = np.flatnonzero(judged.met >= 0)
    rows = np.full(len(counted), num_classes, np.int64)
    rows[together] = truth.labels[judged.met[together]]
    np.add.at(table, (rows[counted], predicted.labels[counted]), 1)
    alone = truth.labels[np.setdiff1d(np.flatnonzero(~truth.crowd), judged.met[together])]
    table[:num_classes, num_classes] = np.bincount(alone, minlength=num_classes)
    return table


def costs(truth: Columns, predicted: Columns, judged: Judged, num_classes: int) -> Mapping[Kind, float]:
    """How much AP50 would rise if all errors of one kind were mended, and no others.

    A prediction that is badly placed or of the wrong class becomes correct where its box was not found and it is the
    best-scored one of both kinds there; other errors are taken away. Missed boxes are no longer looked for; a class of
    which nothing is left to find has an average precision of 1.

    Args:
        predicted, judged: of all scores, as AP50 is.
    """
    correct, kept = judged.predicted == Kind.CORRECT, judged.predicted != Kind.IGNORED
    objects = np.bincount(truth.labels[~truth.crowd], minlength=num_classes)
    before = _mean_precision(predicted.scores, predicted.labels, correct, kept, (objects, objects))
    mendable, found = _mendable(truth, predicted, judged), {}
    for kind in ERRORS:
        wrong = judged.predicted == kind
        mended = np.flatnonzero(wrong & mendable)
        now, right, stay = predicted.labels.copy(), correct.copy(), kept & ~wrong
        now[mended], right[mended], stay[mended] = truth.labels[judged.partner[mended]], True, True
        missed = truth.labels[judged.labelled == Kind.MISSED] if kind is Kind.MISSED else truth.labels[:0]
        left = objects - np.bincount(missed, minlength=num_classes)
        found[kind] = _mean_precision(predicted.scores, now, right, stay, (objects, left)) - before
    return found


def _mendable(truth: Columns, predicted: Columns, judged: Judged) -> NDArray[np.bool_]:
    """Of each box that was not found, the best-scored prediction that is badly placed or of the wrong class."""
    order = by_score(predicted)
    order = order[np.isin(judged.predicted[order], (Kind.BADLY_PLACED, Kind.WRONG_CLASS))]
    found = np.zeros(len(truth.labels), np.bool_)
    found[judged.partner[judged.predicted == Kind.CORRECT]] = True
    order = order[~found[judged.partner[order]]]
    mendable = np.zeros(len(predicted.labels), np.bool_)
    mendable[order[np.unique(judged.partner[order], return_index=True)[1]]] = True
    return mendable


def _mean_precision(
    scores: NDArray[np.float64],
    labels: NDArray[np.int64],
    correct: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    objects: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> float:
    """Mean of the classes' COCO AP50.

    Args:
        objects: of each class the labelled boxes, and those that are looked for.
    """
    order = np.argsort(-scores, kind="stable")
    order = order[kept[order]]
    order = order[np.argsort(labels[order], kind="stable")]
    named, left = objects
    hits = np.split(correct[order], np.cumsum(np.bincount(labels[order], minlength=len(named)))[:-1])
    found = []
    for label in np.flatnonzero(named):
        precision, recall = precision_recall(hits[label], max(1, int(left[label])))
        found.append(average_precision_101(precision, recall) if left[label] else 1.0)
    return float(np.mean(found)) if found else 0.0
