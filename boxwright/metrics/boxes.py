"""Labelled and predicted boxes of one picture, and all pictures' boxes in one set of columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The labelled boxes of one picture.

    Attributes:
        boxes: float (N, 4), xyxy in absolute pixels of the stored picture.
        labels: integer (N,), 0-based.
        crowd: bool (N,), True where a box surrounds a group (COCO `iscrowd`) or is difficult (VOC).
    """

    boxes: NDArray[np.floating]
    labels: NDArray[np.integer]
    crowd: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predicted boxes of one picture, in any order.

    Attributes:
        boxes: float (N, 4), xyxy in absolute pixels of the stored picture.
        scores: float (N,).
        labels: integer (N,), 0-based.
    """

    boxes: NDArray[np.floating]
    scores: NDArray[np.floating]
    labels: NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Columns:
    """The boxes of all pictures in one table, picture after picture.

    Attributes:
        picture: int64 (N,), index of each box's picture.
        boxes: float64 (N, 4), xyxy pixels.
        labels: int64 (N,).
        crowd: bool (N,); False for predictions.
        scores: float64 (N,); zero for ground truth.
    """

    picture: NDArray[np.int64]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    scores: NDArray[np.float64]

    def at(self, rows: NDArray[np.int64]) -> Self:
        """The given rows only."""
        picture, boxes, labels = self.picture[rows], self.boxes[rows], self.labels[rows]
        return replace(
            self, picture=picture, boxes=boxes, labels=labels, crowd=self.crowd[rows], scores=self.scores[rows]
        )


def truth_columns(truth: Sequence[GroundTruth], num_classes: int) -> Columns:
    """Ground truth of all pictures.

    Raises:
        ValueError: columns of different lengths, boxes that are not finite, labels outside `0..num_classes-1`.
    """
    crowd = [np.asarray(one.crowd, np.bool_) for one in truth]
    boxes, labels = [one.boxes for one in truth], [one.labels for one in truth]
    _check_lengths("ground truth", boxes, {"labels": labels, "crowd flags": crowd})
    columns = _columns(boxes, labels)
    _check_values("ground truth", columns, num_classes)
    return replace(columns, crowd=np.concatenate([np.zeros(0, np.bool_), *crowd]))


def prediction_columns(predictions: Sequence[Predictions], num_classes: int) -> Columns:
    """Predictions of all pictures.

    Raises:
        ValueError: columns of different lengths, boxes or scores that are not finite, labels outside
            `0..num_classes-1`.
    """
    scores = [np.asarray(one.scores, np.float64) for one in predictions]
    boxes, labels = [one.boxes for one in predictions], [one.labels for one in predictions]
    _check_lengths("predictions", boxes, {"labels": labels, "scores": scores})
    columns = replace(_columns(boxes, labels), scores=np.concatenate([np.zeros(0), *scores]))
    _check_values("predictions", columns, num_classes)
    return columns


def _columns(boxes: Sequence[NDArray[np.floating]], labels: Sequence[NDArray[np.integer]]) -> Columns:
    picture = np.repeat(np.arange(len(boxes), dtype=np.int64), [len(one) for one in boxes])
    flat = [np.asarray(one, np.float64).reshape(-1, 4) for one in boxes]
    return Columns(
        picture=picture,
        boxes=np.concatenate([np.zeros((0, 4)), *flat]),
        labels=np.concatenate([np.zeros(0, np.int64), *(np.asarray(one, np.int64) for one in labels)]),
        crowd=np.zeros(len(picture), np.bool_),
        scores=np.zeros(len(picture), np.float64),
    )


def _check_lengths(
    what: str, boxes: Sequence[NDArray[np.floating]], others: dict[str, Sequence[NDArray[np.generic]]]
) -> None:
    for name, values in others.items():
        for picture, (box, value) in enumerate(zip(boxes, values, strict=True)):
            if len(box) != len(value):
                raise ValueError(f"{what} of picture {picture}: {len(box)} boxes but {len(value)} {name}")


def _check_values(what: str, columns: Columns, num_classes: int) -> None:
    finite = np.isfinite(columns.boxes).all(axis=1) & np.isfinite(columns.scores)
    if not finite.all():
        picture = int(columns.picture[np.argmin(finite)])
        raise ValueError(f"boxes and scores must be finite numbers; {what} of picture {picture} hold NaN or infinity")
    known = (columns.labels >= 0) & (columns.labels < num_classes)
    if not known.all():
        at = int(np.argmin(known))
        raise ValueError(
            f"labels are 0-based and must lie in 0..{num_classes - 1}; {what} of picture {columns.picture[at]} "
            f"hold {columns.labels[at]}"
        )
