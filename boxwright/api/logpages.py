"""Parts of a job's log: some lines before or after a place, and those in which something stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boxwright.api.logfile import CHUNK, Extent, Line, LogFile, lines_of

MOST_BYTES = 2**20
"""Of a page: lines are left out where they are so long."""

MOST_SEARCHED = 32 * 2**20
"""Bytes that one search looks at."""

LONGEST = 5000
"""Characters shown of a line."""


@dataclass(frozen=True)
class LogReader:
    """Reads parts of a log as it is now. Raises: OSError: it cannot be read."""

    log: LogFile

    def before(self, place: int | None, count: int) -> dict[str, Any]:
        """The last whole lines before a byte; before the end of the log where that is None."""
        extent = self.log.extent()
        end = extent.size if place is None else min(place, extent.size)
        start = max(0, end - MOST_BYTES)
        data = self._read(extent, start, end - start)
        whole = data[: data.rfind(b"\n") + 1] if place is None else data
        skipped = whole.find(b"\n") + 1 if start else 0
        return _page(list(lines_of(whole[skipped:], start + skipped))[-count:], extent, end)

    def after(self, place: int, count: int) -> dict[str, Any]:
        """The first whole lines from a byte on."""
        extent = self.log.extent()
        place = min(place, extent.size)
        data = self._read(extent, place, min(MOST_BYTES, extent.size - place))
        whole = data if len(data) == MOST_BYTES and b"\n" not in data else data[: data.rfind(b"\n") + 1]
        return _page(list(lines_of(whole, place))[:count], extent, place)

    def search(self, text: str, place: int, most: int) -> dict[str, Any]:
        """Lines from a byte on in which a text stands, whatever its case; some of them where there are many."""
        extent, found = self.log.extent(), list[Line]()
        wanted, last = text.lower(), min(extent.size, place + MOST_SEARCHED)
        while place < last and len(found) < most:
            data = self._read(extent, place, min(CHUNK, extent.size - place))
            whole = data[: data.rfind(b"\n") + 1] or data
            if not whole:
                break
            if wanted in whole.decode(errors="replace").lower():
                found += [line for line in lines_of(whole, place) if wanted in line.text.lower()]
            place += len(whole)
        if len(found) > most:
            place = found[most - 1].offset
        shown = [_shown(line) for line in found[:most]]
        return {"lines": shown, "offset": place, "size": extent.size, "complete": place >= extent.size}

    def _read(self, extent: Extent, start: int, length: int) -> bytes:
        try:
            return self.log.read(extent, start, length) if length else b""
        except FileNotFoundError:
            return b""


def _page(lines: Sequence[Line], extent: Extent, place: int) -> dict[str, Any]:
    return {
        "lines": [_shown(line) for line in lines],
        "start": lines[0].start if lines else place,
        "end": lines[-1].offset if lines else place,
        "size": extent.size,
    }


def _shown(line: Line) -> dict[str, Any]:
    text = line.text if len(line.text) <= LONGEST else f"{line.text[:LONGEST]} …"
    return {**line._asdict(), "text": text}
