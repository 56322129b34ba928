"""The data doctor: everything that is worth knowing about a data set before training on it."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from boxwright.dataset.duplicates import alike_groups, difference_hash, equal_groups
from boxwright.dataset.findings import Finding, find
from boxwright.dataset.observations import Histogram, Observations, PictureNote, SizeCount
from boxwright.dataset.rules import Checked, check
from boxwright.dataset.split import Gathering, Key, everything, gather_keys, join, key_of
from boxwright.dataset.summary import Summary, count, known_classes
from boxwright.formats.sample import ClassName, Dataset, Sample
from boxwright.spec.knob import Frozen

READ_AHEAD = 64
"""Samples held in memory while they are examined."""

SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",), "GIF": (".gif",), "BMP": (".bmp", ".dib")}

CHANNELS = {1: "grey", 2: "grey with alpha", 4: "4 channels"}

SIDE_EDGES = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
SHARE_EDGES = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
ASPECT_EDGES = (1 / 4, 1 / 2, 2 / 3, 0.9, 1 / 0.9, 1.5, 2.0, 4.0)
CROWD_EDGES = (1.0, 2.0, 3.0, 5.0, 9.0, 17.0, 33.0, 65.0)
COCO_EDGES = (32.0, 96.0)
"""COCO's small, medium and large, by the square root of a box's area in pixels."""


class Health(Frozen):
    """A data set's state of health: counts, what was observed, and what to do, the gravest first.

    Attributes:
        unlabelled: pictures that the data set lists without a label, and that are not used.
    """

    summary: Summary
    observations: Observations
    findings: tuple[Finding, ...]
    unlabelled: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Examined:
    """One sample seen in full.

    Attributes:
        checked: what is left of it.
        stated: the (width, height) that the data set gives for it.
        boxes: float32 (N, 4), xyxy in pixels, as the data set gives them, faulty ones too.
        key: which other samples it is the same as.
        alike: its difference hash, where it has one.
    """

    checked: Checked
    stated: tuple[int, int]
    boxes: NDArray[np.float32]
    key: Key
    alike: int | None

    @property
    def digest(self) -> str:
        """SHA-256 of the picture's bytes."""
        return self.key[0]


@dataclass(frozen=True, eq=False)
class Examination:
    """A data set's health, and each of its samples in the order of the data set."""

    health: Health
    samples: tuple[Examined, ...]


def inspect(
    dataset: Dataset,
    num_classes: int | None = None,
    *,
    near_duplicates: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Health:
    """Examine a data set, decoding every picture.

    Args:
        num_classes: K; if None, as many as the data set names, or else as its highest label asks for.
        near_duplicates: also look for pictures that are alike though their bytes differ.
        on_progress: called with the number of samples examined so far.
    """
    return examine(dataset, num_classes, near_duplicates=near_duplicates, on_progress=on_progress).health


def examine(
    dataset: Dataset,
    num_classes: int | None = None,
    *,
    near_duplicates: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Examination:
    """Examine a data set as `inspect` does, and give each sample as it was seen, too."""
    known = known_classes(dataset.classes, num_classes or len(dataset.classes) or _highest_label(dataset))
    examined = _told_of(_examine_all(dataset, len(known), near_duplicates), on_progress)
    return _examination(examined, known, dataset.unlabelled)


def examine_parts(
    parts: Sequence[Dataset], on_progress: Callable[[int], None] | None = None
) -> tuple[Examination, Gathering]:
    """Examine the distinct samples of all parts, and find these, reading every part once.

    Args:
        on_progress: called with the number of samples examined so far, of all that the parts hold.

    Raises:
        ValueError: the parts state different classes.
    """
    whole = join(parts, everything(parts))
    known = known_classes(whole.classes, len(whole.classes) or _highest_label(whole))
    examined = _told_of(_examine_all(whole, len(known), near_duplicates=True), on_progress)
    if len(parts) == 1:
        return _examination(examined, known, whole.unlabelled), everything(parts)
    sections = [examined[start:end] for start, end in pairwise((0, *accumulate(map(len, parts))))]
    gathering = gather_keys([[one.key for one in section] for section in sections])
    distinct = [sections[part][place] for part, place in gathering.places]
    return _examination(distinct, known, whole.unlabelled), gathering


def _told_of(samples: Iterator[Examined], on_progress: Callable[[int], None] | None) -> list[Examined]:
    examined = []
    for one in samples:
        examined.append(one)
        if on_progress:
            on_progress(len(examined))
    return examined


def _examination(
    examined: Sequence[Examined], known: tuple[ClassName, ...], unlabelled: tuple[str, ...]
) -> Examination:
    summary = count([one.checked for one in examined], known)
    observations = _observe(examined)
    findings = find(summary, observations, len(unlabelled))
    health = Health(summary=summary, observations=observations, findings=findings, unlabelled=unlabelled)
    return Examination(health, tuple(examined))


def _highest_label(dataset: Dataset) -> int:
    return max((int(sample.labels.max()) + 1 for sample in dataset if len(sample.labels)), default=1)


def _examine_all(dataset: Dataset, num_classes: int, near_duplicates: bool) -> Iterator[Examined]:
    """Decode on all processors what is read meanwhile; the same sample, in another part, once."""
    seen: dict[tuple[str, Key], Examined] = {}

    def look(sample: Sample) -> Examined:
        key = key_of(sample)
        found = seen.get((sample.source, key))
        if found is None:
            checked = check(sample, num_classes, decode=True)
            alike = difference_hash(sample.encoded) if near_duplicates and checked.usable else None
            found = seen[sample.source, key] = Examined(
                checked, (sample.width, sample.height), sample.boxes, key, alike
            )
        return found

    samples = iter(dataset)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while some := list(islice(samples, READ_AHEAD)):
            yield from pool.map(look, some)


def _observe(examined: Sequence[Examined]) -> Observations:
    checked = [one.checked for one in examined]
    # Broken pictures, such as empty files, may be equal; they are told as broken, and cannot be shown side by side.
    exact = equal_groups([one.digest if one.checked.usable else None for one in examined])
    repeats = {index for group in exact for index in group[1:]}
    alike = alike_groups([None if index in repeats else one.alike for index, one in enumerate(examined)])
    return Observations(
        picture_sizes=_picture_sizes(checked),
        formats=dict(Counter(one.header.format for one in checked if one.header).most_common()),
        rotated=_notes(checked, _rotation),
        misnamed=_notes(checked, _misnaming),
        not_rgb=_notes(checked, _channels),
        resized=tuple(
            PictureNote(sample=index, source=one.checked.source, note=note)
            for index, one in enumerate(examined)
            if (note := _size_difference(one))
        ),
        duplicates=exact,
        near_duplicates=alike,
        crowd_boxes=sum(int(one.crowd.sum()) for one in checked),
        **_histograms(checked),
    )


def _notes(checked: Sequence[Checked], remark: Callable[[Checked], str]) -> tuple[PictureNote, ...]:
    return tuple(
        PictureNote(sample=index, source=one.source, note=note)
        for index, one in enumerate(checked)
        if (note := remark(one))
    )


def _rotation(one: Checked) -> str:
    orientation = one.header.orientation if one.header else 1
    return f"EXIF orientation {orientation}" if orientation in range(2, 9) else ""


def _channels(one: Checked) -> str:
    return CHANNELS.get(one.header.channels, "") if one.header else ""


def _misnaming(one: Checked) -> str:
    suffix = PurePath(one.source).suffix.lower()
    known = suffix in (name for names in SUFFIXES.values() for name in names)
    if one.header is None or not known or suffix in SUFFIXES[one.header.format]:
        return ""
    return f"{one.header.format} named {suffix}"


def _size_difference(one: Examined) -> str:
    actual = (one.checked.width, one.checked.height)
    if not one.checked.usable or one.stated == actual:
        return ""
    return f"stated as {one.stated[0]} x {one.stated[1]}, is {actual[0]} x {actual[1]}"


def _picture_sizes(checked: Sequence[Checked]) -> tuple[SizeCount, ...]:
    sizes = Counter((one.width, one.height) for one in checked if one.usable)
    return tuple(SizeCount(width=w, height=h, pictures=number) for (w, h), number in sizes.most_common())


def _histograms(checked: Sequence[Checked]) -> dict[str, Histogram]:
    """Histograms of kept boxes; sizes are square roots of areas."""
    usable = [one for one in checked if one.usable]
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(one.boxes for one in usable)]).astype(np.float64)
    areas = np.array([one.width * one.height for one in usable], np.float64)
    numbers = np.array([len(one.boxes) for one in usable], np.int64)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    sides = np.sqrt(width * height)
    return {
        "coco_sizes": histogram(sides, COCO_EDGES),
        "box_sides": histogram(sides, SIDE_EDGES),
        "box_shares": histogram(np.sqrt(width * height / np.repeat(areas, numbers)), SHARE_EDGES),
        "aspects": histogram(width / height, ASPECT_EDGES),
        "boxes_a_picture": histogram(numbers.astype(np.float64), CROWD_EDGES),
    }


def histogram(values: NDArray[np.float64], edges: Sequence[float]) -> Histogram:
    """Count values below the first edge, from each edge up to the next, and from the last edge on."""
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return Histogram(edges=tuple(edges), counts=tuple(counts.tolist()))
