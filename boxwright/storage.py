"""How much of the disks is used, by whom and for what; measured now and again, because measuring takes its time."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

FRESH = 60.0
"""Seconds for which a measurement counts."""

LONGEST = 20.0
"""Seconds that a measurement may take; what is found by then counts."""

PARTS = ("jobs", "models", "datasets", "uploads")
"""What is told apart; models are those in the folders of their jobs."""

MODEL = "model"
"""Folder of a job's model in the folder of the job."""


@dataclass(frozen=True)
class Disk:
    """The disk of a root: bytes that are free and that there are."""

    path: str
    free: int
    total: int


@dataclass(frozen=True)
class Usage:
    """A measurement.

    Attributes:
        time: when it was made, in seconds since 1970.
        disks: of the roots.
        projects: bytes by project and part.
        complete: False where there was no time for everything.
    """

    time: float
    disks: tuple[Disk, ...]
    projects: dict[str, dict[str, int]]
    complete: bool


@dataclass
class Storage:
    """Measures what the projects have on the disks of this machine.

    Attributes:
        jobs, datasets: give project and folder of every one.
        uploads: folder with one folder for each project.
        roots: whose disks are looked at.
    """

    jobs: Callable[[], Iterable[tuple[str, str]]]
    datasets: Callable[[], Iterable[tuple[str, str]]]
    uploads: Path
    roots: tuple[str, ...]
    _last: Usage | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def usage(self) -> Usage:
        """The last measurement; makes one where it is too old. While one is made, others get the one before."""
        if self._lock.acquire(blocking=self._last is None):
            try:
                if self._last is None or time.time() - self._last.time > FRESH:
                    self._last = self._measure()
            finally:
                self._lock.release()
        assert self._last, "there is one from the first request on"
        return self._last

    def _measure(self) -> Usage:
        end = time.monotonic() + LONGEST
        projects: dict[str, dict[str, int]] = {}
        for project, part, size in self._sizes(end):
            known = projects.setdefault(project, dict.fromkeys(PARTS, 0))
            known[part] += size
        return Usage(time.time(), tuple(_disks(self.roots)), projects, time.monotonic() < end)

    def _sizes(self, end: float) -> Iterator[tuple[str, str, int]]:
        for project, folder in self.jobs():
            if "://" not in folder:
                yield project, "models", size_of(os.path.join(folder, MODEL), end)
                yield project, "jobs", size_of(folder, end, without=MODEL)
        for project, folder in self.datasets():
            yield project, "datasets", size_of(folder, end)
        for path in _folders(self.uploads):
            yield path.name, "uploads", size_of(str(path), end)


def size_of(folder: str, end: float = float("inf"), *, without: str = "") -> int:
    """Bytes of the files below a folder; 0 where there is none. Links are not followed.

    Args:
        end: moment of `time.monotonic` after which nothing more is counted.
        without: name of a folder right in it that is left out.
    """
    total, waiting = 0, [folder]
    while waiting and time.monotonic() < end:
        try:
            with os.scandir(waiting.pop()) as found:
                for one in found:
                    if one.is_dir(follow_symlinks=False):
                        if one.path != os.path.join(folder, without or "."):
                            waiting.append(one.path)
                    elif one.is_file(follow_symlinks=False):
                        total += one.stat(follow_symlinks=False).st_size
        except OSError:  # it is being deleted while it is measured, or nobody may look
            continue
    return total


def _folders(folder: Path) -> list[Path]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_dir() and not path.name.startswith(".")]


def _disks(roots: Iterable[str]) -> Iterator[Disk]:
    for root in roots:
        if "://" not in root and os.path.isdir(root):
            found = shutil.disk_usage(root)
            yield Disk(root, found.free, found.total)
