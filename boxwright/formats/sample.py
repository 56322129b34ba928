"""The one value that every reader yields and every writer takes: a picture with its labelled boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from boxwright.ahead import ahead


@dataclass(frozen=True)
class ClassName:
    """The outside identity of one inner label: the number and the name that users see."""

    id: int
    name: str


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled picture, as its data set states it: nothing is checked or repaired here.

    Attributes:
        source: file name or `image/source_id`; names the sample in messages.
        encoded: the picture's bytes as stored (JPEG, PNG, GIF or BMP).
        width, height: size of the stored picture in pixels (before any EXIF rotation).
        boxes: float32 (N, 4), xyxy in absolute pixels of the stored picture; may hold faulty values.
        labels: int64 (N,), 0-based inner labels; values outside `0..K-1` are faulty.
        crowd: bool (N,), True where the box surrounds a group (ignored in training, COCO `iscrowd`).
        mask: encoded class-index PNG, or None.
    """

    source: str
    encoded: bytes = field(repr=False)
    width: int
    height: int
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    mask: bytes | None = field(default=None, repr=False)


class SampleReader(Protocol):
    """Random access to samples; a sample is read (and its picture loaded) when it is asked for.

    Threads may ask at the same time. A reader may say by an attribute `at_once` how many are best asked for so.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...


def at_once(reader: object) -> int:
    """How many samples of a reader are best read at a time: several where each waits for an object store."""
    return int(getattr(reader, "at_once", 1))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with the class map that their labels refer to: inner label `i` is `classes[i]`.

    `classes` is empty when the format does not state them (bare TFRecord files). `unlabelled` names the pictures that
    are listed but not labelled yet, which are not among the samples: without labels they would pass for background.
    """

    samples: SampleReader
    classes: tuple[ClassName, ...]
    unlabelled: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return ahead(self.samples.__getitem__, range(len(self.samples)), at_once(self.samples))


def no_boxes() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Boxes, labels and crowd flags of a picture without objects."""
    return np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.bool_)


def numbered_classes(count: int) -> tuple[ClassName, ...]:
    """Classes `1..count` named by their number, for data that states no names."""
    return tuple(ClassName(number, str(number)) for number in range(1, count + 1))


def named_classes(names: Sequence[str]) -> tuple[ClassName, ...]:
    """Classes `1..K` in the order of `names`."""
    return tuple(ClassName(number, name) for number, name in enumerate(names, 1))
