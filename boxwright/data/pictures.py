"""Pictures with the boxes that passed the rules; bytes are read when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.data.tiles import Tile, tiles_of
from boxwright.dataset.rules import Checked
from boxwright.formats.sample import Dataset, at_once
from boxwright.tiling import Tiling


@dataclass(frozen=True, eq=False)
class CheckedPictures:
    """The readable pictures of a data set.

    Attributes:
        dataset: gives the encoded pictures.
        checked: what the rules kept of each sample.
        indices: the samples that can be used, in order.
    """

    dataset: Dataset
    checked: Sequence[Checked]
    indices: tuple[int, ...]

    @classmethod
    def of(cls, dataset: Dataset, checked: Sequence[Checked]) -> "CheckedPictures":
        """All samples whose picture can be read."""
        return cls(dataset, checked, tuple(index for index, sample in enumerate(checked) if sample.usable))

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def at_once(self) -> int:
        """See `boxwright.formats.sample.at_once`."""
        return at_once(self.dataset.samples)

    def __getitem__(self, index: int) -> tuple[bytes, NDArray[np.float32], NDArray[np.int64]]:
        """Encoded picture; boxes (N, 4) xyxy pixels of the stored picture and labels (N,), without crowds."""
        place = self.indices[index]
        truth = self.checked[place]
        kept = ~truth.crowd
        return self.dataset[place].encoded, truth.boxes[kept], truth.labels[kept]

    def encoded(self, index: int) -> bytes:
        """The stored picture."""
        return self.dataset[self.indices[index]].encoded

    def tiles(self, tiling: Tiling, count: int | None = None) -> tuple[Tile, ...]:
        """The tiles of all pictures, or of the first `count`; none where pictures are left whole."""
        if not tiling.tile:
            return ()
        return tiles_of([self.truth(index) for index in range(len(self) if count is None else count)], tiling)

    def truth(self, index: int) -> Checked:
        """All kept boxes of a picture, crowds with them."""
        return self.checked[self.indices[index]]
