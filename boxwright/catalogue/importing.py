"""Imports one data set: `python -m boxwright.catalogue.importing FOLDER`, where FOLDER holds the order.

A process of its own, so that decoding every picture keeps nobody waiting. It may be killed at any moment: what it makes
counts once it is whole, and the next process begins afresh.
"""

import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from boxwright import files, formats, object_store
from boxwright.catalogue import paths
from boxwright.catalogue.index import Contents, IndexedPicture, boxes_of, write_index
from boxwright.catalogue.place import Counts, Order, Outcome, Part, Place, Progress, Stage, replace_text
from boxwright.dataset.commands import convert_data, draw_data, split_data
from boxwright.dataset.draw import SHAPES
from boxwright.dataset.health import Examination, Health, examine_parts
from boxwright.dataset.report_html import html_report
from boxwright.dataset.split import Gathering, join
from boxwright.formats.annotation import AnnotatedPictures
from boxwright.formats.sample import Dataset
from boxwright.spec.resource import describe
from boxwright.termination import following_parent

PAUSE = 0.3
"""Seconds between two notes of the progress."""

NICENESS = 10
"""By how much it gives way to the server, which people wait for."""

DEPTH = 3
"""Folders that are looked into for the data of an upload, from the top."""


def import_dataset(folder: Path) -> None:
    """Do what the order in a folder says and keep the outcome there; nothing where another process does so."""
    place = Place(folder)
    try:
        with place.lock():
            if place.outcome() is None:
                place.write(_outcome(place, place.order()))
    except Timeout:
        return


def _outcome(place: Place, order: Order) -> Outcome:
    note = _Notes(place)
    try:
        with files.confined((*order.roots, str(place.data))), files.remembering():
            path = _located(place, order, note)
            return _examined(place, path, order.request.labels_file, note)
    except (OSError, ValueError, LookupError, ImportError) as error:
        return Outcome(error_message=describe(error) or type(error).__name__)


class _Notes:
    """Keeps the progress, now and again."""

    def __init__(self, place: Place) -> None:
        self._place, self._last = place, 0.0

    def stage(self, stage: Stage, total: int = 0) -> Callable[[int], None]:
        """A stage begins; gives what is to be called with the number of pictures that are done."""
        self._place.write(Progress(stage=stage, total=total))

        def note(done: int) -> None:
            if time.monotonic() - self._last > PAUSE:
                self._last = time.monotonic()
                self._place.write(Progress(stage=stage, done=done, total=total))

        return note

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The stage of reading, in which it is counted how often an object store has answered."""
        note, before, over = self.stage("reading"), object_store.answered(), threading.Event()

        def tell() -> None:
            while not over.wait(PAUSE):
                if count := object_store.answered() - before:
                    note(count)

        thread = threading.Thread(target=tell, name="reading", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _located(place: Place, order: Order, note: _Notes) -> str:
    """Where the data set is, once it is made where that was asked for."""
    request, made = order.request, str(place.data)
    if request.path:
        return request.path
    if request.upload_id:
        return _found_below(made)
    note.stage("making")
    shutil.rmtree(made, ignore_errors=True)
    if draw := request.draw:
        counts = {"train": draw.pictures, "validation": draw.validation}
        classes = draw.classes or tuple(SHAPES)
        draw_data(made, counts, draw.format, size=(draw.height, draw.width), seed=draw.seed, classes=classes)
    parent, labels = order.parent_path, order.parent_labels_file
    if split := request.split:
        split_data(parent, made, split.shares, to=split.format or None, seed=split.seed, labels_file=labels)
    if request.convert:
        convert_data(parent, made, request.convert.format, labels_file=labels)
    return made


def _found_below(folder: str) -> str:
    """The topmost folder, or single file in it, that is in a known format."""
    faults = []
    level = [folder]
    for _ in range(DEPTH):
        for candidate in level:
            try:
                formats.recognise(candidate)
                return candidate
            except (OSError, ValueError) as error:
                faults.append(error)
        inside = [files.join(one, name) for one in level if files.is_folder(one) for name in files.entries(one)]
        level = [one for one in inside if files.is_folder(one)] + [one for one in inside if _may_describe(one)]
    raise ValueError(str(faults[0]).replace(folder, "the upload"))


def _may_describe(path: str) -> bool:
    """Whether a file may be a data set by itself; pictures are no data sets."""
    return path.lower().endswith((".json", ".csv", ".jsonl", ".manifest", ".rec"))


def _examined(place: Place, path: str, labels_file: str, note: _Notes) -> Outcome:
    with note.reading():
        format = formats.recognise(path)
        names = formats.splits(path)
        parts = [formats.read(path, split=name, labels_file=labels_file, format=format) for name in names]
    seen, gathering = examine_parts(parts, note.stage("examining", sum(map(len, parts))))
    whole = join(parts, gathering)
    note.stage("writing", len(whole))
    classes = tuple((one.id, one.name) for one in seen.health.summary.classes)
    contents = Contents(classes, tuple(zip(names, map(len, parts), strict=True)))
    write_index(place.index, contents, _pictures(seen, gathering, parts))
    replace_text(place.health, seen.health.model_dump_json())
    replace_text(place.report, html_report(seen.health, whole, path))
    shutil.rmtree(place.pictures, ignore_errors=True)
    several = len(names) > 1
    found = [(name, paths.part_path(path, format, name) if several else path) for name in names]
    training, validation = paths.training_paths(path, found)
    return Outcome(
        path=path,
        format=format,
        labels_file=labels_file,
        parts=tuple(
            Part(name=name, pictures=len(part), path=at) for (name, at), part in zip(found, parts, strict=True)
        ),
        counts=_counts(seen.health),
        classes=tuple(name for _, name in classes),
        digest=_digest(seen),
        training_data_path=training,
        validation_data_path=validation,
        evaluation_data_path=paths.evaluation_path(path, found),
    )


def _counts(health: Health) -> Counts:
    summary = health.summary
    return Counts(
        pictures=summary.num_pictures,
        boxes=summary.num_boxes,
        rejected=summary.num_rejected,
        empty=summary.num_empty,
        unreadable=len(summary.faulty_pictures),
        errors=sum(one.severity == "error" for one in health.findings),
        warnings=sum(one.severity == "warning" for one in health.findings),
    )


def _digest(seen: Examination) -> str:
    found = hashlib.sha256()
    for one in seen.samples:
        found.update(one.digest.encode() + one.boxes.tobytes() + one.checked.labels.tobytes())
    return found.hexdigest()


def _pictures(seen: Examination, gathering: Gathering, parts: Sequence[Dataset]) -> Iterator[IndexedPicture]:
    notes = _notes(seen.health)
    for number, one in enumerate(seen.samples):
        checked, place = one.checked, gathering.places[number]
        reader = parts[place[0]].samples
        yield IndexedPicture(
            source=checked.source,
            place=place,
            parts=gathering.parts[number],
            path=reader.path(place[1]) if isinstance(reader, AnnotatedPictures) else "",
            size=(checked.width, checked.height),
            boxes=boxes_of(checked, one.boxes.tolist()),
            fault=checked.fault,
            notes=notes.get(number, {}),
        )


def _notes(health: Health) -> dict[int, dict[str, str]]:
    """Remarks on pictures, by their number and the name of the finding that they belong to."""
    seen = health.observations
    lists = {
        "exif-rotation": seen.rotated,
        "stated-size": seen.resized,
        "misnamed": seen.misnamed,
        "channels": seen.not_rgb,
    }
    found: dict[int, dict[str, str]] = {}
    for problem, remarks in lists.items():
        for one in remarks:
            found.setdefault(one.sample, {})[problem] = one.note
    for problem, groups in {"duplicate-picture": seen.duplicates, "alike-picture": seen.near_duplicates}.items():
        for group in groups:
            for number in group:
                others = ", ".join(str(other) for other in group if other != number)
                found.setdefault(number, {})[problem] = others
    return found


if __name__ == "__main__":
    os.nice(NICENESS)
    with following_parent():
        import_dataset(Path(sys.argv[1]))
