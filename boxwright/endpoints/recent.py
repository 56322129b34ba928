"""The last quarter of an hour of requests, in figures that cost next to nothing to keep and to read.

Counts stand in slots of a few seconds, and times within a slot in bins that grow by a tenth, so that a quantile is
right to 5 % however many requests there were.
"""

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SLOT = 5.0
"""Seconds of a slot."""

SLOTS = 180
"""Slots that are kept of each version: a quarter of an hour."""

MINUTE = 60.0
"""Seconds that the figures of now look back."""

GROWTH = 1.1
"""Each bin of times is so much wider than the one before."""

Where = tuple[str, str, str]
"""Project, model and version."""


@dataclass
class Slot:
    """What happened within `SLOT` seconds.

    Attributes:
        number: the slot's time, in slots since the clock's zero.
        requests: answered.
        errors: those among them that the server or the model is to blame for: no answer, or HTTP status 500 and more.
        refused: those among them that were wrong in themselves: HTTP status 400 to 499.
        bins: how many took how long; bin `b` ends at `GROWTH**b` milliseconds.
    """

    number: int
    requests: int = 0
    errors: int = 0
    refused: int = 0
    bins: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Figures:
    """What requests of some time were like.

    Attributes:
        requests_per_second, errors_per_second, refused_per_second: of HTTP, see `Slot`.
        p50, p95: seconds to the answer of the middle request and of the one at 95 %; None without requests.
    """

    requests_per_second: float
    errors_per_second: float
    refused_per_second: float
    p50: float | None
    p95: float | None


class Recent:
    """The last requests of every version of one server; all threads may use it.

    Args:
        clock: seconds since some zero.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._slots: dict[Where, deque[Slot]] = {}
        self._began = clock()

    def note(self, where: Where, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            status: of HTTP; 0 where nobody has answered.
            seconds: to the answer.
        """
        number = int(self._clock() // SLOT)
        with self._lock:
            if where not in self._slots:
                self._forget(number - SLOTS)
                self._slots[where] = deque(maxlen=SLOTS)
            slots = self._slots[where]
            if not slots or slots[-1].number < number:
                slots.append(Slot(number))
            slot = slots[-1]
            slot.requests += 1
            slot.errors += status == 0 or status >= 500
            slot.refused += 400 <= status < 500
            slot.bins[_bin(seconds)] += 1

    def now(self, *versions: Where) -> Figures:
        """Of these together in the last minute, or since the start where that is not so long ago."""
        clock = self._clock()
        first = int((clock - MINUTE) // SLOT) + 1
        begin = max(first * SLOT, self._began)
        slots = [slot for where in versions for slot in self._of(where) if slot.number >= first]
        return _figures(slots, max(clock - begin, 1.0))

    def history(self, where: Where) -> list[tuple[float, Figures]]:
        """Each whole slot of the last quarter of an hour, the oldest first: when it began, and what it was like.

        It starts with the first request of that time; slots without requests are there as well.
        """
        there = {one.number: one for one in self._of(where)}
        end = int(self._clock() // SLOT)
        begin = max(end - SLOTS, min(there, default=end))
        found = ((number, [there[number]] if number in there else []) for number in range(begin, end))
        return [(number * SLOT, _figures(slots, SLOT)) for number, slots in found]

    def _forget(self, oldest: int) -> None:
        """Leave out versions that nobody has asked since; they may have been deleted."""
        self._slots = {where: slots for where, slots in self._slots.items() if slots[-1].number >= oldest}

    def _of(self, where: Where) -> list[Slot]:
        with self._lock:
            return [Slot(s.number, s.requests, s.errors, s.refused, s.bins.copy()) for s in self._slots.get(where, ())]


def _bin(seconds: float) -> int:
    """Bins below 0.1 ms are one, as nothing is answered sooner."""
    return math.ceil(math.log(max(seconds * 1000, 0.1), GROWTH))


def _figures(slots: Iterable[Slot], seconds: float) -> Figures:
    total = Slot(0)
    for one in slots:
        total.requests += one.requests
        total.errors += one.errors
        total.refused += one.refused
        total.bins.update(one.bins)
    return Figures(
        requests_per_second=total.requests / seconds,
        errors_per_second=total.errors / seconds,
        refused_per_second=total.refused / seconds,
        p50=_quantile(total.bins, 0.5),
        p95=_quantile(total.bins, 0.95),
    )


def _quantile(bins: Counter[int], share: float) -> float | None:
    """Seconds within which a share of the requests was answered: the middle of the bin in which that one is."""
    wanted, seen = math.ceil(share * bins.total()), 0
    for number in sorted(bins):
        seen += bins[number]
        if seen >= wanted:
            return float(GROWTH ** (number - 0.5)) / 1000
    return None
