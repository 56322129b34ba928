"""Lines of a log as a server sends them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Interrupted(Exception):
    """A stream ended before its job did."""


@dataclass(frozen=True)
class LogLine:
    """One line of a job's log.

    Attributes:
        offset: where the next line begins, in bytes; following on from there repeats nothing.
        time: RFC 3339, UTC; empty for a line without one.
        text: of the line.
        severity, task, trial: as the server states them.
    """

    offset: int
    time: str
    text: str
    severity: str = "INFO"
    task: str = "master-replica-0"
    trial: str = ""


def whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Complete lines; what follows the last line feed was cut off."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def read_line(line: bytes) -> dict[str, Any]:
    """What a line of the stream holds; nothing for a blank one. Raises: Interrupted: it was cut off."""
    try:
        values: dict[str, Any] = json.loads(line) if line.strip() else {}
    except ValueError as error:
        raise Interrupted(f"unreadable line {line[:80]!r}") from error
    return values


def log_line(values: Mapping[str, Any]) -> LogLine:
    """A line of the log from one of the stream."""
    known = {name: str(values[name]) for name in ("severity", "task", "trial") if values.get(name)}
    return LogLine(int(values["offset"]), str(values["time"]), str(values["text"]), **known)
