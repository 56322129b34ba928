"""Labelled and evaluated pictures, and the small copies of them that are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright import imaging
from boxwright.metrics.boxes import GroundTruth, Predictions

LONGEST_SIDE = 640
"""Pixels of the longer side of a kept copy; smaller pictures stay as large as they are."""

JPEG_QUALITY = 85


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A picture with its labelled boxes.

    Attributes:
        source: its name in the data set.
        width, height: of the stored picture in pixels.
        read: gives the encoded picture; called only for the pictures that are shown.
        truth: boxes in pixels of the stored picture.
    """

    source: str
    width: int
    height: int
    read: Callable[[], bytes]
    truth: GroundTruth

    def with_(self, predictions: Predictions) -> "EvaluatedPicture":
        """The picture with what was found in it."""
        return EvaluatedPicture(self.source, self.width, self.height, self.read, self.truth, predictions)


@dataclass(frozen=True, eq=False)
class EvaluatedPicture(LabelledPicture):
    """A picture with its labelled and its predicted boxes, both in pixels of the stored picture."""

    predictions: Predictions


@dataclass(frozen=True)
class Frame:
    """Size of a kept copy of a picture in pixels, and by how much each side was made smaller."""

    width: int
    height: int
    scale_x: float
    scale_y: float

    @classmethod
    def of(cls, width: int, height: int) -> Self:
        """The frame of the copy of a picture of a size."""
        scale = min(1.0, LONGEST_SIDE / max(width, height))
        kept = max(1, round(width * scale)), max(1, round(height * scale))
        return cls(*kept, kept[0] / width, kept[1] / height)

    def boxes(self, boxes: NDArray[np.floating]) -> list[tuple[float, float, float, float]]:
        """xyxy boxes (N, 4) of the stored picture in pixels of the copy, to a tenth of a pixel."""
        scales = [self.scale_x, self.scale_y] * 2
        moved = np.round(np.asarray(boxes, np.float64).reshape(-1, 4) * scales, 1)
        return [(box[0], box[1], box[2], box[3]) for box in moved.tolist()]

    def copy(self, encoded: bytes) -> bytes:
        """A picture as a JPEG of this size, as it is stored: EXIF rotation is not applied, boxes refer to it so.

        Raises:
            ValueError: it cannot be decoded.
        """
        picture = imaging.decode(encoded)
        if picture.shape[:2] != (self.height, self.width):
            picture = np.asarray(cv2.resize(picture, (self.width, self.height), interpolation=cv2.INTER_AREA), np.uint8)
        done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        assert done, "JPEG holds any uint8 RGB picture of such a size"
        return data.tobytes()
