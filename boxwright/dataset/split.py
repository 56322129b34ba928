"""Split a data set into parts that show every class in the same proportions.

Iterative stratification: K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the Stratification of Multi-Label Data",
ECML PKDD 2011, algorithm 1.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from boxwright.dataset.duplicates import digest
from boxwright.formats.sample import Dataset, Sample, SampleReader, at_once

Key = tuple[str, bytes, bytes]
"""SHA-256 of a picture's bytes, and the bytes of its boxes and labels."""

EMPTY = -1_000_000
"""Stands for "shows no object", so that pictures without boxes are spread like a class."""


@dataclass(frozen=True, eq=False)
class Subset:
    """Some samples of another reader, by their places there, read when they are asked for."""

    samples: SampleReader
    indices: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def at_once(self) -> int:
        """See `sample.at_once`."""
        return at_once(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[self.indices[index]]


@dataclass(frozen=True, eq=False)
class Joined:
    """Samples of several readers, each by the number of its reader and its place there."""

    readers: tuple[SampleReader, ...]
    places: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def at_once(self) -> int:
        """See `sample.at_once`."""
        return max(map(at_once, self.readers), default=1)

    def __getitem__(self, index: int) -> Sample:
        reader, place = self.places[index]
        return self.readers[reader][place]


@dataclass(frozen=True, eq=False)
class _Unit:
    """Pictures that stay together, and the labels that they show."""

    indices: tuple[int, ...]
    labels: frozenset[int]


def split(dataset: Dataset, shares: Mapping[str, float], seed: int = 0) -> dict[str, Dataset]:
    """Split into named parts, each in the order of `dataset`.

    Pictures that are equal byte for byte fall into the same part. The same data, shares and seed give the same parts.

    Args:
        shares: name of each part and its share of the pictures; each > 0, together 1.
        seed: any number >= 0.

    Raises:
        ValueError: shares are not > 0 or do not add up to 1, or a part would be empty.
    """
    _require_shares(shares)
    units = _units(dataset)
    random = np.random.default_rng(seed)
    shuffled = [units[index] for index in random.permutation(len(units))]
    parts = _stratify(shuffled, list(shares.values()))
    empty = [name for name, part in zip(shares, parts, strict=True) if not part]
    if empty:
        raise ValueError(
            f"{len(dataset)} pictures ({len(units)} different ones) are too few for the shares {_told(shares)}: "
            f"nothing is left for {', '.join(empty)}; use fewer parts or more pictures"
        )
    return {
        name: Dataset(Subset(dataset.samples, tuple(sorted(part))), dataset.classes)
        for name, part in zip(shares, parts, strict=True)
    }


@dataclass(frozen=True)
class Gathering:
    """The distinct samples of several parts.

    Attributes:
        places: number of the part and place in it where each sample occurs first.
        parts: numbers of all parts that hold each sample.
    """

    places: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, ...], ...]


def gather(parts: Sequence[Dataset]) -> Gathering:
    """Find the distinct samples of all parts, one part after the other.

    Samples are the same if their pictures are equal byte for byte and their boxes and labels are equal. A part's own
    repeats are kept.
    """
    if len(parts) == 1:
        return everything(parts)
    return gather_keys([[key_of(one) for one in part] for part in parts])


def everything(parts: Sequence[Dataset]) -> Gathering:
    """All samples of all parts, also those that occur in several."""
    places = tuple((number, index) for number, part in enumerate(parts) for index in range(len(part)))
    return Gathering(places, tuple((number,) for number, _ in places))


def key_of(sample: Sample) -> Key:
    """What samples that are the same have in common."""
    return digest(sample.encoded), sample.boxes.tobytes(), sample.labels.tobytes()


def gather_keys(parts: Sequence[Sequence[Key]]) -> Gathering:
    """Find the distinct samples of all parts, as `gather` does, by the keys of the samples of each part."""
    taken: dict[Key, list[int]] = {}
    places: list[tuple[int, int]] = []
    found: list[list[int]] = []
    for number, keys in enumerate(parts):
        new = {key: [number] for key in keys if key not in taken}
        for key in dict.fromkeys(key for key in keys if key in taken):
            taken[key].append(number)
        for index, key in enumerate(keys):
            if key in new:
                places.append((number, index))
                found.append(new[key])
        taken |= new
    return Gathering(tuple(places), tuple(map(tuple, found)))


def join(parts: Sequence[Dataset], gathering: Gathering | None = None) -> Dataset:
    """The samples of all parts, one part after the other; a sample that occurs in several parts is taken once.

    Args:
        gathering: of these parts, where it is known.

    Raises:
        ValueError: there is no part, or the parts state different classes.
    """
    if len({part.classes for part in parts}) != 1:
        raise ValueError(f"parts to join must state the same classes, got {len(parts)} parts that do not")
    if len(parts) == 1:
        return parts[0]
    places = (gathering or gather(parts)).places
    unlabelled = dict.fromkeys(source for part in parts for source in part.unlabelled)
    samples = Joined(tuple(part.samples for part in parts), places)
    return Dataset(samples, parts[0].classes, tuple(unlabelled))


def _told(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={share:g}" for name, share in shares.items())


def _require_shares(shares: Mapping[str, float]) -> None:
    if not all(share > 0 for share in shares.values()):
        raise ValueError(f"every share must be > 0, got {_told(shares)}")
    if not math.isclose(sum(shares.values()), 1, abs_tol=1e-6):
        raise ValueError(f"shares must add up to 1, got {_told(shares) or 'none'} = {sum(shares.values()):g}")


def _units(dataset: Dataset) -> list[_Unit]:
    places: dict[str, list[int]] = {}
    labels: dict[str, set[int]] = {}
    for index, sample in enumerate(dataset):
        key = digest(sample.encoded)
        places.setdefault(key, []).append(index)
        labels.setdefault(key, set()).update(sample.labels.tolist())
    return [_Unit(tuple(places[key]), frozenset(labels[key] or {EMPTY})) for key in places]


def _stratify(units: Sequence[_Unit], shares: Sequence[float]) -> list[list[int]]:
    """Give each unit to the part that lacks its rarest label most; returns the samples of each part."""
    total = sum(len(unit.indices) for unit in units)
    left = _label_counts(units)
    wanted = [share * total for share in shares]
    wanted_of = {label: [share * number for share in shares] for label, number in left.items()}
    parts: list[list[int]] = [[] for _ in shares]
    waiting = list(units)
    while waiting:
        left = _label_counts(waiting)
        rarest = min(left, key=lambda label: (left[label], label))
        for unit in (unit for unit in waiting if rarest in unit.labels):
            part = _most_lacking(wanted_of[rarest], wanted)
            parts[part] += unit.indices
            wanted[part] -= len(unit.indices)
            for label in unit.labels:
                wanted_of[label][part] -= len(unit.indices)
        waiting = [unit for unit in waiting if rarest not in unit.labels]
    return parts


def _label_counts(units: Sequence[_Unit]) -> Counter[int]:
    counts = Counter[int]()
    for unit in units:
        for label in unit.labels:
            counts[label] += len(unit.indices)
    return counts


def _most_lacking(wanted_of_label: Sequence[float], wanted: Sequence[float]) -> int:
    return max(range(len(wanted)), key=lambda part: (round(wanted_of_label[part], 6), round(wanted[part], 6)))
