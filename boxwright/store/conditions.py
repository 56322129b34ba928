"""What can be asked of a job, as values that compile to SQL; texts are told apart by case on both databases."""

import json
import re
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, Text, and_, cast, false, not_, or_, true

from boxwright.store.schema import jobs

TEXTS = {"jobId": jobs.c.job_id, "kind": jobs.c.kind, "state": jobs.c.state, "algorithm": jobs.c.algorithm}
TIMES = {"createTime": jobs.c.create_time, "startTime": jobs.c.start_time, "endTime": jobs.c.end_time}


class Condition(Protocol):
    """What a filter asks of a job."""

    def clause(self) -> ColumnElement[bool]:
        """The condition on the table of jobs; never NULL, so that it can be turned round."""
        ...


@dataclass(frozen=True)
class Like:
    """A text field equals `pattern`, in which `*` stands for any text."""

    field: str
    pattern: str

    def clause(self) -> ColumnElement[bool]:
        key = self.field.removeprefix("labels.")
        column = TEXTS[key] if key == self.field else jobs.c.labels[key].as_string()
        start, star, rest = self.pattern.partition("*")
        if not star:
            found = column == self.pattern
        elif not rest and self.field == "jobId":  # a range of the index
            found = and_(column >= start, column < start + chr(0x10FFFF))
        else:
            found = column.regexp_match("^" + ".*".join(map(re.escape, self.pattern.split("*"))) + "$")
        return and_(column.is_not(None), found)


@dataclass(frozen=True)
class Time:
    """A time field compares with a time, in seconds since 1970."""

    field: str
    operator: str
    seconds: float

    def clause(self) -> ColumnElement[bool]:
        column = TIMES[self.field]
        return and_(column.is_not(None), column.op(self.operator, is_comparison=True)(self.seconds))


@dataclass(frozen=True)
class Folder:
    """The job's folder is one of these."""

    folders: tuple[str, ...]

    def clause(self) -> ColumnElement[bool]:
        return jobs.c.job_dir.in_(self.folders)


@dataclass(frozen=True)
class Naming:
    """The request holds a text anywhere, such as a folder among its arguments."""

    text: str

    def clause(self) -> ColumnElement[bool]:
        written = json.dumps(self.text)[1:-1]
        return cast(jobs.c.request, Text).contains(written, autoescape=True)


@dataclass(frozen=True)
class Not:
    """The opposite."""

    condition: Condition

    def clause(self) -> ColumnElement[bool]:
        return not_(self.condition.clause())


@dataclass(frozen=True)
class All:
    """Every one of them."""

    conditions: tuple[Condition, ...]

    def clause(self) -> ColumnElement[bool]:
        return and_(true(), *(one.clause() for one in self.conditions))


@dataclass(frozen=True)
class Any:
    """At least one of them."""

    conditions: tuple[Condition, ...]

    def clause(self) -> ColumnElement[bool]:
        return or_(false(), *(one.clause() for one in self.conditions))
