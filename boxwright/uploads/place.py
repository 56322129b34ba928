"""The folder of one upload.

`upload.json` says whose it is, `files/` holds what arrives, `content/` is what becomes of it, `outcome.json` how that
went. While `content.unfinished/` is being made, a process holds the lock of `working`.
"""

import os
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from boxwright.spec.resource import Resource
from boxwright.uploads.records import FileStarted, Outcome, Progress, Started

R = TypeVar("R", bound=Resource)


class Place:
    """Paths of one upload, and the small files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.content = folder / "content"
        self.unfinished = folder / "content.unfinished"
        self.asked = folder / "finish"
        self._started, self._outcome, self._progress = (
            folder / f"{name}.json" for name in ("upload", "outcome", "progress")
        )

    def lock(self) -> FileLock:
        """Held by whoever makes the content."""
        return FileLock(self.folder / "working", timeout=0, thread_local=False)

    def is_worked_on(self) -> bool:
        """Whether a process makes the content right now."""
        try:
            with self.lock():
                return False
        except Timeout:
            return True

    def started(self) -> Started | None:
        """None where there is no upload."""
        return _read(self._started, Started)

    def outcome(self) -> Outcome | None:
        """None before the end."""
        return _read(self._outcome, Outcome)

    def progress(self) -> Progress:
        """Nothing at the beginning."""
        return _read(self._progress, Progress) or Progress()

    def file(self, file_id: str) -> FileStarted | None:
        """None where there is no such file."""
        return _read(self.files / f"{file_id}.json", FileStarted)

    def write(self, value: Started | Outcome | Progress) -> None:
        """Keep a value in its file."""
        path = {Started: self._started, Outcome: self._outcome, Progress: self._progress}[type(value)]
        write_json(path, value)

    def begin_again(self) -> None:
        """Forget how it ended."""
        self._outcome.unlink(missing_ok=True)
        self._progress.unlink(missing_ok=True)

    def touch(self) -> None:
        """Put off when it expires."""
        os.utime(self._started)

    def changed(self) -> float:
        """Seconds since 1970 of the last change."""
        return self._started.stat().st_mtime


def write_json(path: Path, value: Resource) -> None:
    """Write a value in one step: readers see the old one or the new one."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    written.write_text(value.model_dump_json(by_alias=True), "utf-8")
    written.replace(path)


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
