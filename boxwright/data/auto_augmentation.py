"""AutoAugment's detection policy v0, as published.

Zoph et al. 2019, "Learning Data Augmentation Strategies for Object Detection" (arXiv 1906.11172); the meaning of the
magnitudes is that of the authors' open implementation. Lengths are in pixels of the stored picture, as there, where
pictures of about 640 x 480 are meant. Two things differ: pixels are interpolated instead of taken from the nearest,
and a box that is moved out of the picture is left out (`labelled.clip_boxes`) where the authors keep a sliver of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from boxwright.data.labelled import Labelled, clip_boxes, transform_boxes, transform_picture
from boxwright.imaging import Picture

MAX_LEVEL = 10.0
"""Magnitudes lie in 0..10; each constant below is what 10 stands for."""

MOST_DEGREES = 30.0
MOST_SHEAR = 0.3
"""Shift of a pixel row or column by this share of its distance from the picture's edge."""

MOST_SHIFT = 250.0
"""Pixels by which the whole picture is moved."""

MOST_SHIFT_IN_BOX = 120.0
"""Pixels by which the content of a box is moved."""

MOST_CUTOUT = 100
"""Half the side of the square that is painted over, in pixels."""

ENHANCE = (0.1, 1.9)
"""Factors of colour and sharpness at magnitudes 0 and 10; 1 leaves a picture as it is."""

BOX_SHARE = 1 / 3
"""Operations on single boxes act on each box with this share of their stated probability."""

FILL = (128, 128, 128)
"""RGB of what is uncovered or painted over."""

Operation = Callable[[Labelled, float, np.random.Generator], Labelled]
"""Changes a labelled picture by a magnitude in 0..10; draws its direction or place from the generator."""


def translate_x(sample: Labelled, level: float, rng: np.random.Generator) -> Labelled:
    """TranslateX_BBox: move the picture left or right."""
    return _moved(sample, np.array([[1, 0, _signed(level, MOST_SHIFT, rng)], [0, 1, 0]]))


def shear_x(sample: Labelled, level: float, rng: np.random.Generator) -> Labelled:
    """ShearX_BBox: move each row by a share of its distance from the top."""
    return _moved(sample, np.array([[1, _signed(level, MOST_SHEAR, rng), 0], [0, 1, 0]]))


def shear_y(sample: Labelled, level: float, rng: np.random.Generator) -> Labelled:
    """ShearY_BBox: move each column by a share of its distance from the left."""
    return _moved(sample, np.array([[1, 0, 0], [_signed(level, MOST_SHEAR, rng), 1, 0]]))


def rotate(sample: Labelled, level: float, rng: np.random.Generator) -> Labelled:
    """Rotate_BBox: turn about the picture's centre."""
    return _moved(sample, rotation(_signed(level, MOST_DEGREES, rng), sample.picture.shape[:2]))


def rotation(degrees: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The (2, 3) matrix that turns a picture of `shape` = (height, width) clockwise about its centre."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cosine, -sine], [sine, cosine]])
    centre = np.array([shape[1], shape[0]]) / 2
    return np.column_stack([turn, centre - turn @ centre])


def cutout(sample: Labelled, level: float, rng: np.random.Generator) -> Labelled:
    """Cutout: paint over a square around a random pixel; boxes stay."""
    half = int(level / MAX_LEVEL * MOST_CUTOUT)
    row, column = (int(rng.integers(side)) for side in sample.picture.shape[:2])
    picture = sample.picture.copy()
    picture[max(0, row - half) : row + half, max(0, column - half) : column + half] = FILL
    return replace(sample, picture=picture)


def equalize(sample: Labelled, _level: float, _rng: np.random.Generator) -> Labelled:
    """Equalize: spread each channel's values evenly; it has no magnitude."""
    return replace(sample, picture=_array(ImageOps.equalize(Image.fromarray(sample.picture))))


def colour(sample: Labelled, level: float, _rng: np.random.Generator) -> Labelled:
    """Color: towards grey below a factor of 1, more saturated above."""
    return replace(sample, picture=_array(ImageEnhance.Color(Image.fromarray(sample.picture)).enhance(_factor(level))))


def sharpness(sample: Labelled, level: float, _rng: np.random.Generator) -> Labelled:
    """Sharpness: smoother below a factor of 1, sharper above."""
    enhancer = ImageEnhance.Sharpness(Image.fromarray(sample.picture))
    return replace(sample, picture=_array(enhancer.enhance(_factor(level))))


def translate_y_in_boxes(
    sample: Labelled, level: float, rng: np.random.Generator, *, probability: float = 1.0
) -> Labelled:
    """TranslateY_Only_BBoxes: move the content of some boxes up or down within the box; boxes stay.

    Args:
        probability: as the policy states it; each box is drawn with `BOX_SHARE` of it.
    """
    matrix = np.array([[1, 0, 0], [0, 1, _signed(level, MOST_SHIFT_IN_BOX, rng)]])
    picture = sample.picture.copy()
    for index in rng.permutation(len(sample.boxes)):
        if rng.random() < probability * BOX_SHARE:
            left, top = np.maximum(np.floor(sample.boxes[index, :2]), 0).astype(int)
            right, bottom = np.ceil(sample.boxes[index, 2:]).astype(int)
            inside = picture[top:bottom, left:right]
            inside[:] = transform_picture(inside, matrix, (inside.shape[0], inside.shape[1]), FILL)
    return replace(sample, picture=picture)


@dataclass(frozen=True)
class Step:
    """One operation of a sub-policy, its probability in 0..1 and its magnitude in 0..10."""

    operation: Operation
    probability: float
    level: float


def _in_boxes(probability: float, level: float) -> Step:
    return Step(partial(translate_y_in_boxes, probability=probability), 1.0, level)


POLICY_V0: tuple[tuple[Step, Step], ...] = (
    (Step(translate_x, 0.6, 4), Step(equalize, 0.8, 10)),
    (_in_boxes(0.2, 2), Step(cutout, 0.8, 8)),
    (Step(sharpness, 0.0, 8), Step(shear_x, 0.4, 0)),
    (Step(shear_y, 1.0, 2), _in_boxes(0.6, 6)),
    (Step(rotate, 0.6, 10), Step(colour, 1.0, 6)),
)
"""Sub-policies; the third changes nothing, as published."""


def auto_augment(sample: Labelled, rng: np.random.Generator) -> Labelled:
    """Apply one sub-policy, drawn evenly, each of its steps with its own probability. Picture size stays."""
    for step in POLICY_V0[int(rng.integers(len(POLICY_V0)))]:
        if rng.random() < step.probability:
            sample = step.operation(sample, step.level, rng)
    return sample


def _signed(level: float, most: float, rng: np.random.Generator) -> float:
    amount = level / MAX_LEVEL * most
    return amount if rng.random() < 0.5 else -amount


def _factor(level: float) -> float:
    return ENHANCE[0] + level / MAX_LEVEL * (ENHANCE[1] - ENHANCE[0])


def _array(image: Image.Image) -> Picture:
    return np.array(image, np.uint8)


def _moved(sample: Labelled, matrix: NDArray[np.float64]) -> Labelled:
    """Pixels and boxes by one (2, 3) matrix, cut at the picture's own size."""
    size = (sample.picture.shape[0], sample.picture.shape[1])
    picture = transform_picture(sample.picture, matrix, size, FILL)
    boxes, labels = clip_boxes(transform_boxes(sample.boxes, matrix), sample.labels, size)
    return Labelled(picture, boxes, labels)
