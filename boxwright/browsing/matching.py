"""How many files a path or wildcard names, and how many records they hold, in bounded time.

The looking is done by a process of its own (`python -m boxwright.browsing.matching`), because large annotation files
keep all threads of a process waiting while they are read, and because it can be ended when the time is over.
"""

import glob
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from boxwright import files, formats
from boxwright.browsing.roots import Roots
from boxwright.spec.resource import describe

SECONDS = 5.0
"""For one question."""

PAUSE = 0.1
"""Seconds between two notes of what has been found so far."""

EXAMPLES = 5

PER_FILE = ("tfrecord", "recordio")
"""Formats whose records can be counted file by file."""

COUNTER = (sys.executable, "-m", "boxwright.browsing.matching")


@dataclass(frozen=True)
class Match:
    """What a pattern names.

    Attributes:
        files: number of files; of a folder, all below it.
        records: number of labelled pictures in them.
        complete: False where the time was over before all were counted: there are at least so many.
        format: of the data; empty where it is in none that is known.
        splits: sets that the data is split into.
        examples: the first few files.
        note: why there are no records, in words.
    """

    files: int = 0
    records: int = 0
    complete: bool = False
    format: str = ""
    splits: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    note: str = ""


def match(pattern: str, roots: Roots, seconds: float = 0.0) -> Match:
    """Count what a pattern names.

    Args:
        pattern: file, folder or wildcard, as `Roots.check_pattern` lets pass.
        seconds: that it may take, `SECONDS` where 0; then what has been found so far is given.
    """
    asked = json.dumps([pattern, roots.allowed, str(roots.data_dir)])
    process = subprocess.Popen(
        [*COUNTER, asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    )
    try:
        said, _ = process.communicate(timeout=seconds or SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    lines = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return Match(**{**found, **{name: tuple(found.get(name, ())) for name in ("splits", "examples")}})


def counted(pattern: str, roots: Roots, say: Callable[[Match], object]) -> Match:
    """Count what a pattern names, and say how far it is now and again."""
    with files.remembering():
        return _counted(pattern, roots, say)


def _counted(pattern: str, roots: Roots, say: Callable[[Match], object]) -> Match:
    notes = _Now(say)
    found, paths = Match(), []
    try:
        for path in _named(pattern, roots):
            found = replace(found, files=found.files + 1)
            paths.append(path)
            notes.say(found)
    except (OSError, ValueError) as error:
        return replace(found, complete=True, note=describe(error))
    found = replace(found, examples=tuple(sorted(paths)[:EXAMPLES]))
    say(found)
    try:
        with files.confined(roots.allowed):
            return _with_records(found, pattern, sorted(paths), notes)
    except (OSError, ValueError) as error:
        return replace(found, complete=True, note=describe(error))


def _named(pattern: str, roots: Roots) -> Iterator[str]:
    if files.is_folder(pattern):
        yield from (files.join(pattern, path) for path in files.walk(pattern))
    elif files.is_file(pattern):
        yield pattern
    elif not files.is_local(pattern):
        yield from files.expand(pattern)
    else:
        for part in filter(None, map(str.strip, pattern.split(","))):
            for path in glob.iglob(part, recursive=True):
                if files.is_file(path) and roots.holds(path):
                    yield path


def _with_records(found: Match, pattern: str, paths: list[str], notes: "_Now") -> Match:
    if not paths:
        return replace(found, complete=True)
    found = replace(found, format=formats.recognise(pattern))
    found = replace(found, splits=formats.splits(pattern))
    if found.format in PER_FILE and not files.is_folder(pattern):
        sets = (formats.read(path, format=found.format) for path in paths)
    else:
        sets = (formats.read(pattern, split=split) for split in found.splits)
    for one in sets:
        found = replace(found, records=found.records + len(one))
        notes.say(found)
    return replace(found, complete=True)


class _Now:
    """Says what has been found so far, not more often than is of use."""

    def __init__(self, say: Callable[[Match], object]) -> None:
        self._say, self._last = say, 0.0

    def say(self, found: Match) -> None:
        """Say it, or leave it."""
        if time.monotonic() - self._last > PAUSE:
            self._last = time.monotonic()
            self._say(found)


def _write(found: Match) -> None:
    sys.stdout.write(json.dumps(asdict(found)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    words = json.loads(sys.argv[1])
    _write(counted(words[0], Roots(tuple(words[1]), Path(words[2])), _write))
