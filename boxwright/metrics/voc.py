"""Pascal VOC average precision: the 11-point form of VOC2007 and the all-point form of VOC2010 to 2012.

From the definitions in "The PASCAL Visual Object Classes (VOC) Challenge" (IJCV 2010, section 4.2) and the
development kits' documentation. Boxes are continuous here, so width is `x1 - x0`; the kits count whole pixels and add
one. Difficult (crowd) boxes neither count as objects nor make a prediction that finds them false.
"""

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns
from boxwright.metrics.matching import by_score, correct_and_ignored


def precision_recall(correct: NDArray[np.bool_], objects: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall after each prediction.

    Args:
        correct: bool (P,), from the highest score down, ignored predictions left out.
        objects: number of labelled boxes, at least 1.
    """
    hits = np.cumsum(correct, dtype=np.float64)
    return hits / np.arange(1, len(correct) + 1), hits / objects


def average_precision_07(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> float:
    """VOC2007: mean over recall 0, 0.1 .. 1 of the highest precision at that recall or beyond."""
    total = 0.0
    for tenth in range(11):
        total += float(np.max(precision[recall >= tenth / 10 - 1e-12], initial=0.0))
    return total / 11


def average_precision_12(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> float:
    """VOC2010-2012: area under precision over recall, with precision made to fall monotonically."""
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def voc_average_precisions(
    truth: Columns, predicted: Columns, num_classes: int, iou_threshold: float = 0.5
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average precision of every class.

    Returns:
        float64 (num_classes,) by VOC2007's and by VOC2012's rule; -1 for a class without (non-crowd) labelled boxes.
    """
    correct, ignored = correct_and_ignored(truth, predicted, iou_threshold)
    objects = np.bincount(truth.labels[~truth.crowd], minlength=num_classes)
    order = by_score(predicted)
    order = order[~ignored[order]]
    order = order[np.argsort(predicted.labels[order], kind="stable")]
    ends = np.cumsum(np.bincount(predicted.labels[order], minlength=num_classes))
    ap07, ap12 = np.full(num_classes, -1.0), np.full(num_classes, -1.0)
    for label in np.flatnonzero(objects):
        rows = order[ends[label - 1] if label else 0 : ends[label]]
        precision, recall = precision_recall(correct[rows], int(objects[label]))
        ap07[label] = average_precision_07(precision, recall)
        ap12[label] = average_precision_12(precision, recall)
    return ap07, ap12
