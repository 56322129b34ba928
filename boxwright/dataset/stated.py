"""What the user states of the data beside its path, held against what is found there."""

from collections.abc import Iterable, Sequence

from boxwright.dataset.rules import Checked
from boxwright.dataset.sets import Sets
from boxwright.spec.training import DataSpec

OBJECT_WIDTH = 5
"""Numbers of an object in a flat label: class and corners."""

HEADER_WIDTH = 2
"""Numbers before the objects, at least: the widths of header and object."""


def check_number(spec: DataSpec, sets: Sets) -> None:
    """The number of training pictures, as it was stated.

    A part that was split off for validation may be counted in.

    Raises:
        ValueError: another number is found; says which.
    """
    split_off = len(sets.validation) if sets.split else 0
    found = len(sets.training) + split_off
    if spec.num_training_samples not in (0, found, found - split_off):
        apart = f", {split_off:,} of them for validation" if split_off else ""
        raise ValueError(
            f"num_training_samples must be the number of training pictures, which give the steps of an epoch: "
            f"{found:,} were found in {spec.training_data_path}{apart}, got {spec.num_training_samples:,}"
        )


def check_label_width(spec: DataSpec, sets: Iterable[Sequence[Checked]]) -> None:
    """The longest label fits into the stated width.

    Raises:
        ValueError: it does not; says the width that is needed.
    """
    if not spec.label_width:
        return
    longest = max((sample for samples in sets for sample in samples), key=_objects)
    needed = HEADER_WIDTH + OBJECT_WIDTH * _objects(longest)
    if needed > spec.label_width:
        raise ValueError(
            f"label_width must be at least {needed}, got {spec.label_width}: {longest.source} has {_objects(longest)} "
            f"objects of {OBJECT_WIDTH} numbers each, and {HEADER_WIDTH} numbers stand before them"
        )


def _objects(sample: Checked) -> int:
    return len(sample.labels) + len(sample.rejected)
