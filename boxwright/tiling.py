"""Large pictures as overlapping tiles: where the tiles lie, and how what was found in each becomes one answer.

Training, evaluation and serving cut by the same `Tiling`, so that a network meets objects at one scale. Akyon et al.
2022, "Slicing Aided Hyper Inference and Fine-tuning for Small Object Detection" (arXiv 2202.06934), measure what both
sides of that are worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from boxwright import imaging
from boxwright.spec.training import DataSpec, TrainSpec

COVERED_SHARE = 0.5
"""A box that a tile's border cut is dropped when more than this share of it lies in a box of another tile.

Slicing as published divides the intersection of any two boxes by the smaller one, from 0.5 on. Here only boxes at a
border are judged so: a small object before a large one of its class is nobody's remainder.
"""

BORDER_SHARE = 0.01
"""A box that ends within this share of a tile's side from the tile's border counts as cut; boxes are not that exact."""

MOST_TILES = 1000
"""Tiles of a picture; more would take minutes, and gigabytes to prepare."""

CANDIDATES = 1000
"""Boxes of a picture that enter the merging, as many as enter a detector's own suppression; or where that is more,
four times those reported, since four tiles may show one place."""


class Window(NamedTuple):
    """A rectangle in whole pixels of a stored picture's frame."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.bottom - self.top, self.right - self.left

    def cut(self, picture: imaging.Picture) -> imaging.Picture:
        """The window's part of a picture, uint8 (H, W, 3): a view, not a copy."""
        return picture[self.top : self.bottom, self.left : self.right]

    def to_window(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Move xyxy boxes (N, 4) from pixels of the picture to pixels of the window; nothing is clipped."""
        return np.asarray(boxes - self._corner, np.float32)

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Move xyxy boxes (N, 4) from pixels of the window to pixels of the picture."""
        return np.asarray(boxes + self._corner, np.float32)

    @property
    def _corner(self) -> NDArray[np.float32]:
        return np.array([self.left, self.top] * 2, np.float32)


def tiles(height: int, width: int, tile: int, overlap: float) -> tuple[Window, ...]:
    """Windows that cover a picture, row by row.

    Args:
        height, width: of the picture in pixels.
        tile: side of a window in pixels; 0 gives the whole picture as one.
        overlap: share of a window's side, 0 <= overlap < 1, that it has in common with the one before it; the last of a
            row or column has more, as it is moved back to end where the picture does.

    Returns:
        windows of `tile` x `tile` pixels, or as long as the picture where that is shorter.

    Raises:
        ValueError: more than `MOST_TILES`.
    """
    if not tile:
        return (Window(0, 0, width, height),)
    rows, columns = (_spans(length, tile, overlap) for length in (height, width))
    if len(rows) * len(columns) > MOST_TILES:
        raise ValueError(
            f"a picture of {width} x {height} px has {len(rows) * len(columns):,} tiles of {tile} px that overlap by "
            f"{overlap:g}, and at most {MOST_TILES:,} are cut; give a larger tile or a smaller overlap"
        )
    return tuple(Window(left, top, right, bottom) for top, bottom in rows for left, right in columns)


def _spans(length: int, tile: int, overlap: float) -> list[tuple[int, int]]:
    if length <= tile:
        return [(0, length)]
    step = max(1, round(tile * (1 - overlap)))
    last = length - tile
    starts = [*range(0, last, step), last]
    return [(start, start + tile) for start in starts]


class Boxes(NamedTuple):
    """Boxes with what they show.

    Attributes:
        boxes: float32 (N, 4) xyxy in pixels.
        scores: float32 (N,) in [0, 1].
        labels: int64 (N,), 0-based.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture on the model's canvases.

    Attributes:
        canvases: uint8 (n, H, W, 3) RGB, one for each window.
        windows: the parts of the picture that they show.
        placements: where each part lies on its canvas.
    """

    canvases: NDArray[np.uint8]
    windows: tuple[Window, ...]
    placements: tuple[imaging.Placement, ...]


def _told(fault: ErrorDetails) -> str:
    if fault["type"] == "value_error":  # our own words, which say what was got
        return f"{fault['loc'][0]}: {fault['ctx']['error']}"
    return f"{fault['loc'][0]}: {fault['msg']}, got {fault['input']!r}"


@dataclass(frozen=True)
class Tiling:
    """How pictures are cut, and what becomes of boxes that several tiles found.

    Attributes:
        tile: side in pixels of the stored picture; 0 leaves pictures whole.
        overlap: share of a tile's side that it has in common with the next.
        iou_threshold: boxes of a class that overlap a better one by more are dropped.
        limit: most boxes of a picture.
    """

    tile: int = 0
    overlap: float = 0.2
    iou_threshold: float = 0.5
    limit: int = 100

    @classmethod
    def of(cls, spec: TrainSpec, tile: int | None = None, overlap: float | None = None) -> Self:
        """The tiling of a run, which suppresses as its detector does; another tile or overlap where given.

        Raises:
            ValueError: they are not what `boxwright.spec.training.DataSpec` takes.
        """
        other = {name: value for name, value in (("tile", tile), ("overlap", overlap)) if value is not None}
        try:
            data = DataSpec.model_validate({**spec.data.model_dump(), **other})
        except ValidationError as error:
            raise ValueError("; ".join(map(_told, error.errors()))) from error
        return cls(data.tile, data.overlap, spec.model.nms_iou_threshold, spec.model.max_num_bboxes_in_prediction)

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """The windows of a picture of that size in pixels; see `tiles`."""
        return tiles(height, width, self.tile, self.overlap)

    def prepare(self, picture: imaging.Picture, size: tuple[int, int]) -> Prepared:
        """Cut a picture, uint8 (H, W, 3) RGB, and letterbox each window to `size` = (height, width) of the canvas."""
        windows = self.windows(picture.shape[0], picture.shape[1])
        placed = [imaging.letterbox(window.cut(picture), size) for window in windows]
        return Prepared(np.stack([canvas for canvas, _ in placed]), windows, tuple(place for _, place in placed))

    def merge(self, windows: Sequence[Window], found: Sequence[Boxes]) -> Boxes:
        """One answer from those of all windows of a picture: suppression within each class, over all tiles.

        Boxes that no border cut come first, then the others, each by score; a box is dropped where it overlaps one
        before it by more than `iou_threshold`, or where a border cut it and more than `COVERED_SHARE` of it lies in one
        of another window. What is kept has the best score of those that it stands for.

        Args:
            windows: all windows of the picture, in any order.
            found: what each shows, in pixels of the window, already suppressed within it.

        Returns:
            at most `limit` boxes in pixels of the picture, best first.
        """
        if len(windows) == 1:
            return found[0]
        return _suppressed(_gathered(windows, found), self)


WHOLE = Tiling()
"""Pictures are not cut."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Boxes (N, 4) in pixels of the picture, the window that found each, and whether the window's border cut it."""

    found: Boxes
    window: NDArray[np.int64]
    cut: NDArray[np.bool_]

    def at(self, rows: NDArray[np.int64]) -> "_Rows":
        boxes, scores, labels = self.found
        return _Rows(Boxes(boxes[rows], scores[rows], labels[rows]), self.window[rows], self.cut[rows])


def _gathered(windows: Sequence[Window], found: Sequence[Boxes]) -> _Rows:
    size = max(one.bottom for one in windows), max(one.right for one in windows)
    return _Rows(
        Boxes(
            np.concatenate([one.to_picture(each.boxes) for one, each in zip(windows, found, strict=True)]),
            np.concatenate([each.scores for each in found]),
            np.concatenate([each.labels for each in found]),
        ),
        np.repeat(np.arange(len(found)), [len(each.scores) for each in found]),
        np.concatenate([_is_cut(each.boxes, one, size) for one, each in zip(windows, found, strict=True)]),
    )


def _is_cut(boxes: NDArray[np.float32], window: Window, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether boxes (N, 4) in pixels of the window end at a border of it that is none of the picture."""
    height, width = window.shape
    near = np.array([width, height]) * BORDER_SHARE
    low = (boxes[:, :2] <= near) & (np.array([window.left, window.top]) > 0)
    high = (boxes[:, 2:] >= [width, height] - near) & (np.array([window.right, window.bottom]) < size[::-1])
    return np.asarray((low | high).any(1), np.bool_)


def _suppressed(rows: _Rows, tiling: Tiling) -> Boxes:
    rows = rows.at(np.argsort(-rows.found.scores, kind="stable")[: max(CANDIDATES, 4 * tiling.limit)])
    rows = rows.at(np.argsort(rows.cut, kind="stable"))
    boxes, scores, labels = rows.found
    kept, scores = np.ones(len(scores), np.bool_), scores.copy()
    for row in range(len(kept)):
        if kept[row]:
            after = row + 1 + np.flatnonzero(kept[row + 1 :] & (labels[row + 1 :] == labels[row]))
            iou, covered = _overlaps(boxes[row], boxes[after])
            remainder = rows.cut[after] & (rows.window[after] != rows.window[row]) & (covered > COVERED_SHARE)
            dropped = after[(iou > tiling.iou_threshold) | remainder]
            kept[dropped] = False
            scores[row] = max(scores[row], scores[dropped].max(initial=0))
    best = np.flatnonzero(kept)
    best = best[np.argsort(-scores[best], kind="stable")[: tiling.limit]]
    return Boxes(boxes[best], scores[best], labels[best])


def _overlaps(one: NDArray[np.float32], others: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Intersections of a box (4,) with others (N, 4), as shares of both together and of the others: (N,) each."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = (high - low).clip(min=0).prod(1)
    own, areas = (one[2:] - one[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    # Boxes without area share nothing with any.
    none = np.zeros_like(shared)
    union = np.divide(shared, own + areas - shared, out=none.copy(), where=shared > 0)
    return union, np.divide(shared, areas, out=none, where=shared > 0)
