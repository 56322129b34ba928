"""Boxes as SageMaker and Ground Truth state them, alone in a file or within a line of a manifest.

`{"image_size": [{width, height, depth}], "annotations": [{class_id, left, top, width, height}]}`, in pixels from the
top left. Class ids count from 0 without gaps, and `ClassName.id` keeps them. The service takes pictures of depth 3
only.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from boxwright import imaging
from boxwright.formats.annotation import Annotation, annotation
from boxwright.formats.sample import ClassName, Sample

UNKNOWN_CLASS = -1
"""Class id that is written for a label outside 0..K-1, so that the fault stays visible."""

MAX_TOLD = 5
"""So many faults are named in one message."""

_SIDES = ("left", "top", "width", "height")


@dataclass(frozen=True)
class StatedBoxes:
    """What is stated of one picture: xyxy boxes in pixels, the class id of each, (width, height) or None."""

    boxes: list[list[float]]
    ids: list[int]
    size: tuple[int, int] | None

    def annotation(self, num_classes: int) -> Annotation:
        """As an `Annotation`; ids outside 0..K-1 get label -1."""
        labels = [number if 0 <= number < num_classes else -1 for number in self.ids]
        return annotation(self.boxes, labels, size=self.size)


def parse(content: object) -> StatedBoxes:
    """Read `image_size` (which may be missing) and `annotations`.

    Raises:
        ValueError: a field is missing or no number; says which, without the file's name.
    """
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        raise ValueError(f"needs a list 'annotations', which is empty without objects, got {_short(content)}")
    boxes, ids = [], []
    for number, one in enumerate(content["annotations"]):
        try:
            left, top, width, height = (float(one[side]) for side in _SIDES)
            ids.append(whole(one["class_id"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"annotations[{number}] needs numbers {', '.join(_SIDES)} and a whole 'class_id', got {_short(one)}"
            ) from error
        boxes.append([left, top, left + width, top + height])
    return StatedBoxes(boxes, ids, _size(content.get("image_size")))


def whole(value: Any) -> int:
    """A whole number, also as text. Raises: TypeError, ValueError: it is none."""
    number = float(value)
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"{value!r} is no whole number")
    return int(number)


def _size(stated: object) -> tuple[int, int] | None:
    if stated is None:
        return None
    first = stated[0] if isinstance(stated, list) and stated else stated
    try:
        return whole(first["width"]), whole(first["height"])  # type: ignore[index]  # told below if it is no dict
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"'image_size' must be [{{width, height, depth}}], got {_short(stated)}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."


def add_names(known: dict[int, str], named: Iterable[tuple[object, object]]) -> None:
    """Add pairs of class id and name to those known.

    Raises:
        ValueError: an id is no whole number, or has another name already.
    """
    for key, value in named:
        try:
            number, name = whole(key), str(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"class id {key!r} must be a whole number") from error
        if known.setdefault(number, name) != name:
            raise ValueError(f"class id {number} is named {name!r}, and {known[number]!r} before; use one name")


def joined_class_map(
    stated: Iterable[tuple[str, Iterable[int], Iterable[tuple[object, object]]]],
    labels: Sequence[ClassName],
    path: str,
) -> tuple[ClassName, ...]:
    """The classes of a data set whose pictures each state their own.

    Args:
        stated: of each picture: where it says so, class ids of its boxes, pairs of class id and name.
        labels, path: see `class_map`.

    Raises:
        ValueError: see `add_names`, with the place, and `class_map`.
    """
    named, used = dict[int, str](), set[int]()
    for where, ids, names in stated:
        used.update(ids)
        try:
            add_names(named, names)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return class_map(used, named, labels, path)


def class_map(
    used: Iterable[int], named: Mapping[int, str], labels: Sequence[ClassName], path: str
) -> tuple[ClassName, ...]:
    """Classes of stored ids 0..K-1, which are 1..K outside.

    Those of a labels file, else those in use or named; one without a name is named by its stored id.

    Args:
        used: class ids of boxes; negative ones are faulty and left to the data doctor.
        named: names that the data states.
        labels: names of a labels file in their order, or nothing.
        path: the data set, for messages.

    Raises:
        ValueError: ids have gaps and no labels file fills them, or the labels file contradicts the data.
    """
    if labels:
        return _by_labels(named, [found.name for found in labels], path)
    ids = {number for number in (*used, *named) if number >= 0}
    count = max(ids, default=-1) + 1
    missing = next((number for number in range(count) if number not in ids), None)
    if missing is not None:
        raise ValueError(
            f"{path}: class ids count from 0 without gaps, and {missing} is neither used nor named; there are "
            f"{', '.join(map(str, sorted(ids)[:20]))}. Number them 0..{len(ids) - 1}, or name all classes in the data "
            "or in a labels file"
        )
    return tuple(ClassName(number + 1, named.get(number, str(number))) for number in range(count))


def _by_labels(named: Mapping[int, str], labels: list[str], path: str) -> tuple[ClassName, ...]:
    for number, name in sorted(named.items()):
        if 0 <= number < len(labels) and labels[number] != name:
            raise ValueError(
                f"{path}: class id {number} is {name!r} in the data and {labels[number]!r} in the labels file, whose "
                f"line {number + 1} names it; put the names into the order of the ids"
            )
    return tuple(ClassName(number, name) for number, name in enumerate(labels, 1))


def told(faults: Sequence[str], path: str) -> str:
    """One message for all faults of a data set."""
    more = f"\n  and {len(faults) - MAX_TOLD} more" if len(faults) > MAX_TOLD else ""
    return f"{path}: {len(faults)} faulty:" + "".join(f"\n  {fault}" for fault in faults[:MAX_TOLD]) + more


def entry(sample: Sample, classes: Sequence[ClassName]) -> dict[str, Any]:
    """`image_size` and `annotations` of a sample; class ids are its inner labels."""
    corners = sample.boxes.astype(np.float64)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1).tolist()
    ids = [label if 0 <= label < len(classes) or not classes else UNKNOWN_CLASS for label in sample.labels.tolist()]
    return {
        "image_size": [{"width": sample.width, "height": sample.height, "depth": _depth(sample.encoded)}],
        "annotations": [
            {"class_id": number, **dict(zip(_SIDES, box, strict=True))} for number, box in zip(ids, boxes, strict=True)
        ],
    }


def _depth(encoded: bytes) -> int:
    try:
        return imaging.header(encoded).channels
    except ValueError:
        return 3
