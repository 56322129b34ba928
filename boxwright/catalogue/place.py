"""The folder that a server keeps for one data set, and the small files in it.

`order.json` says what is to be imported, `progress.json` how far that is, `outcome.json` how it ended. `data/` holds
the data where the server has made it; `index.db`, `health.json` and `report.html` what was found; `pictures/` small
copies. While it is imported, a process holds the lock of `working`.
"""

import os
from pathlib import Path
from typing import Literal, TypeVar

from filelock import FileLock

from boxwright.spec.dataset import DatasetRequest
from boxwright.spec.knob import Frozen

Stage = Literal["waiting", "making", "reading", "examining", "writing"]

V = TypeVar("V", bound=Frozen)


class Order(Frozen):
    """What is to be imported.

    Attributes:
        request: where from.
        parent_path, parent_labels_file: the data set that it is made from; empty for none.
        roots: folders that pictures may be read from.
    """

    request: DatasetRequest
    parent_path: str = ""
    parent_labels_file: str = ""
    roots: tuple[str, ...] = ()


class Progress(Frozen):
    """How far an import is: pictures that are done in this stage, of those that there are; 0 of 0 where not known.

    While annotations are read from an object store, `done` is the number of its answers so far, and `total` is 0.
    """

    stage: Stage = "waiting"
    done: int = 0
    total: int = 0


class Part(Frozen):
    """A part of a data set; `path` names it alone, as an algorithm's argument; empty where nothing does."""

    name: str
    pictures: int
    path: str = ""


class Counts(Frozen):
    """A data set in numbers; `boxes` counts the rejected ones, `pictures` the unreadable ones, too."""

    pictures: int
    boxes: int
    rejected: int
    empty: int
    unreadable: int
    errors: int
    warnings: int


class Outcome(Frozen):
    """How an import ended.

    Attributes:
        error_message: why it failed; nothing else is set then.
        digest: SHA-256 over the digests of all pictures and their boxes.
        training_data_path, validation_data_path: arguments to train on this data set alone.
        evaluation_data_path: argument to measure on it.
    """

    error_message: str = ""
    path: str = ""
    format: str = ""
    labels_file: str = ""
    parts: tuple[Part, ...] = ()
    counts: Counts | None = None
    classes: tuple[str, ...] = ()
    digest: str = ""
    training_data_path: str = ""
    validation_data_path: str = ""
    evaluation_data_path: str = ""


class Place:
    """Paths in the folder of one data set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.index = folder / "index.db"
        self.health = folder / "health.json"
        self.report = folder / "report.html"
        self.pictures = folder / "pictures"
        self.log = folder / "import.log"
        self._order, self._progress, self._outcome = (
            folder / f"{name}.json" for name in ("order", "progress", "outcome")
        )

    def lock(self) -> FileLock:
        """Held by the process that imports; `Timeout` where another one does."""
        return FileLock(self.folder / "working", timeout=0)

    def order(self) -> Order:
        """Raises: FileNotFoundError."""
        return Order.model_validate_json(self._order.read_bytes())

    def progress(self) -> Progress:
        """Waiting, before the beginning."""
        return _read(self._progress, Progress) or Progress()

    def outcome(self) -> Outcome | None:
        """None before the end."""
        return _read(self._outcome, Outcome)

    def begin(self, order: Order) -> None:
        """Make the folder, forget how an earlier import ended, and keep the order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._outcome.unlink(missing_ok=True)
        self._progress.unlink(missing_ok=True)
        self.write(order)

    def write(self, value: Order | Progress | Outcome) -> None:
        """Keep a value in its file."""
        paths: dict[type[Frozen], Path] = {Order: self._order, Progress: self._progress, Outcome: self._outcome}
        replace_text(paths[type(value)], value.model_dump_json())


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: readers see the old one or the new one. Raises: OSError."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    written.write_text(text, "utf-8")
    written.replace(path)


def _read(path: Path, kind: type[V]) -> V | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
