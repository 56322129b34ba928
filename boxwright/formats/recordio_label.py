"""What MXNet puts into a RecordIO record: a header, labels and a picture; and how labels state boxes.

The header is flag (uint32), label (float32), id and id2 (uint64). Flag 0: the header's label is the only one, a class.
Flag n > 0: n float32 labels follow, then the picture. For detection these are: the width of this label header (at least
2), the width of an object (at least 5), what else the header has, and for each object: class counted from 0, xmin,
ymin, xmax, ymax as shares (0..1) of the picture's sides, and what else an object has. GluonCV's header is
4, 5, width, height. An object of which all five numbers are -1 fills up a label and is none.

Source: MXNet, `src/io/image_recordio.h`, `src/io/image_det_aug_default.cc`, `python/mxnet/recordio.py`.
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from boxwright.formats.annotation import Annotation, annotation, shares
from boxwright.formats.sample import Sample

_HEADER = struct.Struct("<IfQQ")
_LABEL = np.dtype("<f4")
_HEADER_WIDTH, _OBJECT_WIDTH = 4, 5
_FILLER = -1.0
_LARGEST_CLASS = 1 << 24
"""Whole numbers are exact in float32 up to here."""


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """A record's content.

    Attributes:
        id: number of the record, as in its `.lst` line.
        label: the only label, where `labels` is empty.
        labels: float32 (n,), flag n of the header.
        encoded: the picture's bytes.
    """

    id: int
    label: float
    labels: NDArray[np.float32]
    encoded: bytes = field(repr=False)


def unpack(record: bytes) -> ImageRecord:
    """Take a record apart.

    Raises:
        ValueError: it is shorter than its header says.
    """
    if len(record) < _HEADER.size:
        raise ValueError(
            f"an image record begins with {_HEADER.size} bytes of header, got {len(record)}; pack it again"
        )
    count, label, number, _ = _HEADER.unpack_from(record)
    picture = _HEADER.size + count * _LABEL.itemsize
    if picture > len(record):
        raise ValueError(
            f"the header states {count:,} labels, {picture:,} bytes with it, and the record has {len(record):,}; "
            "it was not packed by MXNet's rules, pack it again"
        )
    labels = np.frombuffer(record, _LABEL, count, _HEADER.size).astype(np.float32)
    return ImageRecord(number, label, labels, record[picture:])


def pack(content: ImageRecord) -> bytes:
    """The record with this content; `id2` is 0, and so is the header's label where `labels` has any."""
    count = len(content.labels)
    header = _HEADER.pack(count, 0.0 if count else content.label, content.id, 0)
    return header + content.labels.astype(_LABEL).tobytes() + content.encoded


def to_annotation(content: ImageRecord) -> Annotation:
    """The boxes that the labels state; a class that is no whole number gets label -1.

    Raises:
        ValueError: the labels are not laid out for detection.
    """
    header_width, object_width = _widths(content)
    objects = content.labels[header_width:].reshape(-1, object_width)[:, :_OBJECT_WIDTH]
    objects = objects[~(objects == _FILLER).all(axis=1)]
    classes = objects[:, 0]
    whole = (np.abs(classes) <= _LARGEST_CLASS) & (classes == np.floor(classes))
    labels = np.where(whole, classes, -1).astype(np.int64)
    size = _stated_size(content.labels[2:header_width])
    return annotation(objects[:, 1:], labels, size=size, normalised=True)


def _widths(content: ImageRecord) -> tuple[int, int]:
    count = len(content.labels)
    if not count:
        raise ValueError(
            f"the record has one label, {content.label:g}, and no boxes; "
            "pack labels of detection, with the flag --pack-label of im2rec"
        )
    widths = [float(width) for width in content.labels[:2]]
    for name, least, width in zip(("header", "object"), (2, _OBJECT_WIDTH), [*widths, 0.0], strict=False):
        if not (width >= least and width.is_integer()):
            raise ValueError(
                f"label: the {name} width must be a whole number of at least {least}, got {width:g}; labels of "
                "detection begin with header width and object width, such as 4, 5, width, height: pack them so"
            )
    header, one = int(widths[0]), int(widths[1])
    if header > count or (count - header) % one:
        raise ValueError(
            f"label: {count} numbers are not a header of {header} and objects of {one} each; "
            "correct the widths or the objects of this line of the .lst file and pack it again"
        )
    return header, one


def _stated_size(extra: NDArray[np.float32]) -> tuple[int, int] | None:
    """The (width, height) of GluonCV's header, where it is one."""
    if len(extra) != 2 or not all(side >= 1 and float(side).is_integer() for side in extra):
        return None
    return int(extra[0]), int(extra[1])


def from_sample(sample: Sample) -> NDArray[np.float32]:
    """A sample's boxes as labels with GluonCV's header, float32 (4 + 5 N,); crowds are not kept.

    A picture without objects gets one that fills up, as MXNet takes no label of fewer than 7 numbers.

    Raises:
        ValueError: the sample has boxes, and its picture has no readable size to divide them by.
    """
    objects = np.concatenate([sample.labels[:, None].astype(np.float64), shares(sample)], axis=1)
    if not len(objects):
        objects = np.full((1, _OBJECT_WIDTH), _FILLER)
    header = [_HEADER_WIDTH, _OBJECT_WIDTH, sample.width, sample.height]
    return np.concatenate([header, objects.ravel()]).astype(np.float32)
