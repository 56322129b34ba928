"""RecordIO files: records of bytes in a row, each in one or more parts, as dmlc-core lays them out.

A part is: the magic number (uint32), a word of a 3-bit flag and a 29-bit length (uint32), the data, zeros up to a
multiple of 4 bytes; all little-endian. Data that hold the magic number at a multiple of 4 bytes are cut there: the
number itself is left out and stands between the parts again when the record is read, so that a magic number in a file
always begins a part. An optional `.idx` file says where the records begin.

Source: dmlc-core, `include/dmlc/recordio.h` and `src/recordio.cc`; MXNet, `python/mxnet/recordio.py`.
"""

import contextlib
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from boxwright import files
from boxwright.formats.recordfile import IndexedRecords, RecordIndex

MAGIC = struct.pack("<I", 0xCED7230A)
"""The four bytes that begin every part."""

LARGEST = (1 << 29) - 1
"""Most bytes of a record, by the width of the length."""

WHOLE, FIRST, MIDDLE, LAST = range(4)
"""Flags of a part: the record's only one, its first, one between, its last."""

_PART = struct.Struct("<4sI")
_AGAIN = "copy or write the file again"
_IDX_AGAIN = "write the .idx file again or delete it (it only spares looking for the records)"

HeaderAt = Callable[[int], bytes]
"""Gives the 8 bytes that begin at a place in a file, fewer where it ends."""


def frame(data: bytes) -> bytes:
    """The data as it stands in a RecordIO file.

    Raises:
        ValueError: more than `LARGEST` bytes.
    """
    if len(data) > LARGEST:
        raise ValueError(f"a RecordIO record holds at most {LARGEST:,} bytes, got {len(data):,}; shrink the picture")
    pieces = _cut(data)
    flags = [WHOLE] if len(pieces) == 1 else [FIRST, *[MIDDLE] * (len(pieces) - 2), LAST]
    return b"".join(
        _PART.pack(MAGIC, flag << 29 | len(piece)) + piece + bytes(-len(piece) % 4)
        for flag, piece in zip(flags, pieces, strict=True)
    )


def _cut(data: bytes) -> list[bytes]:
    """What lies between the magic numbers at multiples of 4."""
    pieces, start, at = list[bytes](), 0, data.find(MAGIC)
    while at >= 0:
        if at % 4 == 0:
            pieces.append(data[start:at])
            start = at + len(MAGIC)
        at = data.find(MAGIC, at + 1)
    return [*pieces, data[start:]]


def begins_with_record(path: str) -> bool:
    """True where the file's first bytes are the magic number."""
    return files.read_range(path, 0, len(MAGIC)) == MAGIC


def idx_path(path: str) -> str:
    """Where the `.idx` of a `.rec` file stands, if there is one."""
    return path.removesuffix(".rec") + ".idx"


def index(path: str) -> RecordIndex:
    """Find all records of a file, by its `.idx` where it has one, else by hopping from part to part.

    The index's offsets are the first bytes of records, its lengths their bytes in the file. Records come in the order
    of the file, with and without an `.idx`.

    Raises:
        ValueError: the file ends within a record or holds something else, or the `.idx` does not fit it.
        OSError: a file cannot be read.
    """
    end = files.size(path)
    with files.open_binary(path) as file:
        header_at = _headers_of(file)
        stated = files.is_file(idx_path(path))
        starts = _stated(path, header_at, end) if stated else _scanned(path, header_at, end)
    offsets = np.array(starts, np.int64)
    return RecordIndex(path, offsets, np.diff(offsets, append=np.int64(end)) if starts else offsets)


def _headers_of(file: BinaryIO) -> HeaderAt:
    def header_at(at: int) -> bytes:
        file.seek(at)
        return file.read(_PART.size)

    return header_at


def _scanned(path: str, header_at: HeaderAt, end: int) -> list[int]:
    starts, at = list[int](), 0
    while at < end:
        starts.append(at)
        try:
            at = _end(_parts(header_at, at, end))
        except ValueError as error:
            raise ValueError(f"{path}: record {len(starts) - 1} at byte {at}: {error}; {_AGAIN}") from error
    return starts


def _parts(header_at: HeaderAt, start: int, end: int) -> list[range]:
    """Where the data of each part of the record that begins at byte `start` lie, without padding.

    Raises:
        ValueError: the record does not end before byte `end`, or something else stands there.
    """
    parts, at, flag = list[range](), start, -1
    while flag not in (WHOLE, LAST):
        header = header_at(at)
        if len(header) < _PART.size:
            raise ValueError(f"it is cut off at byte {end}, within the head of a part")
        flag, length = _flag_and_length(header, begins=not parts)
        parts.append(range(at + _PART.size, at + _PART.size + length))
        at = _end(parts)
        if at > end:
            raise ValueError(f"it is cut off at byte {end}, {at - end:,} bytes of a part are missing")
    return parts


def _end(parts: Sequence[range]) -> int:
    """The first byte after the record's last part and its padding."""
    return parts[-1].stop + -len(parts[-1]) % 4


def _flag_and_length(header: bytes, *, begins: bool) -> tuple[int, int]:
    magic, word = _PART.unpack(header)
    flag, length = word >> 29, word & LARGEST
    if magic != MAGIC:
        raise ValueError(f"a part must begin with the magic number {MAGIC.hex()} and begins with {magic.hex()}")
    if flag not in ((WHOLE, FIRST) if begins else (MIDDLE, LAST)):
        expected = "0 or 1 where a record begins" if begins else "2 or 3 within a record"
        raise ValueError(f"a part's flag must be {expected}, got {flag}")
    return flag, length


def _stated(path: str, header_at: HeaderAt, end: int) -> list[int]:
    """Offsets that the `.idx` file states, rising; checked as far as the first and the last record show."""
    idx = idx_path(path)
    lines = enumerate(files.read_text(idx).splitlines(), 1)
    starts = sorted(_offset(line, f"{idx}:{number}") for number, line in lines if line.strip())
    try:
        _require_in_file(starts, end)
        if starts:
            _require_next(_end(_parts(header_at, starts[-1], end)), end)
    except ValueError as error:
        place = f"record {len(starts) - 1} at byte {starts[-1]}" if starts else "no record"
        raise ValueError(
            f"{path}: by its .idx file, the last is {place}: {error}; "
            f"either the .rec file is cut off, then {_AGAIN}, or the .idx file is another's, then {_IDX_AGAIN}"
        ) from error
    return starts


def _offset(line: str, place: str) -> int:
    try:
        return int(line.split("\t")[1])
    except (IndexError, ValueError) as error:
        raise ValueError(f"{place}: expected a key, a tab and a byte offset, got {line!r}; {_IDX_AGAIN}") from error


def _require_in_file(starts: list[int], end: int) -> None:
    if end and starts[:1] != [0]:
        raise ValueError(f"the first record begins at byte 0, and the .idx file has {starts[0] if starts else 'none'}")
    if starts and starts[-1] >= end:
        raise ValueError(f"the file ends at byte {end}")
    if len(set(starts)) < len(starts):
        raise ValueError(f"the .idx file has {len(starts)} records at {len(set(starts))} places")


def _require_next(found: int, stated: int) -> None:
    if found != stated:
        raise ValueError(f"it ends at byte {found}, and what follows begins at byte {stated}")


class RecordIOFiles(IndexedRecords):
    """The records of many RecordIO files; a record is read, and put together from its parts, when asked for."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Index the files. Raises: as `index` does."""
        super().__init__(paths, index)

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]  # no slices
        found, inner = self.locate(number)
        start, length = int(found.offsets[inner]), int(found.lengths[inner])
        framed = files.read_range(found.path, start, length)
        try:
            parts = _parts(lambda at: framed[at - start : at - start + _PART.size], start, start + len(framed))
            _require_next(_end(parts), start + length)
        except ValueError as error:
            way_out = f"if the .idx file is another's, {_IDX_AGAIN}" if files.is_file(idx_path(found.path)) else _AGAIN
            raise ValueError(f"{self.place(number)}: {error}; {way_out}") from error
        return MAGIC.join(framed[part.start - start : part.stop - start] for part in parts)


@contextlib.contextmanager
def writing(path: str) -> Iterator[Callable[[int, bytes], None]]:
    """Write a `.rec` file and its `.idx`, which get their names when the block ends without an error.

    Yields a function that adds a record: its key in the `.idx`, and its data.

    Raises:
        ValueError: a record is too large.
        OSError: the folder cannot be written.
    """
    with files.staging(files.parent(path)) as folder:
        rec, idx = Path(folder, "rec"), Path(folder, "idx")
        with rec.open("wb") as records, idx.open("w", encoding="ascii", newline="\n") as offsets:

            def add(key: int, data: bytes) -> None:
                offsets.write(f"{key}\t{records.tell()}\n")
                records.write(frame(data))

            yield add
        files.publish(str(idx), idx_path(path))
        files.publish(str(rec), path)
