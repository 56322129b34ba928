"""What was found in one picture, and the views of it that answers are written from."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.engine import Prediction
from boxwright.formats.sample import ClassName
from boxwright.serving.rejection import Rejection


@dataclass(frozen=True)
class Selection:
    """Which detections a request wants.

    Attributes:
        threshold: weakest score, in [0, 1].
        limit: most detections, best first; all where None.
        classes: outer ids of those that count; all where None.

    Raises:
        Rejection: a threshold outside [0, 1] or no number, or a limit below 0.
    """

    threshold: float = 0.0
    limit: int | None = None
    classes: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and 0 <= self.threshold <= 1):
            raise Rejection(400, f"the threshold is a number from 0 to 1, got {self.threshold}")
        if self.limit is not None and self.limit < 0:
            raise Rejection(400, f"the number of detections is 0 or more, got {self.limit}")


EVERYTHING = Selection()


@dataclass(frozen=True)
class Found:
    """Detections in one picture as people see it: upright, whatever its EXIF orientation.

    Attributes:
        prediction: boxes in pixels of the upright picture, best first.
        width, height: of the upright picture in pixels.
    """

    prediction: Prediction
    width: int
    height: int

    def select(self, selection: Selection) -> "Found":
        """Only the detections that are wanted."""
        found = self.prediction if selection.classes is None else _of_classes(self.prediction, selection.classes)
        count = int((found.scores >= selection.threshold).sum())  # scores fall from the first to the last
        if selection.limit is not None:
            count = min(count, selection.limit)
        kept = Prediction(found.boxes[:count], found.scores[:count], found.labels[:count], found.classes[:count])
        return replace(self, prediction=kept)

    def shares(self) -> NDArray[np.float32]:
        """Boxes (N, 4), xyxy in [0, 1] of the picture's width and height."""
        return np.asarray(self.prediction.boxes / np.array([self.width, self.height] * 2, np.float32), np.float32)

    def slots(self, limit: int) -> dict[str, Any]:
        """The outputs of the SavedModel's signature but `key`, as JSON values.

        Args:
            limit: slots of each output; those without a detection hold 0.

        Returns:
            `detection_boxes` (limit, 4), [ymin, xmin, ymax, xmax] in [0, 1]; `detection_classes`, outer ids, and
            `detection_scores` (limit,); `num_detections`. All are floats, as in the signature.
        """
        boxes = np.zeros((limit, 4), np.float32)
        scores, classes = np.zeros(limit, np.float32), np.zeros(limit, np.float32)
        count = len(self.prediction.scores)
        boxes[:count] = self.shares()[:, [1, 0, 3, 2]]
        scores[:count] = self.prediction.scores
        classes[:count] = [one.id for one in self.prediction.classes]
        return {
            "detection_boxes": _short(boxes),
            "detection_classes": classes.tolist(),
            "detection_scores": _short(scores),
            "num_detections": float(count),
        }

    def rows(self) -> "list[tuple[ClassName, float, list[float]]]":
        """Class, score and xyxy box in pixels of each detection, best first."""
        found = self.prediction
        return list(zip(found.classes, found.scores.tolist(), found.boxes.tolist(), strict=True))


def _short(values: NDArray[np.float32]) -> Any:
    """Nested lists with as many digits as float32 has: those that float64 adds are no information."""
    return np.round(values.astype(np.float64), 7).tolist()


def _of_classes(found: Prediction, ids: frozenset[int]) -> Prediction:
    rows = [row for row, kind in enumerate(found.classes) if kind.id in ids]
    classes = tuple(found.classes[row] for row in rows)
    return Prediction(found.boxes[rows], found.scores[rows], found.labels[rows], classes)
