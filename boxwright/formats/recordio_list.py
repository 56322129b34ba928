"""`.lst` files of MXNet: a line for each picture, of its index, its labels and its path, with tabs between them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from boxwright import files


@dataclass(frozen=True)
class Listed:
    """One line: the picture's index, its labels (of detection: see `recordio_label`), and its path."""

    index: int
    labels: tuple[float, ...]
    path: str


def read_list(path: str) -> list[Listed]:
    """Read a `.lst` file; empty lines are skipped.

    Raises:
        ValueError: a line has no label, or its index or a label is no number, or the index is below 0.
        OSError: the file cannot be read.
    """
    lines = enumerate(files.read_text(path).splitlines(), 1)
    return [_listed(line, f"{path}:{number}") for number, line in lines if line.strip()]


def _listed(line: str, place: str) -> Listed:
    fields = [field.strip() for field in line.strip().split("\t")]
    if len(fields) < 3:
        raise ValueError(f"{place}: expected index, at least one label, and path, with tabs between them, got {line!r}")
    try:
        found = Listed(int(fields[0]), tuple(float(label) for label in fields[1:-1]), fields[-1])
    except ValueError as error:
        raise ValueError(f"{place}: index and labels before the path must be numbers, got {line!r}: {error}") from error
    if found.index < 0:
        raise ValueError(f"{place}: an index must be at least 0, got {found.index}; number the lines from 0")
    return found


def shortest(label: float) -> str:
    """The fewest digits that give the same float32 again."""
    return np.format_float_positional(np.float32(label), trim="-")


def six_places(label: float) -> str:
    """Six places after the point, as im2rec writes labels."""
    return f"{label:f}"


def write_list(path: str, lines: Iterable[Listed], number: Callable[[float], str] = shortest) -> None:
    """Write a `.lst` file; `number` gives the text of a label. White space in a path becomes one blank.

    Raises:
        OSError: the file cannot be written.
    """
    rows = ([str(one.index), *map(number, one.labels), " ".join(one.path.split())] for one in lines)
    files.write_text(path, "".join("\t".join(row) + "\n" for row in rows))
