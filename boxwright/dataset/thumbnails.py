"""Small pictures with boxes, as data URIs that a page carries in itself."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright import imaging

Colour = tuple[int, int, int]

PALETTE: tuple[Colour, ...] = (
    (230, 57, 70),
    (29, 120, 200),
    (42, 157, 84),
    (244, 150, 30),
    (131, 56, 190),
    (0, 160, 170),
    (214, 60, 150),
    (120, 100, 60),
    (90, 110, 240),
    (150, 180, 20),
)
"""RGB colours of classes, by inner label, repeated."""

FAULTY: Colour = (220, 20, 20)
JPEG_QUALITY = 80
CROP_MARGIN = 1.0
"""Room shown around a faulty box, as a multiple of its longer side."""

SMALLEST_CROP = 48.0


def class_colour(label: int) -> Colour:
    """The colour in which boxes of an inner label are drawn."""
    return PALETTE[label % len(PALETTE)]


def thumbnail(encoded: bytes, boxes: NDArray[np.float32], colours: Sequence[Colour], side: int) -> str:
    """A picture, its longer side at most `side` px, with xyxy boxes (N, 4) drawn on it, as a data URI."""
    return _data_uri(_framed(imaging.decode(encoded), boxes, colours, side))


def crop(encoded: bytes, box: NDArray[np.float32], side: int) -> str:
    """The surroundings of one faulty xyxy box (4,), which may lie anywhere or not be finite, as a data URI."""
    picture = imaging.decode(encoded)
    height, width = picture.shape[:2]
    if not np.isfinite(box).all():
        return _data_uri(_framed(picture, np.zeros((0, 4), np.float32), (), side))
    left, top, right, bottom = _window(box.astype(np.float64), width, height)
    shift = np.array([left, top, left, top], np.float32)
    return _data_uri(_framed(picture[top:bottom, left:right], (box - shift)[None], (FAULTY,), side))


def _window(box: NDArray[np.float64], width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in whole pixels of the part of the picture around a box, or nearest to it."""
    corners = np.clip(box, 0, [width, height, width, height])
    reach = max(SMALLEST_CROP, float(np.ptp(corners[0::2])), float(np.ptp(corners[1::2]))) * (0.5 + CROP_MARGIN)
    middle = (corners[:2] + corners[2:]) / 2
    low = np.clip(middle - reach, 0, [width - 1, height - 1]).astype(int)
    high = np.clip(middle + reach, low + 1, [width, height]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _framed(
    picture: imaging.Picture, boxes: NDArray[np.float32], colours: Sequence[Colour], side: int
) -> imaging.Picture:
    scale = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=interpolation))
    reach = 4 * side
    for box, colour in zip(boxes, colours, strict=True):
        low_x, low_y, high_x, high_y = np.clip(np.round(box * scale), -reach, reach).astype(int).tolist()
        cv2.rectangle(small, (low_x, low_y), (high_x, high_y), colour, 2)
    return np.asarray(small, np.uint8)


def _data_uri(picture: imaging.Picture) -> str:
    encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"
