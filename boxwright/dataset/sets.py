"""The training and the validation set of a run, also where only one data set is named."""

from dataclasses import dataclass, replace

from boxwright import formats
from boxwright.dataset.split import split
from boxwright.formats.sample import Dataset

TRAINING = "train"

VALIDATION = ("validation", "val", "valid")
"""Names of splits to validate on, the one that is taken first."""

SHARE = 0.2
"""Of the pictures that validate where the data names no split for it."""

SEED = 0
"""Of that split: always the same, so that runs with different seeds are measured on the same pictures."""


@dataclass(frozen=True)
class Sets:
    """What a run learns from and what it is measured on.

    Attributes:
        split: where the validation set comes from, for people; empty where it was named.
    """

    training: Dataset
    validation: Dataset
    split: str = ""


def open_sets(training: str, validation: str = "", labels_file: str = "") -> Sets:
    """Open both sets.

    Without `validation` they are parts of the data set at `training`: its splits `train` and `validation` (or `val`,
    `valid`) where it has them, else four fifths and one fifth of its one split, stratified by class and always the
    same.

    Raises:
        ValueError: a set is malformed, empty or too small to split, or it is not clear which splits to take.
        OSError: a file is missing or cannot be read.
    """
    if validation:
        return Sets(_read(training, None, labels_file), _read(validation, None, labels_file))
    names = formats.splits(training)
    own = next((name for name in VALIDATION if name in names), "")
    if own and TRAINING in names:
        found = [_read(training, name, labels_file) for name in (TRAINING, own)]
        return Sets(found[0], found[1], f"the split {own!r} of the training data")
    if len(names) > 1:
        raise ValueError(
            f"{training!r} holds the splits {', '.join(names)}, and none for training ({TRAINING}) beside one for "
            f"validation ({', '.join(VALIDATION)}); name the validation data too"
        )
    shares = {"training": 1 - SHARE, "validation": SHARE}
    whole = _read(training, None, labels_file)
    parts = split(whole, shares, SEED)
    learnt = replace(parts["training"], unlabelled=whole.unlabelled)
    return Sets(learnt, parts["validation"], f"{SHARE:.0%} of the training data, always the same")


def _read(path: str, name: str | None, labels_file: str) -> Dataset:
    return formats.read(path, split=name, labels_file=labels_file)
