"""The pictures of a data set with their boxes, a page at a time, by class, size, problem, part and name."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.datasets.drawn import thumbnail
from boxwright.console.pages.datasets.enlarged import Enlarged
from boxwright.console.view import View

PAGE_SIZE = 48
HEIGHT = 170
"""Of pictures in the gallery, in pixels, about."""

SIZES = ("small", "medium", "large")

Known = Mapping[str, Any]


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty for all. It stands in the page's address.

    Attributes:
        page: token of the page.
        picture: number of the picture that is shown large.
    """

    class_name: str = ""
    size: str = ""
    problem: str = ""
    part: str = ""
    text: str = ""
    empty: str = ""
    page: str = ""
    picture: str = ""

    def query(self) -> dict[str, str]:
        """As the page's address has it."""
        return asdict(self)

    def asked(self) -> dict[str, str]:
        """As the API is asked, but for the page."""
        given = {name: value for name, value in self.query().items() if name not in ("page", "picture", "class_name")}
        return given | {"class": self.class_name}


Show = Callable[[Filters], Awaitable[None]]
"""Turns to the pictures that some filters ask for."""


async def gallery(view: View, known: Known, filters: Filters) -> None:
    """The tab."""
    found = await view.api.get(view.resource("datasets", str(known["name"]), "statistics"))
    await _Gallery(view, known, filters).draw(found)


class _Gallery:
    """The filters, and the page of pictures that have what they ask for."""

    def __init__(self, view: View, known: Known, filters: Filters) -> None:
        self._view, self._known, self._filters = view, known, filters
        self._turn = 0

    async def draw(self, statistics: Known) -> None:
        """Build it."""
        with ui.element("div").classes("filters").props("role=search"):
            self._draw_filters(statistics)
        self._told = ui.label().classes("note").props("role=status")
        self._grid = ui.element("ul").classes("gallery")
        self._pager = ui.element("nav").classes("pager")
        await self._look()
        if self._filters.picture.isdecimal():
            # The page does not wait until the picture is closed.
            ui.timer(0.01, self._enlarging(int(self._filters.picture)), once=True)

    def _draw_filters(self, statistics: Known) -> None:
        view = self._view
        text = ui.input(view.text("datasets.search"), value=self._filters.text).props(
            "outlined dense clearable debounce=300 type=search"
        )
        text.on_value_change(lambda event: self._ask(text=event.value or ""))
        self._choice("class_name", {one["name"]: one["name"] for one in statistics["classes"]})
        self._choice("size", {one: view.text(f"datasets.size_{one}") for one in SIZES})
        problems = {"any": view.text("datasets.any_problem")}
        problems |= {
            name: f"{view.text(f'datasets.problem_{name}')} ({view.number(count)})"
            for name, count in statistics["problems"].items()
        }
        self._choice("problem", problems if len(problems) > 1 else {})
        names = [one["name"] for one in self._known["parts"]]
        self._choice("part", {one: one for one in names} if len(names) > 1 else {})
        empty = ui.checkbox(view.text("datasets.empty_pictures"), value=bool(self._filters.empty))
        empty.on_value_change(lambda event: self._ask(empty="true" if event.value else ""))

    def _choice(self, field: str, options: dict[str, str]) -> None:
        if not options:
            return
        value = getattr(self._filters, field)
        label = self._view.text(f"datasets.filter_{field}")
        chosen = ui.select(options, value=value if value in options else None, label=label, clearable=True)
        chosen.props("outlined dense options-dense").classes("filter")
        chosen.on_value_change(lambda event: self._ask(**{field: event.value or ""}))

    async def _ask(self, **changed: str) -> None:
        """Show the pictures for other filters, from the first page on."""
        self._filters = replace(self._filters, page="", picture="", **changed)
        await self._look()

    async def _go(self, token: str) -> None:
        self._filters = replace(self._filters, page=token)
        await self._look()
        self._view.client.run_javascript("document.querySelector('.filters').scrollIntoView({block: 'start'})")

    async def _look(self) -> None:
        """Show the page; an answer that comes after another one was asked for is dropped."""
        self._turn += 1
        turn, view = self._turn, self._view
        view.remember(**self._filters.query())
        path = view.resource("datasets", str(self._known["name"]), "pictures")
        try:
            found = await view.api.get(path, pageSize=PAGE_SIZE, pageToken=self._filters.page, **self._filters.asked())
        except ServerError as error:
            self._grid.clear()
            with self._grid, ui.element("li").classes("gallery-wide"):
                parts.failure(view, view.text("parts.failed"), error, lambda: self._ask())
            return
        if turn == self._turn:
            self._show(found)

    def _show(self, found: Known) -> None:
        view = self._view
        self._told.text = view.text("datasets.n_found", n=found.get("totalSize", 0))
        self._grid.clear()
        with self._grid:
            for picture in found.get("pictures", ()):
                self._draw_picture(picture)
        if not found.get("pictures"):
            with self._grid, ui.element("li").classes("gallery-wide"):
                parts.empty(view.text("datasets.none_found"), view.text("datasets.none_found_help"), icon="search_off")
        self._pager.clear()
        with self._pager:
            for name, icon in (("previous", "chevron_left"), ("next", "chevron_right")):
                token = found.get(f"{name}PageToken", "")
                button = parts.icon_button(icon, view.text(f"parts.{name}"), self._going(token))
                button.set_enabled(bool(token))
        self._pager.set_visibility("nextPageToken" in found or "previousPageToken" in found)

    def _going(self, token: str) -> Any:
        return lambda: self._go(token)

    def _draw_picture(self, picture: Known) -> None:
        view = self._view
        shape = min(3.0, max(0.4, picture["width"] / picture["height"])) if picture["height"] else 1.4
        with (
            ui.element("li")
            .classes("gallery-item")
            .style(f"flex: {shape:.3f} 1 {HEIGHT * shape:.0f}px; max-width: {2 * HEIGHT * shape:.0f}px")
        ):
            with ui.element("button").props("type=button").classes("gallery-open") as opens:
                opens.props["aria-label"] = view.text("datasets.enlarge", name=picture["source"])
                opens.on("click", self._enlarging(picture["number"]))
                thumbnail(view, self._known, picture, self._filters.problem)
            with ui.element("div").classes("gallery-words"):
                ui.label(picture["source"]).classes("gallery-name")
                ui.label(view.text("datasets.n_boxes", n=len(picture["boxes"]))).classes("note")
            faults = len(picture["problems"]) + sum("problem" in one for one in picture["boxes"])
            if faults:
                with ui.element("span").classes("gallery-fault"):
                    ui.icon("warning").props("aria-hidden=true")
                    ui.label(view.text("datasets.n_problems", n=faults))

    def _enlarging(self, number: int) -> Any:
        return lambda: self._enlarge(number)

    async def _enlarge(self, number: int) -> None:
        view = self._view
        large = Enlarged(view, self._known, self._filters.asked(), self._numbered)
        await large.open(number)
        view.remember(picture="")

    def _numbered(self, number: int) -> None:
        self._view.remember(picture=str(number))
