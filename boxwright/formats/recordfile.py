"""TFRecord files: records of bytes in a row, each framed by its length and two checksums.

A record is: length (uint64), masked CRC32C of the length (uint32), the data, masked CRC32C of the data (uint32), all
little-endian. The format has no index; one is built by hopping from length to length.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from boxwright import files
from boxwright.ahead import ahead
from boxwright.formats.crc32c import masked

_HEADER = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_INDEXING_THREADS = 8

LONGEST = 2**30
"""Bytes; a stream's record that states more is taken for damage, as nothing in a stream says where it ends."""


@dataclass(frozen=True, eq=False)
class RecordIndex:
    """Where the records of one file lie.

    Attributes:
        path: the file.
        offsets: int64 (N,), first byte of each record's frame.
        lengths: int64 (N,), bytes of each record's data.
    """

    path: str
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]


def frame(data: bytes) -> bytes:
    """The data as it stands in a TFRecord file."""
    length = _LENGTH.pack(len(data))
    return b"".join((length, _CHECKSUM.pack(masked(length)), data, _CHECKSUM.pack(masked(data))))


def begins_with_record(path: str) -> bool:
    """True where the file's first bytes are a record's length with its right checksum."""
    header = files.read_range(path, 0, _HEADER.size)
    return len(header) == _HEADER.size and masked(header[:8]) == _HEADER.unpack(header)[1]


def index(path: str) -> RecordIndex:
    """Find all records of a file; reads the lengths (and checks them), not the data.

    Raises:
        ValueError: a wrong length checksum, or the file ends within a record.
        OSError: the file cannot be read.
    """
    end = files.size(path)
    offsets, lengths, at = list[int](), list[int](), 0
    with files.open_binary(path) as file:
        while at < end:
            length = _read_length(file, f"{path}: record {len(offsets)} at byte {at}", end - at)
            offsets.append(at)
            lengths.append(length)
            at += _HEADER.size + length + _CHECKSUM.size
            file.seek(at)
    return RecordIndex(path, np.array(offsets, np.int64), np.array(lengths, np.int64))


def _read_length(file: BinaryIO, place: str, available: int) -> int:
    header = file.read(_HEADER.size)
    if header[:2] == b"\x1f\x8b":
        raise ValueError(f"{place}: compressed TFRecord files are not read; decompress the file with gunzip")
    if len(header) < _HEADER.size:
        raise ValueError(f"{place}: {_truncated(_HEADER.size, available)}")
    length, stored = _HEADER.unpack(header)
    computed = masked(header[:8])
    if stored != computed:
        raise ValueError(f"{place}: {_damaged('length', stored, computed)}")
    needed = _HEADER.size + int(length) + _CHECKSUM.size
    if needed > available:
        raise ValueError(f"{place}: {_truncated(needed, available)}")
    return int(length)


def _truncated(needed: int, available: int) -> str:
    return (
        f"the file is truncated, the record needs {needed} bytes and {available} are left; copy or write the file again"
    )


def _damaged(part: str, stored: int, computed: int) -> str:
    return (
        f"the CRC32C of the {part} is wrong, stored 0x{stored:08x}, computed 0x{computed:08x}; "
        "the file is damaged or no TFRecord file, copy or write it again"
    )


class Stream(Protocol):
    """What records are read from in a row."""

    def read(self, size: int, /) -> bytes:
        """`size` bytes, fewer at the end."""

    def seek(self, offset: int, whence: int, /) -> object:
        """Go on `offset` bytes later (`whence` 1)."""


@dataclass(frozen=True)
class StreamedRecord:
    """A record as it stands in a stream.

    Attributes:
        byte: first one of its frame.
        data: none where it was skipped or is faulty.
        fault: why it cannot be read; empty where it can.
        last: whether it is so faulty that nobody knows where another one would begin.
    """

    byte: int
    data: bytes = b""
    fault: str = ""
    last: bool = False


def stream(file: Stream, byte: int = 0, *, skip: bool = False) -> Iterator[StreamedRecord]:
    """The records from here on, faulty ones too; nothing follows one whose end is not known.

    Args:
        file: at the beginning of a record.
        byte: where that is.
        skip: leave the data out, and its checksum unchecked.
    """
    while header := file.read(_HEADER.size):
        length = _HEADER.unpack(header)[0] if len(header) == _HEADER.size else 0
        fault = _header_fault(header, length)
        if fault:
            yield StreamedRecord(byte, fault=fault, last=True)
            return
        if skip:
            file.seek(length, 1)
        data = b"" if skip else file.read(length)
        checksum = file.read(_CHECKSUM.size)
        if len(checksum) < _CHECKSUM.size:
            yield StreamedRecord(byte, fault=_CUT, last=True)
            return
        (stored,), computed = _CHECKSUM.unpack(checksum), masked(data)
        sound = skip or stored == computed
        yield StreamedRecord(byte, data if sound else b"", "" if sound else _damaged("data", stored, computed))
        byte += _HEADER.size + length + _CHECKSUM.size


_AGAIN = "copy or write the file again"
_CUT = f"the file is truncated within this record; {_AGAIN}"


def _header_fault(header: bytes, length: int) -> str:
    if len(header) < _HEADER.size:
        return _CUT
    stored, computed = _HEADER.unpack(header)[1], masked(header[: _LENGTH.size])
    if stored != computed:
        return _damaged("length", stored, computed)
    return f"the record states {length:,} bytes, and at most {LONGEST:,} are read; {_AGAIN}" if length > LONGEST else ""


class IndexedRecords(Sequence[bytes]):
    """The records of many indexed files as one sequence; what a record's bytes are is the subclass's to say.

    Keeps no file open, so it may be shared by threads and processes.
    """

    def __init__(self, paths: Sequence[str], find: Callable[[str], RecordIndex]) -> None:
        """Index the files with `find`. Raises: as `find` does."""
        self._indexes = list(ahead(find, paths, _INDEXING_THREADS))
        self.at_once = files.at_once(paths)
        self._starts = np.cumsum([0, *(len(found.offsets) for found in self._indexes)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def locate(self, number: int) -> tuple[RecordIndex, int]:
        """The file that holds record `number` and the record's number within it. Raises: IndexError."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"record {number} of {len(self)}")
        number = number % len(self)
        which = int(np.searchsorted(self._starts, number, side="right")) - 1
        return self._indexes[which], number - int(self._starts[which])

    def place(self, number: int) -> str:
        """The record's file, number in the file and offset, for messages."""
        found, inner = self.locate(number)
        return f"{found.path}: record {inner} at byte {found.offsets[inner]}"


class RecordFiles(IndexedRecords):
    """The records of many TFRecord files; a record is read, and its checksum checked, when asked for."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Index the files. Raises: as `index` does."""
        super().__init__(paths, index)

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]  # no slices
        found, inner = self.locate(number)
        offset, length = int(found.offsets[inner]), int(found.lengths[inner])
        framed = files.read_range(found.path, offset + _HEADER.size, length + _CHECKSUM.size)
        data = framed[:length]
        if len(framed) < length + _CHECKSUM.size:
            raise ValueError(f"{self.place(number)}: {_truncated(length + _CHECKSUM.size, len(framed))}")
        (stored,) = _CHECKSUM.unpack_from(framed, length)
        if stored != (computed := masked(data)):
            raise ValueError(f"{self.place(number)}: {_damaged('data', stored, computed)}")
        return data
