"""The random changes that SSD is trained with (Liu et al. 2016, sections 2.2, 3.6): colours, small and large objects.

A picture is put on a larger canvas, so that its objects become small, and a part of that is cut out, so that they
become large. Both together are one rectangle in the frame of the picture, and the larger canvas is never made. Where
the paper leaves numbers open, they are those of the authors' published configuration.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.data.labelled import Labelled
from boxwright.imaging import Picture
from boxwright.tiling import Window

HALF = 0.5
"""Probability of each change of colour, and of the larger canvas."""

BRIGHTNESS = 32.0
"""Largest change of all values, on the 0..255 scale."""

CONTRAST = SATURATION = (0.5, 1.5)
"""Factors."""

HUE = 18.0
"""Largest turn of the colour circle, in degrees."""

OVERLAPS = (None, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
"""Least IoU of some object with the part that is cut out, one drawn for each picture; None cuts nothing out."""

TRIALS = 50
SIDES = (0.3, 1.0)
"""Side of the part, as a share of the whole, before its shape is drawn."""

MOST_RATIO = 2.0
"""Of its longer to its shorter side, relative to the whole."""


class Part(Window):
    """A window that may reach beyond the picture."""


def whole(sample: Labelled) -> Part:
    """The part that is the picture itself."""
    return Part(0, 0, sample.picture.shape[1], sample.picture.shape[0])


def distort_colours(picture: Picture, rng: np.random.Generator) -> Picture:
    """Random brightness, contrast, saturation and hue, each for half of the pictures, contrast first or last."""
    shift = rng.uniform(-BRIGHTNESS, BRIGHTNESS) if rng.random() < HALF else 0.0
    contrast = rng.uniform(*CONTRAST) if rng.random() < HALF else 1.0
    saturation = rng.uniform(*SATURATION) if rng.random() < HALF else 1.0
    turn = rng.uniform(-HUE, HUE) if rng.random() < HALF else 0.0
    first = rng.random() < HALF
    picture = _scaled(picture, contrast if first else 1.0, (contrast if first else 1.0) * shift)
    picture = _turned(picture, saturation, turn)
    return picture if first else _scaled(picture, contrast, 0.0)


def _scaled(picture: Picture, factor: float, shift: float) -> Picture:
    if factor == 1 and shift == 0:
        return picture
    table = (np.arange(256) * factor + shift).round().clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, table), np.uint8)


def _turned(picture: Picture, saturation: float, degrees: float) -> Picture:
    if saturation == 1 and degrees == 0:
        return picture
    values = np.arange(256)
    # OpenCV stores hue in steps of two degrees, 0..179.
    hue = (values + round(degrees / 2)) % 180
    colourful = (values * saturation).round().clip(0, 255)
    table = np.stack([hue, colourful, values], -1).astype(np.uint8)[None]
    turned = cv2.LUT(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV), table)
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_HSV2RGB), np.uint8)


def expanded(part: Part, most: float, rng: np.random.Generator) -> Part:
    """For half of the pictures, a rectangle around `part`, at a random place and 1 to `most` times as wide and high."""
    if rng.random() >= HALF:
        return part
    (height, width), ratio = part.shape, rng.uniform(1.0, most)
    tall, wide = int(height * ratio), int(width * ratio)
    left, top = (int(rng.uniform(0, room + 1)) for room in (wide - width, tall - height))
    return Part(part.left - left, part.top - top, part.left - left + wide, part.top - top + tall)


def cut_out(part: Part, boxes: NDArray[np.float32], rng: np.random.Generator) -> Part:
    """A random part of `part` that some box overlaps by a random IoU and in which some box has its centre.

    Args:
        boxes: (N, 4) xyxy in the frame of the picture.

    Returns:
        `part` itself where no box is there, where that is drawn, or where `TRIALS` attempts have failed.
    """
    least = OVERLAPS[int(rng.integers(len(OVERLAPS)))]
    if least is None or not len(boxes):
        return part
    tried = _attempts(part, rng)
    good = (_overlaps(tried, boxes) >= least).any(1) & inside(tried, boxes).any(1)
    return Part(*tried[int(good.argmax())].tolist()) if good.any() else part


def _attempts(part: Part, rng: np.random.Generator) -> NDArray[np.int64]:
    """`TRIALS` random parts of a part, (TRIALS, 4)."""
    height, width = part.shape
    side = rng.uniform(*SIDES, TRIALS)
    # No side may be longer than the whole.
    most = np.minimum(MOST_RATIO, 1 / side**2)
    root = np.sqrt(rng.uniform(1 / most, most))
    wide = np.maximum(1, (side * root * width).astype(int)).clip(max=width)
    tall = np.maximum(1, (side / root * height).astype(int)).clip(max=height)
    left = part.left + (rng.uniform(0, 1, TRIALS) * (width - wide + 1)).astype(int)
    top = part.top + (rng.uniform(0, 1, TRIALS) * (height - tall + 1)).astype(int)
    return np.stack([left, top, left + wide, top + tall], 1)


def _overlaps(parts: NDArray[np.int64], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """IoU (parts, boxes)."""
    low = np.maximum(parts[:, None, :2], boxes[None, :, :2])
    high = np.minimum(parts[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(min=0).prod(2)
    areas = (parts[:, 2:] - parts[:, :2]).prod(1)[:, None] + (boxes[:, 2:] - boxes[:, :2]).prod(1)[None]
    return np.asarray(shared / (areas - shared))


def inside(parts: NDArray[np.int64], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the centre of each box is in each part, (parts, boxes)."""
    centre = (boxes[None, :, :2] + boxes[None, :, 2:]) / 2
    return np.asarray(((parts[:, None, :2] < centre) & (centre < parts[:, None, 2:])).all(2))


def cut_picture(sample: Labelled, part: Part) -> tuple[Labelled, Part]:
    """What of the picture lies in a part, with the boxes whose centres do, cut at the part's edges.

    Returns:
        the smaller picture, and `part` in its frame.
    """
    height, width = sample.picture.shape[:2]
    left, top = max(0, part.left), max(0, part.top)
    right, bottom = min(width, part.right), min(height, part.bottom)
    if (left, top, right, bottom) == (0, 0, width, height):
        return sample, part
    kept = inside(np.array([part]), sample.boxes)[0]
    corner = np.array([left, top] * 2, np.float32)
    boxes = sample.boxes[kept].clip(corner, np.array([right, bottom] * 2, np.float32)) - corner
    seen = Part(part.left - left, part.top - top, part.right - left, part.bottom - top)
    return Labelled(sample.picture[top:bottom, left:right], boxes, sample.labels[kept]), seen
