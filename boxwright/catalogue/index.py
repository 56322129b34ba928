"""The index of a data set: an SQLite file that tells of each picture and box, so that pages need no data set opened.

Pictures are numbered as the data doctor numbers samples: all parts one after the other, each sample once. What can be
asked for stands in `facets` as (facet, picture), in the order of pictures: a page of any facet is one walk along it.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from boxwright.catalogue import facets
from boxwright.dataset.rules import Checked

TABLES = """
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY, source TEXT NOT NULL, part INTEGER NOT NULL, place INTEGER NOT NULL,
    path TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, boxes INTEGER NOT NULL,
    rejected INTEGER NOT NULL, fault TEXT NOT NULL
);
CREATE TABLE boxes (
    picture INTEGER NOT NULL, box INTEGER NOT NULL, label INTEGER NOT NULL, xmin REAL, ymin REAL, xmax REAL, ymax REAL,
    size TEXT NOT NULL, crowd INTEGER NOT NULL, problem TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (picture, box)
) WITHOUT ROWID;
CREATE TABLE notes (
    picture INTEGER NOT NULL, problem TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (picture, problem)
) WITHOUT ROWID;
CREATE TABLE facets (facet TEXT NOT NULL, picture INTEGER NOT NULL, PRIMARY KEY (facet, picture)) WITHOUT ROWID;
CREATE TABLE facet_counts (facet TEXT PRIMARY KEY, pictures INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE classes (label INTEGER PRIMARY KEY, id INTEGER NOT NULL, name TEXT NOT NULL);
CREATE TABLE parts (part INTEGER PRIMARY KEY, name TEXT NOT NULL, pictures INTEGER NOT NULL);
"""

Box = tuple[int, int, float | None, float | None, float | None, float | None, str, int, str, str]
"""Its 0-based place in the sample, inner label, corners, size, whether it is a crowd, the rule it breaks and how."""


@dataclass(frozen=True)
class IndexedPicture:
    """One picture as the index keeps it.

    Attributes:
        source: what the data set calls it.
        place: number of its part, and its place there.
        parts: numbers of all parts that hold it.
        path: its own file; empty where it stands in a file with others.
        size: width and height in pixels.
        boxes: see `Box`.
        fault: why it cannot be read; empty where it can.
        notes: problem -> remark, of those that concern the picture as a whole.
    """

    source: str
    place: tuple[int, int]
    parts: tuple[int, ...]
    path: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    fault: str
    notes: dict[str, str]

    @property
    def problems(self) -> set[str]:
        """All that is wrong with it and its boxes."""
        return {*self.notes, *(box[8] for box in self.boxes if box[8]), *(["picture"] if self.fault else [])}

    def facets(self) -> set[str]:
        """What it can be asked for by."""
        shown = {(box[1], box[6]) for box in self.boxes}
        found = {facets.of_boxes(label, size) for one, way in shown for label in (one, None) for size in (way, "")}
        found |= {facets.of_part(part) for part in self.parts}
        found |= {facets.of_problem(problem) for problem in self.problems}
        found |= {facets.ANY_PROBLEM} if self.problems else set()
        return found | ({facets.EMPTY} if not self.boxes and not self.fault else set())


@dataclass(frozen=True)
class Contents:
    """What the pictures of an index belong to.

    Attributes:
        classes: outer id and name of each inner label.
        parts: name and number of pictures of each part.
    """

    classes: tuple[tuple[int, str], ...]
    parts: tuple[tuple[str, int], ...]


def boxes_of(checked: Checked, stated: list[list[float]]) -> tuple[Box, ...]:
    """The boxes of a sample, kept and rejected ones, in the order of the data set.

    Args:
        stated: xyxy in pixels, as the data set gives them; those that were kept stand in `checked` as they are used.
    """
    rejected = {one.box_index: one for one in checked.rejected}
    kept = iter(zip(checked.boxes.tolist(), checked.labels.tolist(), checked.crowd.tolist(), strict=True))
    found = []
    for place, corners in enumerate(stated):
        if fault := rejected.get(place):
            found.append(_box(place, fault.label, corners, (0, fault.rule, fault.reason)))
        else:
            used, label, crowd = next(kept)
            found.append(_box(place, label, used, (int(crowd), "", "")))
    return tuple(found)


def _box(place: int, label: int, corners: list[float], rest: tuple[int, str, str]) -> Box:
    xmin, ymin, xmax, ymax = corners
    size = facets.size_of(xmax - xmin, ymax - ymin)
    known = [value if abs(value) < float("inf") else None for value in corners]  # NaN, too, is not below infinity
    return (place, label, known[0], known[1], known[2], known[3], size, *rest)


def write_index(path: Path, contents: Contents, pictures: Iterable[IndexedPicture]) -> None:
    """Write an index under another name and give it its own when it is complete. Raises: OSError."""
    staged = path.with_name(f"{path.name}.writing")
    staged.unlink(missing_ok=True)
    with closing(sqlite3.connect(staged, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.executescript(TABLES)
        database.execute("BEGIN")
        classes = [(label, number, name) for label, (number, name) in enumerate(contents.classes)]
        database.executemany("INSERT INTO classes VALUES (?, ?, ?)", classes)
        parts = [(part, name, count) for part, (name, count) in enumerate(contents.parts)]
        database.executemany("INSERT INTO parts VALUES (?, ?, ?)", parts)
        _write_pictures(database, pictures)
        database.execute("COMMIT")
    staged.replace(path)


def _write_pictures(database: sqlite3.Connection, pictures: Iterable[IndexedPicture]) -> None:
    found: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(pictures):
        rejected = sum(bool(box[8]) for box in one.boxes)
        row = (number, one.source, *one.place, one.path, *one.size, len(one.boxes), rejected, one.fault)
        database.execute(f"INSERT INTO pictures VALUES ({_marks(10)})", row)
        database.executemany(f"INSERT INTO boxes VALUES ({_marks(11)})", [(number, *box) for box in one.boxes])
        notes = [(number, problem, note) for problem, note in one.notes.items()]
        database.executemany("INSERT INTO notes VALUES (?, ?, ?)", notes)
        for facet in one.facets():
            found[facet].append(number)
    for facet in sorted(found):  # in the order of the table, which is then written from its beginning to its end
        rows = [(facet, number) for number in found[facet]]
        database.executemany("INSERT INTO facets VALUES (?, ?)", rows)
        database.execute("INSERT INTO facet_counts VALUES (?, ?)", (facet, len(rows)))


def _marks(count: int) -> str:
    return ", ".join("?" * count)
