"""Detection metrics: COCO's twelve numbers, VOC average precision, and both by class. Arrays in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass

import hotcoco
import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.voc import voc_average_precisions

COCO_NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "ARmax1", "ARmax10", "ARmax100", "ARs", "ARm", "ARl")
"""Names of COCO's twelve numbers, in COCO's order."""

VOC_OVERLAP = 0.5
"""IoU from which Pascal VOC counts a box as found."""

RECALLS = tuple(step / 100 for step in range(101))
"""The recalls at which `ClassMetrics.precision` is given."""


@dataclass(frozen=True)
class ClassMetrics:
    """How well one class is found. Average precisions are -1 for a class without labelled boxes.

    Attributes:
        label: 0-based inner label.
        boxes: labelled boxes, crowds not counted.
        predictions: predicted boxes, all scores.
        AP: mean over IoU 0.50:0.05:0.95 (COCO).
        AP50: at IoU 0.5 (COCO, 101 points).
        voc07, voc12: at IoU 0.5 by Pascal VOC's two rules.
        precision: at IoU 0.5, the highest precision at each of `RECALLS` or beyond; empty without labelled boxes.
    """

    label: int
    boxes: int
    predictions: int
    AP: float
    AP50: float
    voc07: float
    voc12: float
    precision: tuple[float, ...]


@dataclass(frozen=True)
class DetectionMetrics:
    """COCO's twelve numbers as COCO defines them (-1 where nothing is labelled), VOC mAP, and the classes.

    `APs`, `APm`, `APl` and `ARs`, `ARm`, `ARl` are over boxes of at most 32^2, 32^2 to 96^2 and at least 96^2 pixels
    of the stored picture. `ARmax1`, `ARmax10`, `ARmax100` allow so many boxes a picture and class. `VOC07` and
    `VOC12` are means over the classes that have labelled boxes. `mAP` is `VOC12` with a box found from the IoU of
    `overlap_threshold` on.
    """

    AP: float
    AP50: float
    AP75: float
    APs: float
    APm: float
    APl: float
    ARmax1: float
    ARmax10: float
    ARmax100: float
    ARs: float
    ARm: float
    ARl: float
    VOC07: float
    VOC12: float
    pictures: int
    boxes: int
    predictions: int
    classes: tuple[ClassMetrics, ...]
    overlap_threshold: float = VOC_OVERLAP
    mAP: float = -1.0

    def values(self) -> dict[str, float]:
        """The twelve numbers and the VOC means by name, as events and the model card hold them."""
        return {name: float(getattr(self, name)) for name in (*COCO_NAMES, "VOC07", "VOC12", "mAP")}


def evaluate_detections(
    truth: Sequence[GroundTruth],
    predictions: Sequence[Predictions],
    num_classes: int,
    overlap_threshold: float = VOC_OVERLAP,
) -> DetectionMetrics:
    """Compare predictions with labels, picture by picture in the same order.

    Args:
        overlap_threshold: IoU from which a box counts as found in `mAP`.

    Raises:
        ValueError: no pictures, different numbers of pictures, or faulty boxes, scores or labels (see `boxes.py`).
    """
    if not truth or len(truth) != len(predictions):
        raise ValueError(
            f"labels and predictions must be of the same pictures, at least one; got {len(truth)} and "
            f"{len(predictions)} pictures"
        )
    labelled, predicted = truth_columns(truth, num_classes), prediction_columns(predictions, num_classes)
    precision, recall = _coco_arrays(labelled, predicted, len(truth), num_classes)
    classes = _classes(labelled, predicted, precision, num_classes)
    by_class = np.array([one.voc12 for one in classes])
    if overlap_threshold != VOC_OVERLAP:
        _, by_class = voc_average_precisions(labelled, predicted, num_classes, overlap_threshold)
    return DetectionMetrics(
        **_twelve(precision, recall),
        VOC07=_mean(np.array([one.voc07 for one in classes])),
        VOC12=_mean(np.array([one.voc12 for one in classes])),
        pictures=len(truth),
        boxes=sum(one.boxes for one in classes),
        predictions=len(predicted.labels),
        classes=classes,
        overlap_threshold=overlap_threshold,
        mAP=_mean(by_class),
    )


def _coco_arrays(
    truth: Columns, predicted: Columns, pictures: int, num_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """COCO's precision (10 IoUs, 101 recalls, K, 4 areas, 3 limits) and recall (10, K, 4, 3); -1 where undefined."""
    labelled = hotcoco.COCO.from_arrays(
        [{"id": number} for number in range(1, pictures + 1)],
        [{"id": number, "name": str(number)} for number in range(1, num_classes + 1)],
        truth.picture + 1,
        truth.labels + 1,
        _xywh(truth.boxes),
        iscrowd=truth.crowd,
    )
    rows = [predicted.picture + 1, _xywh(predicted.boxes), predicted.scores, predicted.labels + 1]
    evaluation = hotcoco.COCOeval(labelled, labelled.load_res(np.column_stack(rows).astype(np.float64)), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    found = evaluation.eval
    assert found is not None, "accumulate() fills it"
    return np.asarray(found["precision"], np.float64), np.asarray(found["recall"], np.float64)


def _xywh(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of the defined values, -1 when none is."""
    defined = values[values > -1]
    return float(defined.mean()) if defined.size else -1.0


def _twelve(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> dict[str, float]:
    average = [precision[..., 0, 2], precision[0, ..., 0, 2], precision[5, ..., 0, 2]]
    average += [precision[..., area, 2] for area in (1, 2, 3)]
    found = [recall[..., 0, limit] for limit in (0, 1, 2)] + [recall[..., area, 2] for area in (1, 2, 3)]
    return {name: _mean(values) for name, values in zip(COCO_NAMES, average + found, strict=True)}


def _classes(
    truth: Columns, predicted: Columns, precision: NDArray[np.float64], num_classes: int
) -> tuple[ClassMetrics, ...]:
    voc07, voc12 = voc_average_precisions(truth, predicted, num_classes)
    boxes = np.bincount(truth.labels[~truth.crowd], minlength=num_classes)
    predictions = np.bincount(predicted.labels, minlength=num_classes)
    curves = precision[0, :, :, 0, 2]
    return tuple(
        ClassMetrics(
            label=label,
            boxes=int(boxes[label]),
            predictions=int(predictions[label]),
            AP=_mean(precision[:, :, label, 0, 2]),
            AP50=_mean(curves[:, label]),
            voc07=float(voc07[label]),
            voc12=float(voc12[label]),
            precision=tuple(curves[:, label].tolist()) if boxes[label] else (),
        )
        for label in range(num_classes)
    )
