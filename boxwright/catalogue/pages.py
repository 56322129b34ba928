"""Reading an index: pages of pictures that have what is asked for."""

import base64
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.catalogue import facets

MAX_PAGE = 200
"""Pictures in one answer."""


@dataclass(frozen=True)
class Wanted:
    """What pictures are asked for; what is None or empty does not matter.

    Attributes:
        label: inner label of a box.
        size: of a box, and of that class where both are given.
        problem: see the data doctor's findings and rules; "any" for one of them.
        part: number of a part.
        text: stands in the picture's name, in any case of letters.
        empty: has no boxes.
    """

    label: int | None = None
    size: str = ""
    problem: str = ""
    part: int | None = None
    text: str = ""
    empty: bool = False

    def facets(self) -> list[str]:
        """Those that a picture must have."""
        found = []
        if self.label is not None or self.size:
            found.append(facets.of_boxes(self.label, self.size))
        if self.problem:
            found.append(facets.of_problem("" if self.problem == "any" else self.problem))
        if self.part is not None:
            found.append(facets.of_part(self.part))
        return [*found, facets.EMPTY] if self.empty else found


@dataclass(frozen=True)
class PicturePage:
    """Some pictures, as JSON has them.

    Attributes:
        total: how many there are in all.
        next, previous: tokens of the pages after and before; empty for none.
    """

    pictures: list[dict[str, Any]]
    total: int
    next: str
    previous: str


class Index:
    """An index, opened to be read; see `opened`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.row_factory = sqlite3.Row
        self._database = database

    def classes(self) -> list[tuple[int, str]]:
        """Outer id and name of each inner label."""
        return [(row["id"], row["name"]) for row in self._database.execute("SELECT * FROM classes ORDER BY label")]

    def parts(self) -> list[str]:
        """Names of the parts."""
        return [row["name"] for row in self._database.execute("SELECT name FROM parts ORDER BY part")]

    def problems(self) -> dict[str, int]:
        """How many pictures have each problem, by its name."""
        rows = self._database.execute("SELECT * FROM facet_counts WHERE facet LIKE ?", (f"{facets.ANY_PROBLEM}_%",))
        return {row["facet"].removeprefix(facets.ANY_PROBLEM): row["pictures"] for row in rows}

    def page(self, wanted: Wanted, size: int, token: str = "") -> PicturePage:
        """A page of pictures in their order.

        Raises:
            ValueError: the token is none.
        """
        size = min(size or 50, MAX_PAGE)
        after = _read(token)
        numbers = self._numbers(wanted, after, size + 1)
        shown = numbers[:size]
        before = self._numbers(wanted, after + 1, size + 1, back=True) if after >= 0 else []
        previous = "" if not before else _written(before[size] if len(before) > size else -1)
        more = _written(shown[-1]) if len(numbers) > size else ""
        return PicturePage(self._described(shown), self.count(wanted), more, previous)

    def count(self, wanted: Wanted) -> int:
        """How many pictures have what is asked for."""
        asked = wanted.facets()
        if not wanted.text and len(asked) <= 1:
            counted = (
                "SELECT count(*) FROM pictures" if not asked else "SELECT pictures FROM facet_counts WHERE facet = ?"
            )
            row = self._database.execute(counted, asked).fetchone()
            return int(row[0]) if row else 0
        query, values = self._query(wanted)
        return int(self._database.execute(f"SELECT count(*) {query}", values).fetchone()[0])

    def picture(self, number: int) -> dict[str, Any]:
        """One picture. Raises: LookupError: there is none of this number."""
        found = self._described([number])
        if not found:
            raise LookupError(f"there is no picture {number}")
        return found[0]

    def neighbours(self, wanted: Wanted, number: int) -> tuple[int | None, int | None]:
        """Numbers of the pictures before and after one, among those that are asked for."""
        before, after = self._numbers(wanted, number, 1, back=True), self._numbers(wanted, number, 1)
        return (before[0] if before else None), (after[0] if after else None)

    def position(self, wanted: Wanted, number: int) -> int:
        """How many pictures, among those that are asked for, come before one or are it."""
        query, values = self._query(wanted)
        found = self._database.execute(f"SELECT count(*) {_further(query, '<= ?')}", (*values, number)).fetchone()
        return int(found[0])

    def place(self, number: int) -> tuple[str, int, str]:
        """Where a picture is: its part, its place there, and its own file where it has one. Raises: LookupError."""
        query = "SELECT parts.name, place, path FROM pictures JOIN parts USING (part) WHERE number = ?"
        row = self._database.execute(query, (number,)).fetchone()
        if row is None:
            raise LookupError(f"there is no picture {number}")
        return str(row[0]), int(row[1]), str(row[2])

    def _numbers(self, wanted: Wanted, after: int, size: int, *, back: bool = False) -> list[int]:
        """Numbers of the pictures after one, or of those before it, backwards."""
        query, values = self._query(wanted)
        column = _column(query)
        order = f"ORDER BY {column} {'DESC' if back else ''} LIMIT ?"
        further = _further(query, "< ?" if back else "> ?")
        rows = self._database.execute(f"SELECT {column} {further} {order}", (*values, after, size))
        return [int(row[0]) for row in rows]

    def _query(self, wanted: Wanted) -> tuple[str, list[Any]]:
        """The rarest facet is walked along, and each picture there is looked at for the others."""
        asked = sorted(wanted.facets(), key=self._pictures_with)
        pattern = "%" + wanted.text.translate({ord(one): f"\\{one}" for one in "\\%_"}) + "%"
        if not asked:
            return (
                ("FROM pictures WHERE source LIKE ? ESCAPE '\\'", [pattern]) if wanted.text else ("FROM pictures", [])
            )
        clauses, values = ["facets.facet = ?"], asked[:1]
        for other in asked[1:]:
            clauses.append("EXISTS (SELECT 1 FROM facets o WHERE o.facet = ? AND o.picture = facets.picture)")
            values.append(other)
        if wanted.text:
            clauses.append("(SELECT source LIKE ? ESCAPE '\\' FROM pictures WHERE number = facets.picture)")
            values.append(pattern)
        return f"FROM facets WHERE {' AND '.join(clauses)}", list(values)

    def _pictures_with(self, facet: str) -> int:
        row = self._database.execute("SELECT pictures FROM facet_counts WHERE facet = ?", (facet,)).fetchone()
        return int(row[0]) if row else 0

    def _described(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        marks = ", ".join("?" * len(numbers))
        query = f"SELECT *, parts.name AS part_name FROM pictures JOIN parts USING (part) WHERE number IN ({marks})"
        names = [name for _, name in self.classes()]
        found = {row["number"]: _picture_json(row) for row in self._database.execute(query, numbers)}
        for row in self._database.execute(f"SELECT * FROM boxes WHERE picture IN ({marks}) ORDER BY box", numbers):
            found[row["picture"]]["boxes"].append(_box_json(row, names))
        for row in self._database.execute(f"SELECT * FROM notes WHERE picture IN ({marks})", numbers):
            found[row["picture"]]["problems"].append({"problem": row["problem"], "reason": row["note"]})
        return [found[number] for number in numbers if number in found]


def _column(query: str) -> str:
    """What has the pictures' numbers in a query."""
    return "picture" if "FROM facets" in query else "number"


def _further(query: str, condition: str) -> str:
    """A query with a condition on the pictures' numbers."""
    return f"{query} {'AND' if 'WHERE' in query else 'WHERE'} {_column(query)} {condition}"


@contextmanager
def opened(path: Path) -> Iterator[Index]:
    """An index file. Raises: FileNotFoundError: it is not there."""
    if not path.exists():
        raise FileNotFoundError(f"there is no index {path}")
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        yield Index(database)


def _picture_json(row: sqlite3.Row) -> dict[str, Any]:
    fault = [{"problem": "picture", "reason": row["fault"]}] if row["fault"] else []
    kept = {name: row[name] for name in ("number", "source", "width", "height")}
    return {**kept, "part": row["part_name"], "readable": not row["fault"], "boxes": [], "problems": fault}


def _box_json(row: sqlite3.Row, names: Sequence[str]) -> dict[str, Any]:
    label = row["label"]
    found: dict[str, Any] = {
        "box": row["box"],
        "label": label,
        "className": names[label] if 0 <= label < len(names) else str(label + 1),
        "corners": [None if row[name] is None else round(row[name], 2) for name in ("xmin", "ymin", "xmax", "ymax")],
        "size": row["size"],
    }
    if row["crowd"]:
        found["crowd"] = True
    return {**found, "problem": row["problem"], "reason": row["reason"]} if row["problem"] else found


def _written(after: int) -> str:
    return base64.urlsafe_b64encode(f"after:{after}".encode()).decode()


def _read(token: str) -> int:
    if not token:
        return -1
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word != "after" or not -1 <= int(number) < 2**53:
            raise ValueError(word)
    except ValueError as error:
        raise ValueError(f"pageToken must be the nextPageToken of the page before, got {token!r}") from error
    return int(number)
