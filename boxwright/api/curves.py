"""The numbers of a job's events as series, read as they are written; what was read once is kept for the next look."""

import json
import math
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.api.downsampling import peaks_kept
from boxwright.event_file import EventFile

Vector = NDArray[np.float64]
Table = NDArray[np.float64]
"""float64 (N, columns)."""

KINDS = ("train", "evaluation", "predicted")
"""Kinds of events whose numbers are shown; a number that two kinds have belongs to the first."""

UNITS: Mapping[str, str] = {
    "images_per_second": "img/s",
    "memory": "bytes",
    "gpu_memory": "bytes",
    "seconds": "s",
    "epoch": "epochs",
}
"""Of numbers that have one; losses, rates, shares and accuracies have none."""

MAX_NAMES = 200
"""Different numbers of one file; others are left out."""

LARGEST = 1e300
"""Numbers beyond it are left out."""

KEPT_VALUES = 20_000_000
"""Numbers that are kept in memory for all jobs together: 160 MB."""


@dataclass
class Column:
    """One number over time: training step, seconds since 1970 and value of each point."""

    kind: str
    steps: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, table: Table) -> None:
        """More points: step, time, value; those whose value is infinite, NaN or too large are left out."""
        steps, times, values = table[np.abs(table[:, 2]) < LARGEST].T
        self.steps.frombytes(steps.astype(np.int64).tobytes())
        self.times.frombytes(times.tobytes())
        self.values.frombytes(values.tobytes())

    def shown(self, name: str, since: int, most: int) -> dict[str, Any]:
        """The points after a step, at most so many, as JSON."""
        steps, times, values = (np.frombuffer(one, one.typecode) for one in (self.steps, self.times, self.values))
        later: NDArray[np.int64] = np.flatnonzero(steps > since)
        chosen = later[peaks_kept(values[later].astype(np.float64), most)]
        return {
            "name": name,
            "unit": UNITS.get(name, ""),
            "kind": self.kind,
            "points": len(later),
            "steps": steps[chosen].tolist(),
            "times": [round(float(one), 3) for one in times[chosen]],
            "values": values[chosen].tolist(),
        }


class Curves:
    """The numbers of one file of events."""

    def __init__(self, file: EventFile) -> None:
        self._file = file
        self._columns: dict[str, Column] = {}
        self._generation = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Numbers in memory."""
        return sum(3 * len(one.values) for one in list(self._columns.values()))

    def answer(self, names: Iterable[str], since: int, most: int) -> dict[str, Any]:
        """The series of these names, and the names that there are. Raises: OSError."""
        with self._lock:
            self._read()
            known = {
                name: {"name": name, "unit": UNITS.get(name, ""), "kind": one.kind, "points": len(one.values)}
                for name, one in self._columns.items()
            }
            wanted = [name for name in dict.fromkeys(names) if name in known]
            series = [self._columns[name].shown(name, since, most) for name in wanted]
            return {"available": list(known.values()), "series": series, "generation": self._generation}

    def _read(self) -> None:
        while lines := self._file.read():
            if self._generation != self._file.generation:
                self._columns.clear()
                self._generation = self._file.generation
            self._follow(parsed(lines))
        if self._generation != self._file.generation:  # it is gone
            self._columns.clear()
            self._generation = self._file.generation

    def _follow(self, events: Iterable[Any]) -> None:
        """Take up events, many of one form at once: numbers are copied as arrays."""
        forms: dict[tuple[Any, ...], list[tuple[int, Mapping[str, Any]]]] = {}
        for place, event in enumerate(events):
            if is_event(event):
                forms.setdefault((event["kind"], *event["values"]), []).append((place, event))
        found: dict[tuple[str, str], list[Table]] = {}
        for (kind, *names), alike in forms.items():
            told = np.array([(place, one["step"], one["time"]) for place, one in alike], np.float64)
            for name in names:
                values = numbers([one["values"][name] for _, one in alike])
                if np.isfinite(values).any():
                    table = np.column_stack([told, values])
                    found.setdefault((kind, name), []).append(table)
        for (kind, name), tables in found.items():
            self._add(kind, name, np.concatenate(tables))

    def _add(self, kind: str, name: str, table: Table) -> None:
        """More points: place among the events, step, time, value."""
        column = self._column(kind, name)
        if column is not None and column.kind == kind:
            column.add(table[np.argsort(table[:, 0], kind="stable"), 1:])

    def _column(self, kind: str, name: str) -> Column | None:
        column = self._columns.get(name)
        if column is None and len(self._columns) < MAX_NAMES:
            column = self._columns[name] = Column(kind)
        return column


def parsed(lines: Sequence[bytes]) -> Iterable[Any]:
    """The JSON of lines; those that hold none are passed over."""
    try:
        found: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")  # in one go, which is three times as fast
        return found if len(found) == len(lines) else _each(lines)
    except (ValueError, RecursionError):
        return _each(lines)


def _each(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        with suppress(ValueError, RecursionError):
            yield json.loads(line)


def is_event(event: Any) -> bool:
    """Whether it is an event whose numbers are shown."""
    try:
        kind, step, time, values = event["kind"], event["step"], event["time"], event["values"]
    except (LookupError, TypeError):
        return False
    # Steps are kept as float64 on the way, which holds whole numbers up to 2**53.
    good = type(step) is int and 0 <= step < 2**53 and type(time) in (int, float) and -LARGEST < time < LARGEST
    return good and type(values) is dict and type(kind) is str and kind in KINDS


def numbers(values: Sequence[Any]) -> Vector:
    """Values as float64, NaN for what is no number."""
    if {*map(type, values)} <= {int, float}:
        with suppress(OverflowError):
            return np.array(values, np.float64)
    good = (float(one) if type(one) in (int, float) and -LARGEST < one < LARGEST else math.nan for one in values)
    return np.fromiter(good, np.float64, len(values))


class CurveShelf:
    """The curves that were asked for lately."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Curves] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str, make: Callable[[], EventFile]) -> Curves:
        """The curves of a file, by what tells it from others."""
        with self._lock:
            curves = self._kept.pop(key, None) or Curves(make())
            self._kept[key] = curves
            while len(self._kept) > 1 and sum(one.size for one in self._kept.values()) > KEPT_VALUES:
                self._kept.popitem(last=False)
            return curves
