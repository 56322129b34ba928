"""Random changes of a training picture: one geometric transform for pixels and boxes, one colour transform."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.imaging import PAD_COLOUR, Picture, shrink, shrink_factor
from boxwright.spec.training import AugmentationSpec

VISIBLE_SHARE = 0.3
"""A box is kept when at least this share of its area is still on the canvas."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


@dataclass(frozen=True)
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


def transform_picture(picture: Picture, matrix: NDArray[np.float64], size: tuple[int, int]) -> Picture:
    """Draw a transformed picture on a padded canvas of `size` = (height, width), bilinear.

    The matrix acts on continuous coordinates, in which pixel `i` covers `[i, i + 1)`.
    """
    inverse = cv2.invertAffineTransform(matrix)
    # OpenCV counts pixel centres as whole numbers.
    inverse[:, 2] += inverse[:, :2].sum(1) * 0.5 - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(picture, inverse, (size[1], size[0]), flags=flags, borderValue=PAD_COLOUR)
    return np.asarray(drawn, np.uint8)


def clip_boxes(
    boxes: NDArray[np.float32], labels: NDArray[np.int64], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut boxes at the canvas of `size` = (height, width); leave out those that are mostly outside."""
    clipped = boxes.clip(0, np.array([size[1], size[0]] * 2, np.float32))
    before = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    sides = clipped[:, 2:] - clipped[:, :2]
    kept = (sides.prod(1) >= VISIBLE_SHARE * before) & (sides.min(1, initial=np.inf) >= 1)
    return clipped[kept], labels[kept]


def random_matrix(
    shape: tuple[int, int], size: tuple[int, int], spec: AugmentationSpec, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A random scale around the fit into the canvas, a random place, and random flips.

    Args:
        shape: (height, width) of the picture.
        size: (height, width) of the canvas.

    Returns:
        (2, 3) matrix from continuous coordinates of the picture to those of the canvas. Without any augmentation it
        is the placement of `imaging.letterbox`: top left.
    """
    jitter = rng.uniform(spec.aug_scale_min, spec.aug_scale_max)
    scale = min(size[0] / shape[0], size[1] / shape[1]) * jitter
    width, height = shape[1] * scale, shape[0] * scale
    left, top = rng.uniform(0, 1, 2) * (size[1] - width, size[0] - height)
    if spec.aug_scale_min == spec.aug_scale_max == 1:
        left, top = 0.0, 0.0
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    if spec.aug_rand_hflip and rng.random() < 0.5:
        matrix[0] = [-scale, 0, left + width]
    if spec.aug_rand_vflip and rng.random() < 0.5:
        matrix[1] = [0, -scale, top + height]
    return matrix


def random_colour(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    """Random brightness, contrast and saturation, each by a factor within `1 -+ strength`, in one pass."""
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3)
    grey = 128.0 * (1 - contrast) * brightness
    mix = (saturation * np.eye(3) + (1 - saturation) * LUMA) * contrast * brightness
    matrix = np.concatenate([mix, np.full((3, 1), grey)], 1).astype(np.float32)
    return np.asarray(cv2.transform(picture, matrix), np.uint8)


def augment(sample: Labelled, size: tuple[int, int], spec: AugmentationSpec, rng: np.random.Generator) -> Labelled:
    """A random view of a labelled picture on a canvas of `size` = (height, width)."""
    height, width = sample.picture.shape[:2]
    matrix = random_matrix((height, width), size, spec, rng)
    factor = min(shrink_factor(abs(float(matrix[0, 0]))), height, width)
    small = shrink(sample.picture, factor)
    drawn = transform_picture(small, matrix * [factor, factor, 1], size)
    boxes, labels = clip_boxes(transform_boxes(sample.boxes, matrix), sample.labels, size)
    if spec.aug_color:
        drawn = random_colour(drawn, spec.aug_color, rng)
    return Labelled(drawn, boxes, labels)
