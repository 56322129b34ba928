"""A job's log.txt as it grows, read in whole lines from any place in it."""

import io
import json
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

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
    """Looks at a log and reads from it. Readers at the same place share one reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._extent = Extent()
        self._lock = threading.Lock()
        self._read: tuple[Extent, int, bytes, int] = (Extent(), 0, b"", 0)

    def extent(self) -> Extent:
        """How much there is now. Raises: OSError: the folder cannot be read."""
        with self._lock:
            before = self._extent
            try:
                found = os.stat(self.path)
                inode, size = found.st_ino, found.st_size
            except FileNotFoundError:
                inode, size = 0, 0
            anew = before.inode and (inode != before.inode or size < before.size)
            self._extent = Extent(before.generation + bool(anew), inode, size)
            return self._extent

    def lines(self, extent: Extent, offset: int) -> tuple[bytes, int]:
        """Whole lines from a byte on as JSON, one object a line, and the byte after them; not all of them at once."""
        with self._lock:
            if self._read[:2] != (extent, offset):
                self._read = (extent, offset, *self._lines(extent, offset))
            return self._read[2], self._read[3]

    def _lines(self, extent: Extent, offset: int) -> tuple[bytes, int]:
        try:
            with open(self.path, "rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_ino != extent.inode:
                    return b"", offset  # replaced a moment ago; the next look will tell
                file.seek(offset)
                data = file.read(min(CHUNK, extent.size - offset))
        except FileNotFoundError:
            return b"", offset
        whole = len(data) if len(data) == CHUNK and b"\n" not in data else data.rfind(b"\n") + 1
        return as_json(data[:whole], offset), offset + whole


def as_json(data: bytes, offset: int) -> bytes:
    """Lines of a log, the first of which starts at `offset`, as JSON with the byte after each."""
    objects = []
    for line in io.BytesIO(data):
        offset += len(line)
        text = line.rstrip(b"\n").decode(errors="replace")
        stamped = STAMPED.fullmatch(text)
        time, text = stamped.groups() if stamped else ("", text)
        objects.append(json.dumps({"offset": offset, "time": time, "text": text}, ensure_ascii=False) + "\n")
    return "".join(objects).encode()
