"""A decoded picture with its boxes, and the geometry that moves both together."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.imaging import PAD_COLOUR, Picture
from boxwright.tiling import Window

VISIBLE_SHARE = 0.3
"""A box is kept when at least this share of its area is still on the canvas."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A picture with its boxes.

    Attributes:
        picture: uint8 (H, W, 3) RGB.
        boxes: float32 (N, 4) xyxy in pixels of `picture`.
        labels: int64 (N,), 0-based.
    """

    picture: Picture
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]


def transform_boxes(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """The smallest upright boxes around the transformed corners.

    Args:
        boxes: (N, 4) xyxy.
        matrix: (2, 3), maps continuous (x, y, 1) to (x', y').
    """
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32)


def transform_picture(
    picture: Picture,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    fill: tuple[int, int, int] = PAD_COLOUR,
) -> Picture:
    """Draw a transformed picture on a canvas of `size` = (height, width) filled with `fill`, bilinear.

    The matrix (2, 3) acts on continuous coordinates, in which pixel `i` covers `[i, i + 1)`.
    """
    inverse = cv2.invertAffineTransform(matrix)
    # OpenCV counts pixel centres as whole numbers.
    inverse[:, 2] += inverse[:, :2].sum(1) * 0.5 - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(picture, inverse, (size[1], size[0]), flags=flags, borderValue=fill)
    return np.asarray(drawn, np.uint8)


def clip_boxes(
    boxes: NDArray[np.float32], labels: NDArray[np.int64], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut boxes at the canvas of `size` = (height, width).

    Left out are boxes of which less than `VISIBLE_SHARE` is on the canvas, and those less than 1 px wide or high there.
    """
    clipped = boxes.clip(0, np.array([size[1], size[0]] * 2, np.float32))
    before = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    sides = clipped[:, 2:] - clipped[:, :2]
    kept = (sides.prod(1) >= VISIBLE_SHARE * before) & (sides.min(1, initial=np.inf) >= 1)
    return clipped[kept], labels[kept]


def seen_in(sample: Labelled, window: Window) -> Labelled:
    """What a window shows of a picture: its pixels, and the boxes that `clip_boxes` leaves."""
    boxes, labels = clip_boxes(window.to_window(sample.boxes), sample.labels, window.shape)
    return Labelled(window.cut(sample.picture), boxes, labels)
