"""Drawn-shapes data: labelled pictures made in code, for demonstrations and tests without a download.

Plain shapes of several classes, in any colour, size and rotation, some overlapping or cut by the edge, on textured and
noisy backgrounds with unlabelled lines as clutter; some pictures show no object.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.formats.sample import Dataset, Sample, named_classes

Mask = NDArray[np.uint8]
Picture = NDArray[np.uint8]
Colours = NDArray[np.float32]

JPEG_QUALITY = 92
SMALLEST_SIDE = 32
"""Smallest picture side in pixels; shapes need some room to be told apart."""

EMPTY_SHARE = 0.08
MOST_SHAPES = 6
RADIUS_SHARE = (0.06, 0.22)
"""Smallest and largest shape radius, as a share of the shorter side."""

SMALLEST_RADIUS = 5.0

MOST_HIDDEN = 0.3
"""Of no shape is more than this share hidden by later ones."""

LEAST_CONTRAST = 90.0
"""Distance in RGB between a shape and what is behind it."""


def _corners(radii: Sequence[float], turn: float) -> NDArray[np.float64]:
    """Corners (N, 2) of a polygon around the origin: one for each radius, at equal angles."""
    angles = turn + 2 * math.pi * np.arange(len(radii)) / len(radii)
    return np.asarray(np.stack([np.cos(angles), np.sin(angles)], 1) * np.array(radii)[:, None], np.float64)


def _cross_corners(turn: float) -> NDArray[np.float64]:
    arm, width = 0.95, 0.3
    quarter = np.array([[arm, -width], [arm, width], [width, width]])
    turns = [np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]) for a in _quarter_turns(turn)]
    return np.concatenate([quarter @ rotation.T for rotation in turns])


def _quarter_turns(turn: float) -> list[float]:
    return [turn + math.pi / 2 * quarter for quarter in range(4)]


def _outline(corners: NDArray[np.float64], centre: NDArray[np.float64], radius: float) -> list[NDArray[np.int32]]:
    return [np.round(corners * radius + centre).astype(np.int32)]


@dataclass(frozen=True)
class _Spot:
    """Where a shape is drawn: centre (x, y) and radius in pixels, turn in radians."""

    centre: NDArray[np.float64]
    radius: float
    turn: float


def _fill_polygon(mask: Mask, spot: _Spot, corners: NDArray[np.float64]) -> None:
    cv2.fillPoly(mask, _outline(corners, spot.centre, spot.radius), 1)


def _fill_circle(mask: Mask, spot: _Spot, share: float, value: int) -> None:
    centre = (round(spot.centre[0]), round(spot.centre[1]))
    cv2.circle(mask, centre, max(1, round(spot.radius * share)), value, -1)


def _circle(mask: Mask, spot: _Spot) -> None:
    _fill_circle(mask, spot, 0.9, 1)


def _square(mask: Mask, spot: _Spot) -> None:
    _fill_polygon(mask, spot, _corners([1.0] * 4, spot.turn))


def _triangle(mask: Mask, spot: _Spot) -> None:
    _fill_polygon(mask, spot, _corners([1.0] * 3, spot.turn))


def _star(mask: Mask, spot: _Spot) -> None:
    _fill_polygon(mask, spot, _corners([1.0, 0.42] * 5, spot.turn))


def _ring(mask: Mask, spot: _Spot) -> None:
    _fill_circle(mask, spot, 0.95, 1)
    _fill_circle(mask, spot, 0.5, 0)


def _cross(mask: Mask, spot: _Spot) -> None:
    _fill_polygon(mask, spot, _cross_corners(spot.turn))


SHAPES: dict[str, Callable[[Mask, _Spot], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}


@dataclass(frozen=True, eq=False)
class DrawnPicture:
    """A picture before it is encoded.

    Attributes:
        pixels: uint8 (H, W, 3) RGB.
        instances: int32 (H, W); 0 is background, i + 1 where shape i is visible.
        labels: int64 (N,), place of each shape in the list of classes.
    """

    pixels: Picture
    instances: NDArray[np.int32]
    labels: NDArray[np.int64]


def draw_shapes(
    count: int, size: tuple[int, int] = (240, 320), seed: int = 0, classes: Sequence[str] = tuple(SHAPES)
) -> Dataset:
    """A data set of `count` pictures, each drawn when it is asked for.

    The same seed gives the same bytes (with the same OpenCV), and picture i does not depend on `count`.

    Args:
        count: number of pictures.
        size: height and width in pixels.
        seed: any number >= 0.
        classes: names out of `SHAPES`, in the order of their labels.

    Raises:
        ValueError: unknown or repeated class, size below 32 px, count or seed below 0.
    """
    unknown = [name for name in classes if name not in SHAPES]
    if unknown or not classes:
        raise ValueError(f"shapes must be among {', '.join(SHAPES)}; got {', '.join(unknown) or 'none'}")
    if len(set(classes)) != len(classes):
        raise ValueError(f"each shape may be named once, got {', '.join(classes)}")
    if min(size) < SMALLEST_SIDE:
        raise ValueError(f"drawn pictures must be at least {SMALLEST_SIDE} px high and wide, got {size[0]} x {size[1]}")
    if count < 0 or seed < 0:
        raise ValueError(f"count and seed must be >= 0, got count {count} and seed {seed}")
    return Dataset(DrawnShapes(count, size, seed, tuple(classes)), named_classes(classes))


@dataclass(frozen=True)
class DrawnShapes:
    """Reader of drawn pictures; see `draw_shapes`."""

    count: int
    size: tuple[int, int]
    seed: int
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.count:
            raise IndexError(f"picture {index} of {self.count}")
        drawn = draw_picture(np.random.default_rng([self.seed, index]), self.size, self.classes)
        boxes = tight_boxes(drawn.instances, len(drawn.labels))
        encoded = cv2.imencode(".jpg", drawn.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        crowd = np.zeros(len(boxes), np.bool_)
        height, width = self.size
        return Sample(f"shapes_{index:06d}.jpg", encoded, width, height, boxes, drawn.labels, crowd)


def draw_picture(random: np.random.Generator, size: tuple[int, int], classes: Sequence[str]) -> DrawnPicture:
    """Draw one picture of `size` (height, width) with shapes named in `classes`."""
    pixels = _background(random, size)
    instances = np.zeros(size, np.int32)
    labels: list[int] = []
    areas: list[int] = []
    wanted = 0 if random.random() < EMPTY_SHARE else int(random.integers(1, MOST_SHAPES + 1))
    for _ in range(wanted):
        label = int(random.integers(len(classes)))
        mask = _place(random, instances, classes[label], areas)
        if mask is not None:
            labels.append(label)
            areas.append(int(mask.sum()))
            instances[mask] = len(labels)
            pixels[mask] = _paint(random, pixels[mask])
    pixels += random.standard_normal((*size, 3), np.float32) * random.uniform(2, 9)
    return DrawnPicture(np.clip(pixels, 0, 255).astype(np.uint8), instances, np.array(labels, np.int64))


def tight_boxes(instances: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """Boxes float32 (count, 4), xyxy, tight around the visible pixels of instances 1..count of an (H, W) map."""
    boxes = np.zeros((count, 4), np.float32)
    for index in range(count):
        left, top, width, height = cv2.boundingRect((instances == index + 1).astype(np.uint8))
        boxes[index] = left, top, left + width, top + height
    return boxes


def _background(random: np.random.Generator, size: tuple[int, int]) -> Colours:
    """Soft clouds of little colour, with some thin lines: float32 (H, W, 3)."""
    height, width = size
    picture = np.full((height, width, 3), random.uniform(60, 180, 3), np.float32)
    for cells, strength in ((3, 30.0), (12, 18.0), (40, 12.0)):
        grey = random.standard_normal((cells, cells, 1), np.float32)
        tint = random.standard_normal((cells, cells, 3), np.float32)
        coarse = (grey + 0.4 * tint) * strength
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(random.integers(0, 7))):
        ends = random.integers(0, (width, height), (2, 2)).tolist()
        colour = random.uniform(0, 255, 3).tolist()
        cv2.line(picture, ends[0], ends[1], colour, int(random.integers(1, 3)))
    return picture


def _place(
    random: np.random.Generator, instances: NDArray[np.int32], name: str, areas: Sequence[int]
) -> NDArray[np.bool_] | None:
    """A mask (H, W) where the shape may be drawn over those of `areas` pixels, or None if there is no room."""
    height, width = instances.shape
    short = min(height, width)
    for _ in range(10):
        radius = max(SMALLEST_RADIUS, short * math.exp(random.uniform(*np.log(RADIUS_SHARE))))
        centre = random.uniform(0.7 * radius, np.array([width, height]) - 0.7 * radius)
        mask = np.zeros(instances.shape, np.uint8)
        SHAPES[name](mask, _Spot(centre, radius, random.uniform(0, 2 * math.pi)))
        shape = mask.astype(np.bool_)
        left = np.bincount(instances[~shape], minlength=len(areas) + 1)[1:]
        if shape.any() and np.all(left >= (1 - MOST_HIDDEN) * np.array(areas)):
            return shape
    return None


def _paint(random: np.random.Generator, behind: Colours) -> Colours:
    """A colour that stands out from what is behind, with a little texture of its own: float32 (N, 3)."""
    colour = random.uniform(0, 255, 3)
    for _ in range(20):
        if np.linalg.norm(colour - behind.mean(0)) >= LEAST_CONTRAST:
            break
        colour = random.uniform(0, 255, 3)
    texture = random.standard_normal(behind.shape, np.float32) * random.uniform(0, 8)
    return (texture + colour).astype(np.float32)
