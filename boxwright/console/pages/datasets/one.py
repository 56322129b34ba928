"""One data set: while it is imported, where that failed, and what is in it."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.datasets import words
from boxwright.console.pages.datasets.changing import converting, deleting, splitting
from boxwright.console.pages.datasets.gallery import Filters, gallery
from boxwright.console.pages.datasets.overview import overview
from boxwright.console.pages.datasets.plots import plots
from boxwright.console.view import View

TABS = {"overview": "info", "pictures": "photo_library", "statistics": "bar_chart"}
"""Tabs to their icons."""


async def dataset(
    view: View,
    name: str,
    *,
    tab: str = "",
    class_name: str = "",
    size: str = "",
    problem: str = "",
    part: str = "",
    text: str = "",
    empty: str = "",
    page: str = "",
    picture: str = "",
) -> None:
    """The page. All after `tab` belongs to the pictures: what is asked for, the page's token, and the one enlarged."""
    filters = Filters(class_name, size, problem, part, text, empty, page, picture)
    back = (view.text("datasets.title"), view.path("datasets"))
    shown = _Shown(view, name, tab if tab in TABS else "overview", filters)
    with ui.element("div").classes("page"):
        await view.live(view.resource("datasets", name), lambda known: shown.draw(known, back), every=1.0)


class _Shown:
    """What the page shows; it is built anew when the data set is in another state, and not for each step of it."""

    def __init__(self, view: View, name: str, tab: str, filters: Filters) -> None:
        self._view, self._name, self._tab, self._filters = view, name, tab, filters
        self._drawn: Any = None
        self._bar: ui.element | None = None

    async def draw(self, known: dict[str, Any], back: tuple[str, str]) -> None:
        """Show what is known now."""
        key = (known["state"], known["etag"])
        if key == self._drawn:
            self._advance(known)
            return
        self._drawn = key
        ui.context.slot.parent.clear()
        actions = parts.heading(known["name"], subtitle=words.subtitle(self._view, known), back=back)
        with actions:
            self._actions(known)
        await self._states().get(known["state"], self._waiting)(known)

    def _states(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[None]]]:
        return {"READY": self._ready, "FAILED": self._failed}

    def _actions(self, known: dict[str, Any]) -> None:
        view = self._view
        parts.chip(view, known["state"])
        if not view.may("trainer"):
            return
        if known["state"] == "READY":
            parts.link_button(view.text("datasets.train"), view.path("new", dataset=known["name"]), icon="play_arrow")
        with (
            ui.button(view.text("datasets.more_actions"), icon="expand_more", color=None)
            .props("no-caps outline")
            .classes("button button-plain"),
            ui.menu(),
        ):
            if known["state"] == "READY":
                self._entry("datasets.split", lambda: splitting(view, known))
                self._entry("datasets.convert", lambda: converting(view, known))
            if known["state"] in ("READY", "FAILED"):
                self._entry("datasets.again", self._again)
            self._entry("datasets.delete", lambda: deleting(view, known))

    def _entry(self, key: str, act: Callable[[], Any]) -> None:
        ui.menu_item(self._view.text(key), on_click=act)

    async def _again(self) -> None:
        await parts.attempt(self._view, self._view.api.post(self._view.resource("datasets", f"{self._name}:retry")))

    async def _waiting(self, known: dict[str, Any]) -> None:
        """While it is imported."""
        view = self._view
        with parts.panel(view.text("datasets.importing"), note=view.text("datasets.importing_help")):
            self._bar = ui.element("div").props("role=status")
            self._advance(known)
            parts.facts([(view.text("datasets.path"), known["path"])] if known.get("path") else [])

    def _advance(self, known: dict[str, Any]) -> None:
        if self._bar is None or self._bar.is_deleted or known["state"] != "IMPORTING":
            return
        self._bar.clear()
        with self._bar:
            words.importing(self._view, known)
            progress = known.get("progress", {})
            if progress.get("total"):
                numbers = {"done": progress["done"], "n": progress["total"]}
                ui.label(self._view.text("datasets.progress", **numbers)).classes("note")

    async def _failed(self, known: dict[str, Any]) -> None:
        view = self._view
        error = ServerError(400, "FAILED", known.get("errorMessage", ""))
        parts.failure(view, view.text("datasets.failed"), error, self._again if view.may("trainer") else None)
        ui.label(view.text("datasets.failed_help")).classes("note")
        parts.facts([(view.text("datasets.path"), known["path"])] if known.get("path") else [])

    async def _ready(self, known: dict[str, Any]) -> None:
        view = self._view
        with ui.tabs().props("no-caps align=left inline-label").classes("page-tabs") as tabs:
            for name, icon in TABS.items():
                ui.tab(name, view.text(f"datasets.tab_{name}"), icon=icon)
        tabs.set_value(self._tab)
        body = ui.element("div").classes("page").props("role=tabpanel")

        async def turn() -> None:
            self._tab = str(tabs.value)
            body.clear()
            body.props["aria-label"] = view.text(f"datasets.tab_{self._tab}")
            view.remember(tab="" if self._tab == "overview" else self._tab)
            with body:
                await self._fill(known, show)

        async def show(filters: Filters) -> None:
            self._filters = filters
            tabs.set_value("pictures")

        tabs.on_value_change(turn)
        await turn()

    async def _fill(self, known: dict[str, Any], show: Callable[[Filters], Awaitable[None]]) -> None:
        view = self._view
        if self._tab == "pictures":
            await gallery(view, known, self._filters)
            return
        self._filters = Filters()
        view.remember(**self._filters.query())
        found = await view.api.get(view.resource("datasets", self._name, "statistics"))
        if self._tab == "statistics":
            plots(view, found, show)
        else:
            await overview(view, known, found, show)
