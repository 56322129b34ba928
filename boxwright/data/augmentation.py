"""Random views of a training picture: scaled, placed, flipped and coloured, boxes moving exactly with the pixels.

Pictures are resized exactly as `imaging.letterbox` does it, and placed on whole pixels, so that without augmentation
training sees the very pixels that evaluation and serving see.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.data.auto_augmentation import auto_augment
from boxwright.data.labelled import Labelled, clip_boxes
from boxwright.data.ssd_augmentation import Part, cut_out, cut_picture, distort_colours, expanded, whole
from boxwright.imaging import PAD_COLOUR, Picture, Placement, shrink, shrink_factor
from boxwright.spec.training import AugmentationSpec

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


@dataclass(frozen=True)
class View:
    """How a picture lies on the canvas: first resized, then flipped, then moved.

    Attributes:
        scale: by which the picture is resized, before rounding to whole pixels.
        width, height: of the resized picture in pixels.
        left, top: canvas pixel of its first column and row; negative where it is cropped.
        mirrored, inverted: flipped left to right, upside down.
    """

    scale: float
    width: int
    height: int
    left: int = 0
    top: int = 0
    mirrored: bool = False
    inverted: bool = False


def random_view(
    shape: tuple[int, int], size: tuple[int, int], spec: AugmentationSpec, rng: np.random.Generator
) -> View:
    """A random scale around the fit into the canvas, a random place, and random flips.

    Args:
        shape: (height, width) of the picture.
        size: (height, width) of the canvas.

    Returns:
        The view; without any augmentation it is the placement of `imaging.letterbox`: top left.
    """
    scale = min(size[0] / shape[0], size[1] / shape[1]) * rng.uniform(spec.aug_scale_min, spec.aug_scale_max)
    height, width = (max(1, int(side * scale + 0.5)) for side in shape)
    left, top = (rng.uniform(0, 1, 2) * (size[1] - width, size[0] - height)).round().astype(int)
    if spec.aug_scale_min == spec.aug_scale_max == 1:
        left, top = 0, 0
    mirrored = spec.aug_rand_hflip and rng.random() < 0.5
    inverted = spec.aug_rand_vflip and rng.random() < 0.5
    return View(scale, width, height, int(left), int(top), mirrored, inverted)


def draw_view(sample: Labelled, view: View, size: tuple[int, int]) -> Labelled:
    """The view on a padded canvas of `size` = (height, width), with the boxes that are visible on it."""
    factor = min(shrink_factor(view.scale), *sample.picture.shape[:2])
    picture = shrink(sample.picture, factor)
    placement = Placement(view.width / (picture.shape[1] * factor), view.height / (picture.shape[0] * factor))
    if picture.shape[:2] != (view.height, view.width):
        resized = cv2.resize(picture, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
        picture = np.asarray(resized, np.uint8)
    boxes, labels = clip_boxes(_moved(placement.to_canvas(sample.boxes), view), sample.labels, size)
    return Labelled(_on_canvas(_flipped(picture, view), view, size), boxes, labels)


def _moved(boxes: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    x, y = boxes[:, [0, 2]], boxes[:, [1, 3]]
    if view.mirrored:
        x = view.width - x[:, ::-1]
    if view.inverted:
        y = view.height - y[:, ::-1]
    x, y = x + view.left, y + view.top
    return np.asarray(np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1), np.float32)


def _flipped(picture: Picture, view: View) -> Picture:
    if not (view.mirrored or view.inverted):
        return picture
    # OpenCV's codes: 1 left to right, 0 upside down, -1 both.
    code = 1 if not view.inverted else -1 if view.mirrored else 0
    return np.asarray(cv2.flip(picture, code), np.uint8)


def _on_canvas(picture: Picture, view: View, size: tuple[int, int]) -> Picture:
    left, top = max(0, view.left), max(0, view.top)
    seen = picture[top - view.top : size[0] - view.top, left - view.left : size[1] - view.left]
    below, right = size[0] - top - seen.shape[0], size[1] - left - seen.shape[1]
    if not (left or top or below or right):
        return np.ascontiguousarray(seen)
    drawn = cv2.copyMakeBorder(seen, top, below, left, right, cv2.BORDER_CONSTANT, value=PAD_COLOUR)
    return np.asarray(drawn, np.uint8)


def random_colour(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    """Random brightness, contrast and saturation, each by a factor within `1 -+ strength`, in one pass."""
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3)
    grey = 128.0 * (1 - contrast) * brightness
    mix = (saturation * np.eye(3) + (1 - saturation) * LUMA) * contrast * brightness
    matrix = np.concatenate([mix, np.full((3, 1), grey)], 1).astype(np.float32)
    return np.asarray(cv2.transform(picture, matrix), np.uint8)


def random_part(sample: Labelled, spec: AugmentationSpec, rng: np.random.Generator) -> Part:
    """The part of the picture, or of a larger canvas around it, that is looked at."""
    part = whole(sample)
    if spec.aug_expand_max > 1:
        part = expanded(part, spec.aug_expand_max, rng)
    return cut_out(part, sample.boxes, rng) if spec.aug_iou_crop else part


def _within(view: View, part: Part, shape: tuple[int, ...]) -> View:
    """The view of a picture of `shape` = (height, width) from the view of a part around it, in the picture's frame."""
    height, width = part.shape
    rows = [int(round(y * view.height / height)) for y in (-part.top, shape[0] - part.top)]
    columns = [int(round(x * view.width / width)) for x in (-part.left, shape[1] - part.left)]
    top = view.height - rows[1] if view.inverted else rows[0]
    left = view.width - columns[1] if view.mirrored else columns[0]
    return replace(
        view,
        width=max(1, columns[1] - columns[0]),
        height=max(1, rows[1] - rows[0]),
        left=view.left + left,
        top=view.top + top,
    )


def augment(sample: Labelled, size: tuple[int, int], spec: AugmentationSpec, rng: np.random.Generator) -> Labelled:
    """A random view of a labelled picture on a canvas of `size` = (height, width).

    The result is a pure function of the arguments and of the generator's state.
    """
    if spec.auto_augmentation:
        sample = auto_augment(sample, rng)
    part = random_part(sample, spec, rng)
    view = random_view(part.shape, size, spec, rng)
    sample, part = cut_picture(sample, part)
    seen = draw_view(sample, _within(view, part, sample.picture.shape[:2]), size)
    if spec.aug_photometric:
        seen = replace(seen, picture=distort_colours(seen.picture, rng))
    if spec.aug_color:
        seen = replace(seen, picture=random_colour(seen.picture, spec.aug_color, rng))
    return seen
