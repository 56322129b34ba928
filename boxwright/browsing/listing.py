"""What a folder holds: folders first, then files, with sizes, times and, where that is cheap, the data's format."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from boxwright import files, formats
from boxwright.browsing.roots import Roots

LOOKING = 0.3
"""Seconds for the formats of one page."""

MANY = 5000
"""Entries of a folder whose format is not looked for in a list."""

SMALL = 2_000_000
"""Bytes of a text file that may be read to tell its format."""

BINARY = (".tfrecord", ".tfrecords", ".tfrec", ".record", ".records", ".rec")
"""Endings of files of which the first bytes tell the format."""

TEXT = (".csv", ".manifest", ".jsonl", ".json", ".yaml", ".yml", ".txt")


@dataclass(frozen=True)
class Entry:
    """A file or folder.

    Attributes:
        path: complete.
        size: bytes of a file; None for folders.
        changed: seconds since 1970; None where the store does not say.
        format: of the data, where it is known and cheap to tell.
    """

    path: str
    is_folder: bool
    size: int | None = None
    changed: float | None = None
    format: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return files.name(self.path)


def listed(roots: Roots, folder: str, filter: str = "") -> list[Entry]:
    """The entries of a folder; hidden ones and links that lead out of the roots are left out.

    Args:
        folder: as `Roots.within` gives it.
        filter: only names that hold this text, in whatever capitals.

    Raises:
        OSError: it is no folder, or cannot be read.
    """
    wanted = filter.casefold()
    found = _scanned(roots, folder) if files.is_local(folder) else _of_store(folder)
    kept = [one for one in found if not one.name.startswith(".") and wanted in one.name.casefold()]
    return sorted(kept, key=lambda one: (not one.is_folder, one.name.casefold(), one.name))


def _scanned(roots: Roots, folder: str) -> list[Entry]:
    with os.scandir(folder) as found:
        entries = list(found)
    guarded = os.path.realpath(folder) == os.path.realpath(roots.data_dir)
    return [
        Entry(os.path.join(folder, one.name), one.is_dir())
        for one in entries
        if not (guarded or one.is_symlink()) or roots.holds(one.path)
    ]


def _of_store(folder: str) -> list[Entry]:
    return [
        Entry(files.join(folder, one.name), one.is_folder, one.size, one.changed) for one in files.store_listing(folder)
    ]


def described(entries: Sequence[Entry]) -> list[Entry]:
    """Entries with sizes, times and formats; formats as long as there is time for it."""
    end = time.monotonic() + LOOKING
    return [_described(one, end) for one in entries]


def _described(entry: Entry, end: float) -> Entry:
    if not files.is_local(entry.path):
        return entry
    try:
        stat = os.stat(entry.path)
    except OSError:  # gone meanwhile, or nobody may look
        return entry
    size = None if entry.is_folder else stat.st_size
    known = format_of(entry.path) if time.monotonic() < end and _is_cheap(entry, stat.st_size) else ""
    return replace(entry, size=size, changed=stat.st_mtime, format=known)


def format_of(path: str) -> str:
    """The format that the data at a path is in; empty where it is none that is known."""
    try:
        return formats.recognise(path)
    except (OSError, ValueError):
        return ""


def _is_cheap(entry: Entry, size: int) -> bool:
    name = entry.name.lower()
    if not entry.is_folder:
        return name.endswith(BINARY) or (name.endswith(TEXT) and size < SMALL)
    try:
        with os.scandir(entry.path) as found:
            inside = list(islice(found, MANY + 1))
        texts = [one for one in inside if one.name.lower().endswith(TEXT)]
        return len(inside) <= MANY and all(one.stat().st_size < SMALL for one in texts)
    except OSError:
        return False
