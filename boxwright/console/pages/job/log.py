"""The tab with a job's log: its end as it grows, or a part that was searched for. A page holds only some lines."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.element import Element

from boxwright.console import parts
from boxwright.console.pages.job.asked import Asked, note
from boxwright.console.view import View

Job = Mapping[str, Any]
Line = Mapping[str, Any]

WINDOW = 400
"""Lines in the page."""

STEP = 200
"""Lines that are read at once."""

FOUND = 200
"""Most lines that a search shows."""

CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours and other commands to terminals, and characters that are none to read."""


def plain(text: str) -> str:
    """Text without what is meant for terminals only."""
    return CONTROL.sub("", text)


def marked(text: str, words: str) -> list[tuple[str, bool]]:
    """Parts of a text, and whether each is what was searched for, whatever its case."""
    if not words:
        return [(text, False)]
    pieces = re.split(f"({re.escape(words)})", text, flags=re.IGNORECASE)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


async def log(view: View, job: Job) -> None:
    """Of one job."""
    await Log(view, job).build()


class Log:
    """Lines of a log between two bytes of it."""

    def __init__(self, view: View, job: Job) -> None:
        self._view = view
        self._asked: Asked = job["asked"]
        self._path = view.resource("jobs", str(job["jobId"]))
        self._rows: dict[int, Element] = {}
        self._start = self._end = 0
        self._words = self._asked.get("find", "")
        self._latest: Mapping[str, Any] = {}

    async def build(self) -> None:
        """Raises: ServerError: the log cannot be read."""
        view = self._view
        with ui.element("div").classes("row-of tools"):
            self._search = ui.input(view.text("job.find"), value=self._words).props(
                "outlined dense clearable type=search"
            )
            self._search.classes("grow").on("keydown.enter", self._find).on("clear", self._find)
            parts.button(view.text("job.find_action"), self._find, icon="search")
            self._follow = ui.switch(view.text("job.follow"), value=True).on_value_change(self._resume)
        self._matches = ui.element("div").classes("matches")
        self._earlier = parts.button(view.text("job.earlier"), self._show_earlier, icon="expand_less")
        with ui.element("div").classes("log").props("tabindex=0 role=log aria-live=off") as self._box:
            self._box.props["aria-label"] = view.text("job.tab_log")
            self._lines = ui.element("div")
        self._later = parts.button(view.text("job.later"), self._show_later, icon="expand_more")
        self._later.set_visibility(False)
        self._empty = ui.label(view.text("job.no_log")).classes("note")
        with ui.element("div").classes("unseen"):
            await view.live(f"{self._path}/log:page", self._grown, lines=STEP)
        if self._words:
            await self._find()

    def _grown(self, page: Mapping[str, Any]) -> None:
        """The end of the log has changed."""
        self._latest = page
        if not self._follow.value:
            self._told()
            return
        if page["start"] > self._end or page["end"] < self._end:  # a gap, or another log
            self._clear()
        self._append([line for line in page["lines"] if line["offset"] > self._end])
        self._to_end()

    def _clear(self) -> None:
        self._lines.clear()
        self._rows.clear()
        self._start = self._end = 0

    def _append(self, lines: Sequence[Line]) -> None:
        with self._lines:
            for line in lines:
                self._rows[line["offset"]] = self._row(line)
        for offset in list(self._rows)[: max(0, len(self._rows) - WINDOW)]:
            self._rows.pop(offset).delete()
            self._start = offset
        if lines:
            self._end = lines[-1]["offset"]
            self._start = self._start or lines[0]["start"]
        self._told()

    def _prepend(self, lines: Sequence[Line]) -> None:
        rows: dict[int, Element] = {}
        with self._lines:
            for place, line in enumerate(lines):
                rows[line["offset"]] = self._row(line)
                rows[line["offset"]].move(self._lines, place)
        self._rows = {**rows, **self._rows}
        for offset in list(self._rows)[WINDOW:]:
            self._rows.pop(offset).delete()
        self._start, self._end = (lines[0]["start"] if lines else 0), next(reversed(self._rows), 0)
        self._told()

    def _told(self) -> None:
        self._empty.set_visibility(not self._rows)
        self._earlier.set_visibility(self._start > 0)
        self._later.set_visibility(self._end < self._latest.get("size", 0) and not self._follow.value)

    def _row(self, line: Line, action: Any = None) -> Element:
        """A line; one that can be clicked is a button."""
        with ui.element("button" if action else "div").classes("line") as row:
            if line["time"]:
                ui.label(self._view.time(line["time"], seconds=True)).classes("when")
            with ui.element("span").classes("what"):
                for piece, found in marked(plain(line["text"]), self._words):
                    with ui.element("mark" if found else "span"):
                        ui.label(piece)
        return row.on("click", action) if action else row

    async def _page(self, **asked: Any) -> Any:
        """Some lines; None where the API refuses, which is told."""
        return await parts.attempt(self._view, self._view.api.get(f"{self._path}/log:page", **asked), changes=False)

    async def _show_earlier(self) -> None:
        self._pause()
        page = await self._page(before=self._start, lines=STEP)
        if page:
            self._prepend(page["lines"])

    async def _show_later(self) -> None:
        page = await self._page(after=self._end, lines=STEP)
        if page:
            self._append(page["lines"])

    def _pause(self) -> None:
        if self._follow.value:
            self._follow.value = False

    async def _resume(self) -> None:
        if self._follow.value and self._latest:
            self._clear()
            self._grown(self._latest)
        self._told()

    def _to_end(self) -> None:
        ui.run_javascript(f"getHtmlElement({self._box.id})?.scrollTo(0, 1e9)")

    async def _find(self) -> None:
        """Show the lines in which something stands."""
        self._words = (self._search.value or "").strip()[:200]
        note(self._view, self._asked, find=self._words)
        self._matches.clear()
        if not self._words:
            return
        query = {"query": self._words, "limit": FOUND}
        searched = self._view.api.get(f"{self._path}/log:search", **query)
        found = await parts.attempt(self._view, searched, changes=False)
        if found is None:
            return
        with self._matches:
            key = "job.found" if found["complete"] else "job.found_more"
            ui.label(self._view.text(key, n=len(found["lines"]))).classes("note").props("role=status")
            with ui.element("div").classes("log found"):
                for line in found["lines"]:
                    self._row(line, lambda line=line: self._jump(line))

    async def _jump(self, line: Line) -> None:
        """Show a line that was found among those around it."""
        self._pause()
        before = await self._page(before=line["offset"], lines=STEP // 2)
        after = await self._page(after=line["offset"], lines=STEP // 2)
        if before is None or after is None:
            return
        self._clear()
        self._append([*before["lines"], *after["lines"]])
        self._start = before["start"]
        self._told()
        row = self._rows.get(line["offset"])
        if row:
            row.classes("here")
            ui.run_javascript(f"getHtmlElement({row.id})?.scrollIntoView({{block: 'center'}})")
