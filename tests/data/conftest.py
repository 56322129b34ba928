"""Drawn rectangles, one plain colour each, whose true extents can be found again in any picture made from them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from boxwright.data.labelled import Labelled

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float32]

PAPER = (255, 255, 255)
COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]], np.uint8)
"""Colours of labels 0..3, far from each other, from the paper and from the padding."""


@dataclass(frozen=True)
class Drawing:
    """Draws rectangles with whole corners, and finds them."""

    def draw(self, boxes: Sequence[Sequence[int]], size: tuple[int, int]) -> Labelled:
        """Box `i` in colour `i` on a picture of `size` = (height, width)."""
        picture = np.full((*size, 3), PAPER, np.uint8)
        for index, (left, top, right, bottom) in enumerate(boxes):
            picture[top:bottom, left:right] = COLOURS[index]
        return Labelled(picture, np.array(boxes, np.float32).reshape(-1, 4), np.arange(len(boxes)))

    def share(self, picture: Pixels, label: int, behind: Sequence[int] = PAPER) -> NDArray[np.float64]:
        """How much of each pixel is of the label's colour and not of what is behind it, about 0..1, (H, W)."""
        towards = COLOURS[label].astype(float) - behind
        return np.asarray((picture - np.array(behind, float)) @ towards / (towards @ towards))

    def extent(self, picture: Pixels, label: int) -> Boxes | None:
        """The xyxy extent of pixels nearer to the label's colour than to any other, None without such pixels."""
        others = np.array([*COLOURS, PAPER, (124, 116, 104), (128, 128, 128)], float)
        distance = ((picture[:, :, None] - others) ** 2).sum(3)
        rows, columns = np.nonzero(distance.argmin(2) == label)
        if not len(rows):
            return None
        return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)


@pytest.fixture(scope="session")
def drawing() -> Drawing:
    return Drawing()


@dataclass(frozen=True)
class StoredPictures:
    """Encoded pictures in memory with their boxes, as training reads them."""

    samples: tuple[tuple[bytes, Boxes, NDArray[np.int64]], ...]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[bytes, Boxes, NDArray[np.int64]]:
        return self.samples[index]


def stored(shades: Sequence[int], boxes: Sequence[int] | None = None) -> StoredPictures:
    """Plain PNG pictures of 24 x 16 pixels and these shades; picture `i` has `boxes[i]` boxes of label 0, 1, ..."""
    samples = []
    for index, shade in enumerate(shades):
        count = boxes[index] if boxes else 1
        buffer = io.BytesIO()
        Image.new("RGB", (24, 16), (shade, shade, shade)).save(buffer, "PNG")
        left = np.arange(count, dtype=np.float32)
        samples.append((buffer.getvalue(), np.stack([left, left * 0, left + 9, left * 0 + 8], 1), np.arange(count)))
    return StoredPictures(tuple(samples))


@pytest.fixture(scope="session")
def store() -> object:
    """Function: shades (and numbers of boxes) -> pictures in memory."""
    return stored
