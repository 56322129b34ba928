"""Lists of jobs: in which order, beginning where, and which of them."""

import base64
import json
import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, tuple_

from boxwright.store.conditions import Condition
from boxwright.store.schema import jobs

ORDERS = {
    "createTime": jobs.c.uid,
    "jobId": jobs.c.job_id,
    "state": jobs.c.state,
    "algorithm": jobs.c.algorithm,
    "bestValue": jobs.c.best_value,
}
"""What jobs can be sorted by; for each there is an index."""

NEWEST = "createTime desc"

MAX_WORDS = 200
"""Characters of a text that is looked for."""


@dataclass(frozen=True)
class Order:
    """An order of jobs, in which no two are equal: after the column comes the time of submission.

    Attributes:
        name: one of `ORDERS`.
        falling: the largest first.
    """

    name: str
    falling: bool

    @classmethod
    def read(cls, text: str) -> "Order":
        """Such as "createTime desc", "jobId" or "bestValue asc". Raises: ValueError: no such order."""
        name, _, way = text.strip().partition(" ")
        if name not in ORDERS or way.strip() not in ("", "asc", "desc"):
            raise ValueError(f"must be one of {', '.join(ORDERS)}, and then desc or nothing, got {text!r}")
        return cls(name, way.strip() == "desc")

    def __str__(self) -> str:
        return f"{self.name} desc" if self.falling else self.name

    def sorted(self, query: Select[Any]) -> Select[Any]:
        """The query in this order; jobs without a best value come last in either direction."""
        column, uid = ORDERS[self.name], jobs.c.uid
        ways = [uid.desc() if self.falling else uid]
        if column is not uid:
            ways.insert(0, column.desc() if self.falling else column)
        if column is jobs.c.best_value:
            ways[0] = ways[0].nulls_last()
        return query.order_by(*ways)

    def after(self, value: Any, uid: int) -> ColumnElement[bool]:
        """The jobs that come after one with this value and uid."""
        column = ORDERS[self.name]
        later = jobs.c.uid < uid if self.falling else jobs.c.uid > uid
        if column is jobs.c.uid:
            return later
        if value is None:
            return and_(column.is_(None), later)
        here, there = tuple_(column, jobs.c.uid), tuple_(value, uid)
        beyond = here < there if self.falling else here > there
        return or_(beyond, column.is_(None)) if column is jobs.c.best_value else beyond

    def token(self, row: Any) -> str:
        """Where the page after this row begins."""
        value = None if self.name == "createTime" else row[ORDERS[self.name].name]
        return base64.urlsafe_b64encode(json.dumps([str(self), value, row["uid"]]).encode()).decode()

    def place(self, token: str) -> tuple[Any, int]:
        """Value and uid of the last row of the page before. Raises: ValueError."""
        try:
            order, value, uid = json.loads(base64.urlsafe_b64decode(token.encode()))
            if order != str(self) or type(uid) is not int or not 0 <= uid < 2**63:
                raise ValueError(order)
            return self._value(value), uid
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"pageToken must be the nextPageToken of the page before, got {token!r}; a new orderBy begins anew"
            ) from error

    def _value(self, value: Any) -> Any:
        """A value of the column, as a token holds it. Raises: ValueError."""
        known = {"createTime": (type(None),), "bestValue": (float, type(None))}.get(self.name, (str,))
        if not isinstance(value, known) or (isinstance(value, str) and "\0" in value):
            raise ValueError(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(value)
        return value


def page_of(project: str, order: Order, where: Condition | None, size: int, token: str) -> Select[Any]:
    """The query for a page of `size` jobs, and one more where there are more.

    Rows are found first by their numbers alone, so that what is large in them is not carried along while they are
    sorted.

    Raises:
        ValueError: a token that is none.
    """
    found = select(jobs.c.uid).where(jobs.c.project == project)
    if token:
        found = found.where(order.after(*order.place(token)))
    if where is not None:
        found = found.where(where.clause())
    chosen = order.sorted(found).limit(size + 1).subquery()
    return order.sorted(select(jobs).where(jobs.c.uid.in_(select(chosen.c.uid))))


@dataclass(frozen=True)
class Words:
    """Each of these words, whatever its case, is part of the job's id, its algorithm, its state or its labels."""

    words: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Words":
        """Raises: ValueError: a text that is too long, or holds NUL."""
        if len(text) > MAX_WORDS or "\0" in text:
            raise ValueError(f"must be at most {MAX_WORDS} characters without NUL, got {len(text)}")
        return cls(tuple(text.split()))

    def clause(self) -> ColumnElement[bool]:
        texts = [jobs.c.job_id, jobs.c.algorithm, jobs.c.state, cast(jobs.c.labels, Text)]
        together = func.lower(texts[0] + "\n" + texts[1] + "\n" + texts[2] + "\n" + texts[3])
        return and_(jobs.c.uid.is_not(None), *(together.contains(word.lower(), autoescape=True) for word in self.words))
