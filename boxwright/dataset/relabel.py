"""The class map of an earlier model, kept and extended by the names of a data set's classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxwright.formats.sample import ClassName, Dataset, Sample, SampleReader, at_once


@dataclass(frozen=True, eq=False)
class Relabelled:
    """Samples of another reader with other labels.

    Attributes:
        labels: int64 (K,), the new label of each old one; labels outside 0..K-1 stay outside.
        count: of the new classes.
    """

    samples: SampleReader
    labels: NDArray[np.int64]
    count: int

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def at_once(self) -> int:
        """See `sample.at_once`."""
        return at_once(self.samples)

    def __getitem__(self, index: int) -> Sample:
        sample = self.samples[index]
        known = (sample.labels >= 0) & (sample.labels < len(self.labels))
        above = sample.labels >= len(self.labels)
        labels = sample.labels + np.where(above, self.count - len(self.labels), 0)
        labels[known] = self.labels[sample.labels[known]]
        return replace(sample, labels=labels)


def extended(earlier: Sequence[ClassName], classes: Sequence[ClassName]) -> tuple[ClassName, ...]:
    """All earlier classes as they are, then those of other names, with their own ids where these are free."""
    found = list(earlier)
    taken = {one.id for one in found}
    names = {one.name for one in found}
    for one in classes:
        if one.name not in names:
            number = one.id if one.id not in taken else max(taken) + 1
            found.append(ClassName(number, one.name))
            taken.add(number)
            names.add(one.name)
    return tuple(found)


def relabelled(dataset: Dataset, classes: tuple[ClassName, ...]) -> Dataset:
    """A data set under a class map that holds all of its class names.

    A data set that states no classes is taken to be under that map already.
    """
    if not dataset.classes:
        return replace(dataset, classes=classes)
    places = {one.name: label for label, one in enumerate(classes)}
    labels = np.array([places[one.name] for one in dataset.classes], np.int64)
    return replace(dataset, samples=Relabelled(dataset.samples, labels, len(classes)), classes=classes)
