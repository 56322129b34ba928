"""Batches of labelled pictures, each a pure function of the seed and its number: a run can be resumed exactly."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from boxwright import imaging
from boxwright.data.augmentation import augment
from boxwright.data.labelled import Labelled
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
        placements: where each stored picture lies on the canvas; empty for augmented pictures.
        sizes: (height, width) of each stored picture in pixels; empty for augmented pictures.
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
    """

    pictures: LabelledPictures
    size: tuple[int, int]
    batch_size: int
    augmentation: AugmentationSpec
    seed: int
    most_boxes: int

    def __getitem__(self, step: int) -> Batch:
        """The batch of 0-based `step`."""
        first = step * self.batch_size
        return collate([self._sample(position) for position in range(first, first + self.batch_size)])

    def _sample(self, position: int) -> Labelled:
        epoch, place = divmod(position, len(self.pictures))
        index = int(_order(self.seed, epoch, len(self.pictures))[place])
        rng = np.random.default_rng((self.seed, 1, position))
        encoded, boxes, labels = self.pictures[index]
        view = augment(Labelled(imaging.decode(encoded), boxes, labels), self.size, self.augmentation, rng)
        if len(view.labels) > self.most_boxes:
            kept = rng.permutation(len(view.labels))[: self.most_boxes]
            view = Labelled(view.picture, view.boxes[kept], view.labels[kept])
        return view


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of `count` pictures in an epoch; threads near an epoch's end need two at once."""
    return np.random.default_rng((seed, 0, epoch)).permutation(count)


def evaluation_batches(
    pictures: LabelledPictures, count: int, size: tuple[int, int], batch_size: int
) -> Iterator[Callable[[], Batch]]:
    """The first `count` pictures in order, letterboxed; each batch is made when it is called for."""

    def make(first: int) -> Batch:
        samples, placements, sizes = [], [], []
        for index in range(first, min(first + batch_size, count)):
            encoded, boxes, labels = pictures[index]
            picture = imaging.decode(encoded)
            canvas, placement = imaging.letterbox(picture, size)
            samples.append(Labelled(canvas, placement.to_canvas(boxes), labels))
            placements.append(placement)
            sizes.append((picture.shape[0], picture.shape[1]))
        return replace(collate(samples), placements=tuple(placements), sizes=tuple(sizes))

    return (partial(make, first) for first in range(0, count, batch_size))


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
