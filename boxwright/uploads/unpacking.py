"""Zip files from strangers, unpacked below one folder and nowhere else, and within limits that their headers cannot
talk away.

What the list of contents says is looked at first, so that most bad files are refused before anything is written; then
every byte is counted while it is written, because what the list says may be wrong.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from boxwright.uploads.names import Names, common_folder, is_left_out, relative_path

CHUNK = 1 << 20

MAX_FILES = 500_000
MAX_LIST_BYTES = 128 << 20
"""Of a zip's list of contents, which is read into memory as a whole; 500,000 files with names of 100 characters take
about 100 MB."""

MAX_RATIO = 200
"""Times that a zip may grow. Pictures barely shrink; annotations as JSON or XML shrink to about a twentieth."""

SMALL = 100_000_000
"""Bytes below which growing by more than `MAX_RATIO` does no harm."""

METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 65535

Report = Callable[[int, int], object]
"""Is told how many bytes of how many have been written."""


class Unsafe(ValueError):
    """A zip that is not unpacked; says which rule it breaks, by what, and what to do."""


@dataclass(frozen=True)
class Limits:
    """How much may be unpacked. `free` is what the disk has, `total` what an upload may hold, both in bytes."""

    total: int
    free: int
    files: int = MAX_FILES
    ratio: int = MAX_RATIO


@dataclass(frozen=True)
class Unpacked:
    """What a zip has left: files and bytes written, and how many entries were no data."""

    files: int
    size: int
    left_out: int


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip does, or is an empty zip."""
    with open(path, "rb") as file:
        return file.read(4) in (b"PK\3\4", b"PK\5\6")


def unpack(source: Path, destination: Path, limits: Limits, report: Report) -> Unpacked:
    """Unpack a zip into a folder, which must not exist yet; one folder around everything is taken off.

    Zips within it are left as they are. Of a zip that is refused, files may stay behind in the folder.

    Raises:
        Unsafe: the zip breaks a rule, or is damaged.
        OSError: the disk cannot be written.
    """
    _check_list_size(source)
    try:
        with zipfile.ZipFile(source) as opened:
            entries = [one for one in opened.infolist() if not one.is_dir()]
            planned = _plan(entries, limits)
            total = sum(info.file_size for info in planned.values())
            _check_sizes(total, source.stat().st_size, limits)
            destination.mkdir(parents=True)
            written = _write_all(opened, planned, destination, _Budget(source.stat().st_size, limits, total, report))
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, struct.error) as error:
        raise Unsafe(f"the zip is damaged ({error}); make it again, or upload the files one by one") from error
    except (NotImplementedError, RuntimeError) as error:
        raise Unsafe(f"the zip cannot be read ({error}); make it again with the usual method, deflate") from error
    return Unpacked(len(planned), written, len(entries) - len(planned))


class _Budget:
    """Counts what is written."""

    def __init__(self, packed: int, limits: Limits, expected: int, report: Report) -> None:
        self._packed, self._limits, self._expected, self._report = packed, limits, expected, report
        self.written = 0

    def spend(self, count: int) -> None:
        """Raises: Unsafe: more has come than may come."""
        self.written += count
        _check_sizes(self.written, self._packed, self._limits)
        self._report(self.written, self._expected)


def _check_list_size(source: Path) -> None:
    """Raise Unsafe unless the list of contents fits in memory; how long it is stands at the end of the file."""
    size = source.stat().st_size
    with open(source, "rb") as file:
        start = max(0, size - _END.size - _LONGEST_COMMENT)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        if at < 0 or len(tail) - at < _END.size:
            raise Unsafe("this is no whole zip file: its end is missing; upload it again")
        lengths = _long_lengths(file, start + at) or [_END.unpack_from(tail, at)[5]]
    if max(lengths) > MAX_LIST_BYTES:
        raise Unsafe(
            f"the zip's list of contents may have {MAX_LIST_BYTES:,} bytes, and has {max(lengths):,}; split it into "
            "several"
        )


def _long_lengths(file: BinaryIO, end: int) -> list[int]:
    """Lengths of the list that the records of a large zip (zip64) state, which stand before the `end`; none without.

    Programs look for the record right before its locator, or where the locator says: both are read.
    """
    if end < _LOCATOR.size:
        return []
    file.seek(end - _LOCATOR.size)
    mark, _, where, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if mark != b"PK\6\7":
        return []
    lengths = []
    for place in (min(where, end), max(0, end - _LOCATOR.size - _END64.size)):
        file.seek(place)
        found = file.read(_END64.size)
        if found.startswith(b"PK\6\6") and len(found) == _END64.size:
            lengths.append(_END64.unpack(found)[8])
    return lengths


def _plan(entries: list[zipfile.ZipInfo], limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """Which path each entry gets. Raises: Unsafe."""
    if len(entries) > limits.files:
        raise Unsafe(
            f"a zip may hold {limits.files:,} files, and this one holds {len(entries):,}; split it into several"
        )
    paths: dict[str, zipfile.ZipInfo] = {}
    names = Names()
    decode = _decoder(entries)
    for info in entries:
        try:
            path = relative_path(decode(info))
            _check_kind(info, path)
            if not is_left_out(path):
                names.take(path)
                paths[path] = info
        except Unsafe:
            raise
        except ValueError as error:
            raise Unsafe(f"in the zip: {error}") from error
    if not paths:
        raise Unsafe("the zip holds no files that could be data; hidden files do not count")
    top = common_folder(list(paths))
    return {path.removeprefix(top): info for path, info in paths.items()}


def _check_kind(info: zipfile.ZipInfo, path: str) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "a device or the like"
        raise Unsafe(f"in the zip: {path!r} is {what}, and only plain files are taken; zip what it leads to instead")
    if info.flag_bits & 0x1:
        raise Unsafe(f"in the zip: {path!r} is encrypted; make the zip again without a password")
    if info.compress_type not in METHODS:
        raise Unsafe(
            f"in the zip: {path!r} is packed by method {info.compress_type}, and {', '.join(METHODS.values())} are "
            "read; make the zip again with the usual method, deflate"
        )


def _check_sizes(size: int, packed: int, limits: Limits) -> None:
    if size > limits.total:
        raise Unsafe(f"unpacked, an upload may have {limits.total:,} bytes, and this zip has {size:,}; split it")
    if size > max(SMALL, packed * limits.ratio):
        raise Unsafe(
            f"a zip may grow to {limits.ratio} times its size, and this one of {packed:,} bytes grows to {size:,} or "
            "more, as only zips do that are made to fill disks; upload the files one by one"
        )
    if size > limits.free:
        raise Unsafe(f"the disk has {limits.free:,} bytes left, and the zip needs {size:,}; make room first")


def _write_all(opened: zipfile.ZipFile, planned: dict[str, zipfile.ZipInfo], destination: Path, budget: _Budget) -> int:
    made = {destination}
    for path, info in planned.items():
        target = destination / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        with opened.open(info) as source, open(target, "xb", buffering=0) as file:
            while data := source.read(CHUNK):
                budget.spend(len(data))
                file.write(data)
    return budget.written


def _decoder(entries: list[zipfile.ZipInfo]) -> Callable[[zipfile.ZipInfo], str]:
    """Reads the names of one zip. Those not marked as UTF-8 are UTF-8 all the same, or Japanese, or DOS's."""
    plain = [one.orig_filename.encode("cp437") for one in entries if not _is_marked(one)]
    encoding = next(name for name in ("utf-8", "cp932", "cp437") if all(_fits(raw, name) for raw in plain))

    def decode(info: zipfile.ZipInfo) -> str:
        name = info.orig_filename
        return name if _is_marked(info) else name.encode("cp437").decode(encoding)

    return decode


def _is_marked(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & 0x800)


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    # Bytes of accented letters may pass for rare Japanese characters; a Japanese name holds kana or kanji.
    return encoding != "cp932" or text.isascii() or any("\u3040" <= one <= "\u9fff" for one in text)
