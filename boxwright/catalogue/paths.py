"""How a data set and its parts are named to an algorithm, as `training_data_path` and `validation_data_path`."""

from collections.abc import Sequence

from boxwright import files, formats
from boxwright.dataset.sets import TRAINING, VALIDATION

TEST = "test"

_CANDIDATES = {
    "coco": ("annotations/instances_{part}.json",),
    "voc": ("ImageSets/Main/{part}.txt", "{part}"),
    "yolo": ("images/{part}",),
    "tfrecord": ("{part}-*", "{part}.tfrecord", "{part}.tfrecords", "{part}.tfrec", "{part}.record"),
    "recordio": ("{part}.rec", "{part}-*.rec", "{part}_rec.rec"),
}
"""Where a part of a folder stands in each format, tried in this order."""


def part_path(path: str, format: str, part: str) -> str:
    """A path that names one part of the folder `path` and nothing else; empty where there is none."""
    for candidate in _CANDIDATES.get(format, ()):
        found = files.join(path, candidate.format(part=part))
        if _is_only(found, format):
            return found
    return ""


def _is_only(path: str, format: str) -> bool:
    try:
        return formats.recognise(path) == format and len(formats.splits(path)) == 1
    except (OSError, ValueError):
        return False


def training_paths(path: str, parts: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The arguments for training on a data set alone: training data, and validation data.

    The second is empty where the training data holds its own validation part, or a share of it is to be split off;
    the first, too, where it is not clear what to train on.

    Args:
        parts: name and path of each.
    """
    named = dict(parts)
    validation = next((name for name in VALIDATION if name in named), "")
    if len(parts) == 1 or (TRAINING in named and validation):
        return path, ""
    measured = validation or (TEST if TEST in named else "")
    return named.get(TRAINING, ""), named.get(measured, "")


def evaluation_path(path: str, parts: Sequence[tuple[str, str]]) -> str:
    """What to measure on: the validation part, else the one for tests, else the only one; empty where it is unclear."""
    named = dict(parts)
    if len(parts) == 1:
        return path
    return next((named[name] for name in (*VALIDATION, TEST) if named.get(name)), "")
