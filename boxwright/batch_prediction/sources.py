"""Files of instances, read in a row: JSON lines, TFRecords, compressed TFRecords, and pictures.

A format has two ways through a file that give the same instances: `positions`, which is cheap, and `read`. A faulty
instance is an item like any other; what follows it is read as far as it can be found.
"""

import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from boxwright import files
from boxwright.batch_prediction.item import Item, Position
from boxwright.formats import recordfile
from boxwright.formats.pictures import picture_paths

LONGEST_LINE = 256 * 2**20
"""Bytes; a longer line is passed over."""

CHUNK = 2**16
"""Bytes that are decompressed at a time."""

GZIP = b"\x1f\x8b"
"""First bytes of a gzip file."""

GZIP_WINDOW = 31
"""zlib's number for the largest window with gzip's header."""


@dataclass(frozen=True)
class DataFormat:
    """How the files of one format are read.

    Attributes:
        positions: of the instances of a file.
        read: the instances of a file from a position on.
        find: the files that files, wildcards and folders name, each once. Raises FileNotFoundError.
    """

    positions: Callable[[str], Iterator[Position]]
    read: Callable[[str, Position], Iterator[Item]]
    find: Callable[[Sequence[str]], list[str]]


def _find_files(patterns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(files.named(patterns)))


def _find_pictures(patterns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(picture_paths(patterns)))


def _lines(path: str, start: Position) -> Iterator[tuple[Position, bytes]]:
    """Lines that are not blank; of one that is too long only its beginning."""
    number, byte = start.number or 1, start.byte
    with closing(io.BufferedReader(cast(Any, files.open_binary(path)), CHUNK)) as file:
        file.seek(byte)
        while line := file.readline(LONGEST_LINE + 1):
            length = len(line)
            while len(line) > LONGEST_LINE and not line.endswith(b"\n") and (rest := file.readline(CHUNK)):
                length += len(rest)
                if rest.endswith(b"\n"):
                    break
            if line.strip():
                yield Position(number, byte), line
            number, byte = number + 1, byte + length


def json_positions(path: str) -> Iterator[Position]:
    """Of the lines that are not blank. Raises: OSError."""
    return (position for position, _ in _lines(path, Position()))


def read_json(path: str, start: Position) -> Iterator[Item]:
    """The lines that are not blank. Raises: OSError."""
    for position, line in _lines(path, start):
        where = f"line {position.number}"
        if len(line) > LONGEST_LINE:
            fault = f"the line is longer than {LONGEST_LINE:,} bytes; a line holds one instance"
            yield Item(path, position, where, fault=fault)
        else:
            yield Item(path, position, where, line)


class Inflated:
    """What a gzip file holds, as far as it can be read.

    Attributes:
        byte: of what it holds, that comes next.
        fault: why it ends early; empty where it does not, or not yet.
    """

    def __init__(self, file: recordfile.Stream) -> None:
        self._file = file
        self._zip = zlib.decompressobj(GZIP_WINDOW)
        self._given, self._ready = b"", bytearray()
        self._over = False
        self.byte, self.fault = 0, ""

    def read(self, size: int, /) -> bytes:
        """`size` bytes, fewer at the end."""
        while len(self._ready) < size and not self._over:
            self._more()
        data = bytes(self._ready[:size])
        del self._ready[:size]
        self.byte += len(data)
        return data

    def seek(self, offset: int, _whence: int, /) -> None:
        """Skip `offset` bytes."""
        while offset > 0 and (passed := len(self.read(min(offset, CHUNK)))):
            offset -= passed

    def _more(self) -> None:
        given = self._given or self._file.read(CHUNK)
        if not given and not self._zip.eof:
            self.fault = "the compressed data are cut off here; copy or write the file again"
        self._over, self._given = not given, b""
        if self._zip.eof:  # another file may have been appended to the first, or zeros
            given = given.lstrip(b"\0")
            self._zip = zlib.decompressobj(GZIP_WINDOW) if given else self._zip
        if not given:
            return
        try:
            self._ready += self._zip.decompress(given)
            self._given = self._zip.unused_data
        except zlib.error as error:
            self.fault = f"the compressed data are damaged here ({error}); copy or write the file again"
            self._over = True


def _records(path: str, start: Position, compressed: bool, skip: bool) -> Iterator[Item]:
    with closing(files.open_binary(path)) as file:
        inflated = Inflated(file) if compressed else None
        source: recordfile.Stream = inflated or file
        source.seek(start.byte, 1)
        number, last = start.number, False
        for one in recordfile.stream(source, start.byte, skip=skip):
            yield Item(path, Position(number, one.byte), f"record {number} at byte {one.byte}", one.data, one.fault)
            number, last = number + 1, one.last
        if inflated and inflated.fault and not last:
            byte = inflated.byte
            yield Item(path, Position(number, byte), f"record {number} at byte {byte}", fault=inflated.fault)


def record_positions(path: str, *, compressed: bool = False) -> Iterator[Position]:
    """Of the records; the last may be one that cannot be read. Raises: OSError."""
    return (item.position for item in _records(path, Position(), compressed, skip=True))


def read_records(path: str, start: Position, *, compressed: bool = False) -> Iterator[Item]:
    """The records. Raises: OSError."""
    return _records(path, start, compressed, skip=False)


def picture_positions(_: str) -> Iterator[Position]:
    """A picture's file is one instance."""
    yield Position()


def read_picture(path: str, start: Position) -> Iterator[Item]:
    """The file as an instance; it is not opened yet."""
    yield Item(path, start)


JSON_LINES = DataFormat(json_positions, read_json, _find_files)
DATA_FORMATS = {
    "JSON": JSON_LINES,
    "TEXT": JSON_LINES,
    "TF_RECORD": DataFormat(record_positions, read_records, _find_files),
    "TF_RECORD_GZIP": DataFormat(
        lambda path: record_positions(path, compressed=True),
        lambda path, start: read_records(path, start, compressed=True),
        _find_files,
    ),
    "IMAGE": DataFormat(picture_positions, read_picture, _find_pictures),
}
"""By `dataFormat`."""


def check_inputs(data_format: str, pattern: str) -> None:
    """Look at what a pattern names, without reading it through.

    Raises:
        ValueError: all of its files are empty, or the first that is not is of another format.
        OSError: there are none, or they cannot be read.
    """
    paths = DATA_FORMATS[data_format].find([pattern])
    path = next((one for one in paths if files.size(one)), None)
    if path is None:
        raise ValueError(f"{pattern} names {len(paths)} files, and all are empty")
    compressed = files.read_range(path, 0, len(GZIP)) == GZIP
    if data_format in ("JSON", "TEXT") and not files.read_range(path, 0, 1).isspace():
        begins = files.read_range(path, 0, 4).removeprefix(b"\xef\xbb\xbf")
        if not begins.startswith(b"{"):
            raise ValueError(f"{path} does not begin with a JSON object; each line must be one, such as {{...}}")
    if data_format == "TF_RECORD" and compressed:
        raise ValueError(f"{path} is compressed; its format is TF_RECORD_GZIP (--data-format=tf-record-gzip)")
    if data_format == "TF_RECORD" and not recordfile.begins_with_record(path):
        raise ValueError(f"{path} is no TFRecord file: its first bytes are no record's length with its checksum")
    if data_format == "TF_RECORD_GZIP" and not compressed:
        raise ValueError(f"{path} is not compressed by gzip; its format is TF_RECORD (--data-format=tf-record)")
