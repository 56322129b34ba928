"""A job's log.txt as it grows, local or remote, read in whole lines from any place in it."""

import io
import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from boxwright import files
from boxwright.jobdir import JobDir
from boxwright.mirror import mirror

CHUNK = 256 * 1024
"""Bytes read at once; a longer line is cut."""

STAMPED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Extent:
    """What there is of a log.

    Attributes:
        generation: another one after the file was replaced or cut short, so that it is to be read from its start.
        inode: of the file; 0 while there is none.
        size: bytes.
    """

    generation: int = 0
    inode: int = 0
    size: int = 0


class LogFile:
    """Looks at a log and reads from it. Readers at the same place share one reading.

    Attributes:
        every: seconds between looks of those who follow it.
    """

    every = 0.2

    def __init__(self, path: Path) -> None:
        self.path = path
        self._extent = Extent()
        self._lock = threading.Lock()
        self._read: tuple[Extent, int, bytes, int] = (Extent(), 0, b"", 0)

    def extent(self) -> Extent:
        """How much there is now. Raises: OSError: the folder cannot be read."""
        with self._lock:
            before = self._extent
            inode, size = self._found()
            anew = before.inode and (inode != before.inode or size < before.size)
            self._extent = Extent(before.generation + bool(anew), inode, size)
            return self._extent

    def _found(self) -> tuple[int, int]:
        """What tells the file from others of its name, and its size; zeros where it is not there."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size

    def lines(self, extent: Extent, offset: int) -> tuple[bytes, int]:
        """Whole lines from a byte on as JSON, one object a line, and the byte after them; not all of them at once."""
        with self._lock:
            if self._read[:2] != (extent, offset):
                self._read = (extent, offset, *self._lines(extent, offset))
            return self._read[2], self._read[3]

    def _lines(self, extent: Extent, offset: int) -> tuple[bytes, int]:
        try:
            data = self.read(extent, offset, min(CHUNK, extent.size - offset))
        except FileNotFoundError:
            return b"", offset
        whole = len(data) if len(data) == CHUNK and b"\n" not in data else data.rfind(b"\n") + 1
        return as_json(data[:whole], offset), offset + whole

    def read(self, extent: Extent, offset: int, length: int, /) -> bytes:
        """Bytes of the log; none where it was replaced a moment ago. Raises: OSError."""
        with open(self.path, "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_ino != extent.inode:
                return b""  # the next look will tell
            file.seek(offset)
            return file.read(length)


class RemoteLog(LogFile):
    """A log in remote storage. Where the job runs on this machine, its local copy is ahead of the one that was sent.

    Args:
        job_dir: URL of the job's folder.
    """

    every = 2.0

    def __init__(self, job_dir: str) -> None:
        super().__init__(JobDir(mirror(job_dir).local).log_file)
        self._remote = files.join(job_dir, self.path.name)

    def _found(self) -> tuple[int, int]:
        size = max(self._local_size(), self._remote_size())
        return int(size > 0), size

    def _local_size(self) -> int:
        return super()._found()[1]

    def _remote_size(self) -> int:
        return files.size(self._remote) if files.is_file(self._remote) else 0

    def read(self, _: Extent, offset: int, length: int, /) -> bytes:
        where = str(self.path) if self._local_size() >= offset + length else self._remote
        return files.read_range(where, offset, length)


def log_of(job_dir: str) -> LogFile:
    """The log of a job's folder."""
    if files.is_local(job_dir):
        return LogFile(JobDir(Path(job_dir.removeprefix("file://"))).log_file)
    return RemoteLog(job_dir)


def as_json(data: bytes, offset: int) -> bytes:
    """Lines of a log, the first of which starts at `offset`, as JSON with the byte after each."""
    objects = ({"offset": line.offset, "time": line.time, "text": line.text} for line in lines_of(data, offset))
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()


class Line(NamedTuple):
    """A line of a log: the bytes before and after it, its time (RFC 3339; empty where it has none), and the rest."""

    start: int
    offset: int
    time: str
    text: str


def lines_of(data: bytes, offset: int) -> Iterator[Line]:
    """Lines of a log, the first of which starts at byte `offset`."""
    for line in io.BytesIO(data):
        text = line.rstrip(b"\n").decode(errors="replace")
        stamped = STAMPED.fullmatch(text)
        time, text = stamped.groups() if stamped else ("", text)
        yield Line(offset, offset := offset + len(line), time, text)
