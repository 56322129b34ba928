"""A dialog to choose a file, a folder or a wildcard below the server's roots, with what it would match."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import unquote

from nicegui import ui
from nicegui.events import GenericEventArguments

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.view import View

Kind = Literal["data", "folder", "file"]
"""What is chosen: labelled data (file, folder or wildcard), a folder to write below, or one file."""

WILDCARDS = "*?["

PAUSE = 0.4
"""Seconds without a key, after which what was typed is looked at."""

SHARD = re.compile(r"-\d{5}-of-(\d{5})")
"""In the name of a file that is one part of many."""

# Arrow keys go from entry to entry, so that a hand can stay where it is.
ARROWS = """(event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll("button.file-entry")];
  const next = all[all.indexOf(document.activeElement) + step];
  if (next) { event.preventDefault(); next.focus(); }
}"""


def pasted(text: str | None) -> str:
    """A path as it was meant: file managers and shells put quotes around what is copied, or file:// before it."""
    path = (text or "").strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1].strip()
    return unquote(path.removeprefix("file://")) if path.startswith("file:///") else path


class FileBrowser:
    """Looks around in what `GET /v1/files` gives."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def choose(self, *, kind: Kind = "data", start: str = "") -> str | None:
        """Open the dialog; gives the complete path or wildcard, or None when nothing was chosen.

        Args:
            kind: what is to be chosen.
            start: folder, file or wildcard to begin at; the roots where it is empty.
        """
        with ui.dialog() as dialog, ui.card().classes("dialog file-browser"):
            pane = _Pane(self._view, kind, dialog.submit)
        await pane.begin(start)
        chosen = await parts.answered(dialog)
        return str(chosen) if chosen else None


# The entry that was gone through is there no more: the hand goes on at the first of the folder.
TO_FIRST = "document.querySelector('.file-entries .file-entry, .crumbs [aria-current]')?.focus()"


class _Pane:
    """What the dialog holds."""

    def __init__(self, view: View, kind: Kind, submit: Callable[[str | None], Any]) -> None:
        self._view, self._kind, self._submit = view, kind, submit
        self._folder, self._next, self._turn = "", "", 0
        with ui.element("h2"):
            ui.label(view.text(f"browser.title_{kind}"))
        self._crumbs = ui.element("nav").classes("crumbs")
        self._crumbs.props["aria-label"] = view.text("browser.folders")
        self._filter = ui.input(view.text("browser.filter"), on_change=self._filtered)
        self._filter.props("dense outlined clearable debounce=300 type=search")
        self._list = ui.element("div").classes("file-entries").on("keydown", js_handler=ARROWS)
        self._list.props("role=group")
        self._list.props["aria-label"] = view.text("browser.entries")
        self._path = ui.input(view.text(f"browser.path_{kind}"), on_change=self._typed)
        self._path.props("dense outlined spellcheck=false autocomplete=off").classes("file-path")
        self._path.on("keydown.enter", self._entered, js_handler="(event) => emit(event.target.value)")
        self._found = ui.element("div").classes("file-found").props("role=status")
        with ui.element("div").classes("actions"):
            parts.button(view.text("parts.cancel"), lambda: submit(None))
            self._choose = parts.button(view.text("browser.choose"), self._chosen, kind="primary")

    async def begin(self, start: str) -> None:
        """Show what is around a path; the roots where there is nothing to show."""
        folder = start if start and not any(mark in start for mark in WILDCARDS) else start.rpartition("/")[0]
        for place in (folder, folder.rpartition("/")[0], ""):
            if await self._open(place, told=not place):
                break
        if start:
            self._path.value = start  # which is looked at as if it had been typed
        else:
            await self._look()

    async def _open(self, folder: str, *, told: bool = True) -> bool:
        """Show a folder; False where the API refuses it, in words where it is to be told."""
        try:
            found = await self._view.api.get("/v1/files", path=folder, filter=self._filter.value or "", pageSize=100)
        except ServerError as error:
            if told:
                self._say(self._view.said(error.message), "bad")
            return False
        self._folder = found.get("path", "")
        self._draw_crumbs(found)
        self._list.clear()
        self._add(found)
        return True

    async def _more(self) -> None:
        found = await parts.attempt(self._view, self._view.api.get("/v1/files", **self._asked()))
        if found:
            self._add(found)

    def _asked(self) -> dict[str, Any]:
        wanted = {"path": self._folder, "filter": self._filter.value or ""}
        return {**wanted, "pageSize": 100, "pageToken": self._next}

    def _add(self, found: dict[str, Any]) -> None:
        for old in [one for one in self._list.default_slot.children if "file-more" in one.classes]:
            old.delete()
        self._next = found.get("nextPageToken", "")
        with self._list:
            for entry in found.get("entries", ()):
                self._draw(entry)
            if not self._list.default_slot.children:
                ui.label(self._view.text("browser.nothing")).classes("note")
            if self._next:
                parts.button(self._view.text("browser.more"), self._more).classes("file-more")

    def _draw_crumbs(self, found: dict[str, Any]) -> None:
        """From the roots to the folder; each leads to its place."""
        self._crumbs.clear()
        root, path = found.get("root", ""), found.get("path", "")
        places = [(self._view.text("browser.roots"), "")]
        if path:
            below = [part for part in path.removeprefix(root).split("/") if part]
            base = root.rstrip("/")
            places += [(root, root), *((name, "/".join([base, *below[: at + 1]])) for at, name in enumerate(below))]
        with self._crumbs:
            for name, place in places:
                crumb = ui.element("button").props("type=button").on("click", self._opening(place))
                if (name, place) == places[-1]:
                    crumb.props("aria-current=location")
                with crumb:
                    ui.label(name)

    def _draw(self, entry: dict[str, Any]) -> None:
        is_folder = entry["kind"] == "FOLDER"
        act = self._opening(entry["path"]) if is_folder else self._picking(entry["path"])
        with ui.element("button").props("type=button").classes("file-entry").on("click", act):
            ui.icon("folder" if is_folder else "description").props("aria-hidden=true")
            ui.label(self._view.text("browser.folder" if is_folder else "browser.file")).classes("unseen")
            ui.label(entry["name"]).classes("grow")
            if entry.get("format"):
                ui.label(entry["format"]).classes("file-format")
            if "sizeBytes" in entry:
                ui.label(self._view.bytes(float(entry["sizeBytes"]))).classes("number note")
            if "updateTime" in entry:
                ui.label(self._view.time(entry["updateTime"])).classes("note file-time")

    def _opening(self, place: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            self._filter.set_value("")
            if await self._open(place):
                self._path.value = self._folder
                self._view.client.run_javascript(TO_FIRST)

        return act

    def _picking(self, path: str) -> Callable[[], None]:
        def act() -> None:
            self._path.value = path

        return act

    async def _filtered(self) -> None:
        await self._open(self._folder)

    async def _typed(self) -> None:
        """Look when nothing more was typed for a moment. The field is never written to meanwhile."""
        self._turn += 1
        turn = self._turn
        await asyncio.sleep(PAUSE)
        if turn == self._turn:
            await self._look()

    async def _entered(self, event: GenericEventArguments) -> None:
        typed = pasted(event.args)
        if not any(mark in typed for mark in WILDCARDS):
            await self._open(typed, told=False)
        await self._look()

    async def _look(self) -> None:
        """Say what the path would match; an answer that comes after the path has changed again is dropped."""
        self._turn += 1
        turn, pattern = self._turn, pasted(self._path.value)
        self._choose.set_enabled(bool(pattern) and self._kind == "folder")
        if not pattern or self._kind == "folder":
            self._say(pattern and self._view.text("browser.below", path=pattern))
            return
        self._say(self._view.text("browser.counting"))
        try:
            found = await self._view.api.get("/v1/files:match", pattern=pattern)
        except ServerError as error:
            found = {"fileCount": 0, "note": error.message}
        if turn == self._turn:
            self._show(pattern, found)

    def _show(self, pattern: str, found: dict[str, Any]) -> None:
        files, records = found["fileCount"], found.get("recordCount", 0)
        self._choose.set_enabled(files > 0 or found.get("complete") is False)
        self._found.clear()
        with self._found:
            ui.label(pattern).classes("file-pattern")
            key = "browser.matches" if found.get("complete", True) else "browser.matches_at_least"
            ui.label(self._view.text(key, n=files, records=records)).classes("file-count")
            if found.get("format"):
                sets = ", ".join(found.get("splits", ()))
                ui.label(self._view.text("browser.format", format=found["format"], sets=sets)).classes("note")
            if found.get("note") and self._kind == "data":
                ui.label(self._view.said(found["note"])).classes("file-note")
            others = SHARD.sub(r"-*-of-\1", pattern)
            if others != pattern and found.get("fileCount"):
                parts.button(self._view.text("browser.all_parts", pattern=others), self._picking(others))

    def _say(self, words: str, tone: str = "") -> None:
        self._found.clear()
        with self._found:
            ui.label(words).classes("file-note" if tone else "note")

    def _chosen(self) -> None:
        self._submit(pasted(self._path.value) or None)
