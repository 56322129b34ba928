"""What a data set says of one picture, and the reader that turns pictures and what is said of them into samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxwright import files, imaging
from boxwright.formats import orientation
from boxwright.formats.sample import Sample


@dataclass(frozen=True, eq=False)
class Annotation:
    """The objects of one picture as its data set states them.

    Attributes:
        boxes: float32 (N, 4) xyxy, in pixels of the stated size; or, where `normalised`, in shares (0..1) of the
            picture's sides.
        labels: int64 (N,), 0-based inner labels.
        crowd: bool (N,).
        size: the (width, height) that the data set states, or None.
        normalised: whether boxes are shares instead of pixels.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    size: tuple[int, int] | None = None
    normalised: bool = False


def annotation(
    boxes: ArrayLike,
    labels: ArrayLike,
    crowd: ArrayLike | None = None,
    *,
    size: tuple[int, int] | None = None,
    normalised: bool = False,
) -> Annotation:
    """An `Annotation` from plain lists; no crowds when `crowd` is None."""
    numbers = np.asarray(labels, np.int64).reshape(-1)
    flags = np.zeros(len(numbers), np.bool_) if crowd is None else np.asarray(crowd, np.bool_).reshape(-1)
    return Annotation(np.asarray(boxes, np.float32).reshape(-1, 4), numbers, flags, size, normalised)


def to_sample(source: str, encoded: bytes, said: Annotation) -> Sample:
    """Join a picture and its annotation, with boxes in pixels of the stored picture.

    A picture whose header cannot be read gives a sample of width and height 0, so that one bad picture is reported
    with its name instead of stopping the set; its normalised boxes are scaled by the stated size, or are all 0.
    """
    try:
        header = imaging.header(encoded)
    except ValueError:
        width, height = said.size or (0, 0)
        boxes = _scaled(said.boxes, width, height) if said.normalised else said.boxes
        return Sample(source, encoded, 0, 0, boxes, said.labels, said.crowd)
    boxes = said.boxes
    rotated = said.size is not None and orientation.drawn_on_rotated(said.size, header)
    if said.normalised:
        sides = (header.height, header.width) if rotated else (header.width, header.height)
        boxes = _scaled(boxes, *sides)
    if rotated:
        boxes = orientation.to_stored(boxes, header)
    return Sample(source, encoded, header.width, header.height, boxes, said.labels, said.crowd)


def _scaled(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    return (boxes.astype(np.float64) * [width, height, width, height]).astype(np.float32)


def shares(sample: Sample) -> NDArray[np.float64]:
    """Boxes of a sample as xyxy shares (0..1) of its picture's sides, float64 (N, 4).

    Raises:
        ValueError: the sample has boxes, and its picture has no readable size to divide them by.
    """
    if len(sample.boxes) and not (sample.width > 0 and sample.height > 0):
        raise ValueError(
            f"{sample.source}: boxes are stored as shares of the picture's sides, and the picture is unreadable; "
            "repair it or leave it out"
        )
    sides = np.array([sample.width, sample.height] * 2, np.float64)
    return sample.boxes.astype(np.float64) / np.maximum(sides, 1)


class Annotations(Protocol):
    """A sequence of annotations, which may be made when asked for."""

    def __getitem__(self, index: int, /) -> Annotation: ...


class AnnotatedPictures:
    """Samples whose pictures are files of their own; a picture is read when its sample is asked for."""

    def __init__(self, sources: Sequence[str], paths: Sequence[str], annotations: Annotations) -> None:
        """Take names for messages, picture files and annotations, one of each for a sample."""
        self._sources, self._paths, self._annotations = sources, paths, annotations
        self.at_once = files.at_once(paths)

    def __len__(self) -> int:
        return len(self._paths)

    def path(self, index: int) -> str:
        """The file of a picture."""
        return self._paths[index]

    def __getitem__(self, index: int) -> Sample:
        source, path = self._sources[index], self._paths[index]
        try:
            encoded = files.read_bytes(path)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{source}: the data set lists this picture, but there is no file {path!r}; "
                "restore it or take it out of the annotations"
            ) from error
        return to_sample(source, encoded, self._annotations[index])
