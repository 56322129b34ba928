"""All data sets of a project, live, and the way to new ones."""

from typing import Any, Literal

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing, Pager
from boxwright.console.pages.datasets import words
from boxwright.console.pages.datasets.adding import WAYS, Adding
from boxwright.console.view import View

PAGE_SIZE = 25


async def datasets(view: View, add: str = "") -> None:
    """The list. `add` opens the dialog for a new one: path, upload, store or draw."""
    actions = parts.heading(view.text("datasets.title"), subtitle=view.text("datasets.subtitle"))
    if view.may("trainer"):
        with actions:
            parts.button(view.text("datasets.add"), lambda: Adding(view).open("upload"), icon="add", kind="primary")
    await _Listed(view).turn("")
    if add and view.may("trainer"):
        ui.timer(0.01, _opening(view, add), once=True)  # the page does not wait for the dialog


class _Listed:
    """One page of the list, which follows what happens."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._place = ui.element("div")
        self._pager = Pager(view, self.turn)

    async def turn(self, token: str) -> None:
        """Show another page."""
        view = self._view
        self._place.clear()
        with self._place, ui.element("div"):
            self._listing: Listing | None = None
            await view.live(view.resource("datasets"), self._show, pageSize=PAGE_SIZE, pageToken=token)

    def _show(self, answer: dict[str, Any]) -> None:
        found = answer.get("datasets", [])
        self._pager.show(answer.get("nextPageToken", ""))
        if not found or self._listing is None:
            ui.context.slot.parent.clear()
            self._listing = None
        if not found:
            self._empty()
            return
        if self._listing is None:
            label = self._view.text("datasets.title")
            self._listing = Listing(self._columns(), lambda row: str(row["name"]), label=label)
        self._listing.show(found)

    def _empty(self) -> None:
        view = self._view
        place = parts.empty(view.text("datasets.empty"), view.text("datasets.empty_help"), icon="photo_library")
        if view.may("trainer"):
            with place, ui.element("div").classes("actions"):
                for way, icon in WAYS.items():
                    kind: Literal["plain", "primary"] = "primary" if way == "upload" else "plain"
                    parts.button(view.text(f"datasets.way_{way}"), _opening(view, way), icon=icon, kind=kind)

    def _columns(self) -> list[Column]:
        view = self._view

        def name(row: words.Known) -> None:
            parts.link(row["name"], view.path("datasets", row["name"]))

        def number(key: str) -> Any:
            return lambda row: view.number(row["counts"][key]) if "counts" in row else ""

        return [
            Column(view.text("datasets.name"), name),
            Column(view.text("datasets.state"), lambda row: words.state(view, row)),
            Column(view.text("datasets.pictures"), number("pictures"), number=True),
            Column(view.text("datasets.boxes"), number("boxes"), number=True),
            Column(
                view.text("datasets.classes"),
                lambda row: view.number(len(row["classes"])) if "classes" in row else "",
                number=True,
            ),
            Column(view.text("datasets.format"), lambda row: row.get("format", "")),
            Column(view.text("datasets.health"), lambda row: words.findings(view, row)),
            Column(view.text("datasets.source"), lambda row: words.source(view, row)),
            Column(view.text("datasets.created"), lambda row: view.time(row["createTime"])),
        ]


def _opening(view: View, way: str) -> Any:
    return lambda: Adding(view).open(way)
