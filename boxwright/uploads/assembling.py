"""Makes an upload's files into one folder of data: `python -m boxwright.uploads.assembling FOLDER MAX_BYTES`.

A process of its own, so that a large or hostile zip keeps nobody waiting. It may be killed at any moment: the files
stay until the folder is whole, and the next process begins afresh.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from filelock import Timeout

from boxwright.spec.resource import describe
from boxwright.uploads.names import Names, common_folder, is_left_out
from boxwright.uploads.place import Place
from boxwright.uploads.records import Outcome, Progress
from boxwright.uploads.unpacking import Limits, Unsafe, is_zip, unpack

PAUSE = 0.5
"""Seconds between two notes of the progress."""


def assemble(folder: Path, max_bytes: int) -> None:
    """Make the content of the upload in a folder, and write its outcome; nothing where another process does so."""
    place = Place(folder)
    try:
        with place.lock():
            if place.outcome() is None and place.started() is not None:
                outcome = _outcome(place, max_bytes)
                place.write(outcome)
                if not outcome.error_message:
                    shutil.rmtree(place.files)
    except Timeout:
        return


def _outcome(place: Place, max_bytes: int) -> Outcome:
    for left in (place.unfinished, place.content):
        shutil.rmtree(left, ignore_errors=True)
    try:
        outcome = _make(place, max_bytes)
    except (Unsafe, OSError) as error:
        shutil.rmtree(place.unfinished, ignore_errors=True)
        return Outcome(error_message=describe(error))
    place.unfinished.replace(place.content)
    return outcome


def _make(place: Place, max_bytes: int) -> Outcome:
    sent = {started.name: path for path in _arrived(place) if (started := place.file(path.name))}
    only = next(iter(sent.items()), None)
    if only and len(sent) == 1 and only[0].lower().endswith(".zip"):
        if not is_zip(only[1]):
            raise Unsafe(f"{only[0]} is called a zip and is none; make it again, or upload the files one by one")
        limits = Limits(max_bytes, shutil.disk_usage(place.folder).free)
        found = unpack(only[1], place.unfinished, limits, _noting(place))
        return Outcome(files=found.files, size=found.size, left_out=found.left_out)
    return _gather(place, sent)


def _arrived(place: Place) -> list[Path]:
    return sorted(path for path in place.files.iterdir() if "." not in path.name)


def _gather(place: Place, sent: dict[str, Path]) -> Outcome:
    """Files that came one by one, under their names; the folder around all of them is taken off."""
    kept = sorted(name for name in sent if not is_left_out(name))
    if not kept:
        raise Unsafe("the upload holds no files that could be data; hidden files do not count")
    top = common_folder(kept)
    names, size = Names(), 0
    for name in kept:
        try:
            names.take(name)
        except ValueError as error:
            raise Unsafe(str(error)) from error
        target = place.unfinished / name.removeprefix(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(sent[name], target)
        size += target.stat().st_size
    return Outcome(files=len(kept), size=size, left_out=len(sent) - len(kept))


def _link(source: Path, target: Path) -> None:
    """A second name for a file; where the disk knows none, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _noting(place: Place) -> Callable[[int, int], None]:
    """Keeps the progress, now and again."""
    last = 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > PAUSE:
            last = time.monotonic()
            place.write(Progress(done=done, total=total))

    return note


if __name__ == "__main__":
    assemble(Path(sys.argv[1]), int(sys.argv[2]))
