"""Files as a zip archive that is made while it is sent: neither in memory nor on a disk."""

import zipfile
from collections.abc import Iterable, Iterator

from boxwright import files

CHUNK = 2**20
"""Bytes of a file that are read at once."""


class _Sink:
    """Takes what an archive writes, until it is fetched."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing to do."""

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def zipped(entries: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """A zip archive in parts.

    What a model consists of hardly shrinks, and a machine that trains has better things to do: it is stored as it is.

    Args:
        entries: name in the archive and path of each file.

    Raises:
        OSError: a file cannot be read.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # it only writes
        for name, path in entries:
            with files.open_binary(path) as source, archive.open(name, "w", force_zip64=True) as target:
                while data := source.read(CHUNK):
                    target.write(data)
                    yield sink.taken()
    yield sink.taken()
