"""What derived settings depend on: the data, the machine, and what the user has said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.dataset.rules import Checked
from boxwright.spec.training import TrainSpec
from boxwright.train.machine import Machine


@dataclass(frozen=True)
class DataFacts:
    """What the settings depend on of the training and validation data.

    Attributes:
        pictures, validation_pictures: how many can be used; of training, tiles where pictures are cut into them.
        num_classes: that the data set states, or its largest label + 1.
        median_size: (height, width) of the training pictures or tiles in pixels.
        sides: float32 (N, 2), width and height of each training box in pixels of the stored picture.
        labels: int64 (N,), its class.
    """

    pictures: int
    validation_pictures: int
    num_classes: int
    median_size: tuple[int, int]
    sides: NDArray[np.float32]
    labels: NDArray[np.int64]


def data_facts(checked: Sequence[Checked], validation: Sequence[Checked], num_classes: int) -> DataFacts:
    """Collect the facts from checked samples: what training sees, and the validation pictures."""
    usable = [sample for sample in checked if sample.usable]
    boxes = np.concatenate([sample.boxes for sample in usable])
    sizes = np.array([(sample.height, sample.width) for sample in usable])
    height, width = np.median(sizes, axis=0).astype(int).tolist()
    return DataFacts(
        pictures=len(usable),
        validation_pictures=sum(sample.usable for sample in validation),
        num_classes=num_classes,
        median_size=(height, width),
        sides=boxes[:, 2:] - boxes[:, :2],
        labels=np.concatenate([sample.labels for sample in usable]),
    )


@dataclass(frozen=True)
class Facts:
    """All that a rule may look at.

    Attributes:
        fits: pictures of a training step, evaluation included, that fit into memory with the settings so far.
        given: paths of the values that are not derived.
    """

    data: DataFacts
    machine: Machine
    fits: Callable[[TrainSpec], int]
    given: frozenset[str] = frozenset()

    def steps_an_epoch(self, spec: TrainSpec) -> int:
        """Steps of a pass over the training pictures."""
        return -(-self.data.pictures // spec.optimization.train_batch_size)
