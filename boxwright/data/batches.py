"""Batches of labelled pictures, each a pure function of the seed and its number: a run can be resumed exactly."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from boxwright import imaging
from boxwright.ahead import ahead
from boxwright.data.augmentation import augment
from boxwright.data.labelled import Labelled, seen_in
from boxwright.data.tiles import Tile
from boxwright.formats.sample import at_once
from boxwright.spec.training import AugmentationSpec


class LabelledPictures(Protocol):
    """Random access to encoded pictures with their checked boxes."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[bytes, NDArray[np.float32], NDArray[np.int64]]:
        """Encoded picture, boxes (N, 4) xyxy pixels of the stored picture, labels (N,)."""
        ...


@dataclass(frozen=True)
class Batch:
    """Pictures on the model's canvas.

    Attributes:
        images: uint8 (N, H, W, 3) RGB.
        boxes: float32 (N, G, 4) xyxy canvas pixels, padded to the largest count.
        labels: int64 (N, G), 0-based; -1 marks padding.
        placements: where each stored picture, or tile of one, lies on the canvas; empty for augmented pictures.
        sizes: (height, width) of each stored picture or tile in pixels; empty for augmented pictures.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    placements: tuple[imaging.Placement, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()


def collate(samples: Sequence[Labelled]) -> Batch:
    """Stack pictures of equal size and pad their boxes."""
    most = max((len(sample.labels) for sample in samples), default=0)
    boxes = np.zeros((len(samples), most, 4), np.float32)
    labels = np.full((len(samples), most), -1, np.int64)
    for row, sample in enumerate(samples):
        boxes[row, : len(sample.boxes)] = sample.boxes
        labels[row, : len(sample.labels)] = sample.labels
    images = np.stack([sample.picture for sample in samples])
    return Batch(torch.from_numpy(images), torch.from_numpy(boxes), torch.from_numpy(labels))


@dataclass(frozen=True)
class TrainingBatches:
    """Shuffled, augmented batches without end.

    Attributes:
        size: canvas (height, width) in pixels.
        most_boxes: boxes of a picture above this number are left out, at random.
        tiles: samples in the place of whole pictures; a picture is decoded for each of its tiles.
    """

    pictures: LabelledPictures
    size: tuple[int, int]
    batch_size: int
    augmentation: AugmentationSpec
    seed: int
    most_boxes: int
    tiles: Sequence[Tile] = ()

    @property
    def samples(self) -> int:
        """Pictures, or tiles of them, of an epoch."""
        return len(self.tiles or self.pictures)

    def __getitem__(self, step: int) -> Batch:
        """The batch of 0-based `step`."""
        positions = range(step * self.batch_size, (step + 1) * self.batch_size)
        indices = [self._index(position) for position in positions]
        whole = _decoded(self.pictures, [self.tiles[one].picture for one in indices] if self.tiles else indices)
        if self.tiles:
            whole = (seen_in(one, self.tiles[index].window) for one, index in zip(whole, indices, strict=True))
        return collate([self._view(sample, position) for sample, position in zip(whole, positions, strict=True)])

    def _index(self, position: int) -> int:
        epoch, place = divmod(position, self.samples)
        return int(_order(self.seed, epoch, self.samples)[place])

    def _view(self, sample: Labelled, position: int) -> Labelled:
        rng = np.random.default_rng((self.seed, 1, position))
        view = augment(sample, self.size, self.augmentation, rng)
        if len(view.labels) > self.most_boxes:
            kept = rng.permutation(len(view.labels))[: self.most_boxes]
            view = Labelled(view.picture, view.boxes[kept], view.labels[kept])
        return view


def _decoded(pictures: LabelledPictures, indices: Sequence[int]) -> Iterator[Labelled]:
    """Pictures, read ahead of their decoding where they are far away."""
    for encoded, boxes, labels in ahead(pictures.__getitem__, indices, at_once(pictures)):
        yield Labelled(imaging.decode(encoded), boxes, labels)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of `count` samples in an epoch; threads near an epoch's end need two at once."""
    return np.random.default_rng((seed, 0, epoch)).permutation(count)


def evaluation_batches(
    pictures: LabelledPictures, count: int, size: tuple[int, int], batch_size: int
) -> Iterator[Callable[[], Batch]]:
    """The first `count` pictures in order, letterboxed; each batch is made when it is called for."""

    def make(first: int) -> Batch:
        return _letterboxed(_decoded(pictures, range(first, min(first + batch_size, count))), size)

    return (partial(make, first) for first in range(0, count, batch_size))


def tile_batches(
    pictures: LabelledPictures, tiles: Sequence[Tile], size: tuple[int, int], batch_size: int
) -> Iterator[Callable[[], Batch]]:
    """The tiles in order, letterboxed, as `evaluation_batches`; each batch decodes its pictures once."""

    def make(first: int) -> Batch:
        chosen = tiles[first : first + batch_size]
        seen = list(dict.fromkeys(tile.picture for tile in chosen))
        whole = dict(zip(seen, _decoded(pictures, seen), strict=True))
        return _letterboxed((seen_in(whole[tile.picture], tile.window) for tile in chosen), size)

    return (partial(make, first) for first in range(0, len(tiles), batch_size))


def _letterboxed(samples: Iterable[Labelled], size: tuple[int, int]) -> Batch:
    """A batch of whole pictures or tiles; one at a time is held in its stored size."""
    drawn, placements, sizes = [], [], []
    for sample in samples:
        canvas, placement = imaging.letterbox(sample.picture, size)
        drawn.append(Labelled(canvas, placement.to_canvas(sample.boxes), sample.labels))
        placements.append(placement)
        sizes.append((sample.picture.shape[0], sample.picture.shape[1]))
    return replace(collate(drawn), placements=tuple(placements), sizes=tuple(sizes))


def prefetch(makers: Iterator[Callable[[], Batch]], *, workers: int, depth: int = 4) -> Iterator[Batch]:
    """Make batches ahead of their use, in order, on `workers` threads; at most `depth` wait."""
    with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
        waiting: deque[Future[Batch]] = deque()
        try:
            for make in makers:
                waiting.append(pool.submit(make))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
