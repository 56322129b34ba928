"""Tiles of labelled pictures: which there are, and which boxes each shows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from boxwright.data.labelled import VISIBLE_SHARE, clip_boxes
from boxwright.dataset.rules import Checked
from boxwright.formats.sample import ClassName
from boxwright.tiling import Tiling, Window


class Tile(NamedTuple):
    """A window of one picture of several, which `picture` counts from 0."""

    picture: int
    window: Window


def tiles_of(samples: Sequence[Checked], tiling: Tiling) -> tuple[Tile, ...]:
    """All tiles of pictures, in order."""
    sizes = ((sample.height, sample.width) for sample in samples)
    return tuple(Tile(index, window) for index, size in enumerate(sizes) for window in tiling.windows(*size))


def shown(samples: Sequence[Checked], tiling: Tiling) -> list[Checked]:
    """Each tile of each usable picture as if it were a picture; the pictures themselves where they are left whole."""
    usable = [sample for sample in samples if sample.usable]
    if not tiling.tile:
        return usable
    return [_shown(usable[tile.picture], tile.window) for tile in tiles_of(usable, tiling)]


def _shown(sample: Checked, window: Window) -> Checked:
    height, width = window.shape
    rows = np.arange(len(sample.labels))
    boxes, kept = clip_boxes(window.to_window(sample.boxes), rows, window.shape)
    return replace(
        sample, width=width, height=height, boxes=boxes, labels=sample.labels[kept], crowd=sample.crowd[kept]
    )


def require_tiles_that_show_objects(
    samples: Sequence[Checked], tiles: Sequence[Checked], tiling: Tiling, classes: Sequence[ClassName]
) -> None:
    """Stop where objects are so large that no tile shows enough of any of a class.

    Args:
        samples, tiles: of the training pictures, before and after `shown`.

    Raises:
        ValueError: a class is lost; says which, and what to do.
    """
    lost = sorted(set(_labels(samples)) - set(_labels(tiles)))
    if lost:
        names = ", ".join(classes[label].name for label in lost)
        raise ValueError(
            f"tile={tiling.tile} is too small for the objects of {names}: no tile shows {VISIBLE_SHARE:.0%} of any; "
            "give a larger tile, or tile=0 for whole pictures"
        )


def _labels(samples: Sequence[Checked]) -> Iterator[int]:
    return (label for sample in samples for label in sample.labels.tolist())
