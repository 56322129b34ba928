"""Tables whose rows come from the API a page at a time, and change while they are looked at."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.element import Element

from boxwright.console import parts
from boxwright.console.view import View

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        label: its heading.
        draw: adds what a row has in it to the open cell; a text that it gives is written.
        number: it is set to the right.
        sort: name of the order by this column, where rows can be so ordered.
    """

    label: str
    draw: Callable[[Row], str | None]
    number: bool = False
    sort: str = ""


class Listing:
    """A table. Rows that have not changed are left alone, so that a focus or a selection in them stays.

    Args:
        columns: from left to right.
        key: names a row among the others.
        label: what the table shows, for who hears it.
        order: the present order, such as "name" or "-name".
        on_order: is given the order that a click on a heading asks for.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[Row], str],
        *,
        label: str,
        order: str = "",
        on_order: Callable[[str], Any] | None = None,
    ) -> None:
        self._columns, self._key = columns, key
        self._drawn: dict[str, tuple[Row, Element]] = {}
        with ui.element("div").classes("listing").props("tabindex=0 role=region") as self.element:
            self.element.props["aria-label"] = label
            with ui.element("table"):
                with ui.element("thead"), ui.element("tr"):
                    for column in columns:
                        _heading(column, order, on_order)
                self._body = ui.element("tbody")

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows in this order."""
        keys = [self._key(row) for row in rows]
        for gone in [key for key in self._drawn if key not in keys]:
            self._drawn.pop(gone)[1].delete()
        for index, (key, row) in enumerate(zip(keys, rows, strict=True)):
            known = self._drawn.get(key)
            if known is None or known[0] != row:
                self._draw(key, row, known[1] if known else None)
            self._place(self._drawn[key][1], index)

    def _draw(self, key: str, row: Row, there: Element | None) -> None:
        if there is None:
            with self._body:
                there = ui.element("tr")
        there.clear()
        with there:
            for column in self._columns:
                with ui.element("td").classes("number" if column.number else ""):
                    text = column.draw(row)
                    if text is not None:
                        ui.label(text)
        self._drawn[key] = (row, there)

    def _place(self, row: Element, index: int) -> None:
        if self._body.default_slot.children.index(row) != index:
            row.move(self._body, index)


def _heading(column: Column, order: str, on_order: Callable[[str], Any] | None) -> None:
    with ui.element("th").props("scope=col").classes("number" if column.number else "") as cell:
        if not column.sort or on_order is None:
            ui.label(column.label)
            return
        present = order.lstrip("-") == column.sort
        falling = present and order.startswith("-")
        asked = column.sort if falling else f"-{column.sort}"
        if present:
            cell.props(f"aria-sort={'descending' if falling else 'ascending'}")
        label = f"{column.label} {'↓' if falling else '↑'}" if present else column.label
        with ui.element("button").classes("sort").on("click", lambda: on_order(asked)):
            ui.label(label)


class Pager:
    """Leads from page to page of a list of the API, whose answers each tell the token of the next.

    Args:
        on_turn: is given the token of the page to show, empty for the first.
        token: of the page to begin with, from an address; the one before it is then the first.
    """

    def __init__(self, view: View, on_turn: Callable[[str], Awaitable[None]], *, token: str = "") -> None:
        self._view, self._on_turn = view, on_turn
        self._tokens, self._next = ["", token] if token else [""], ""
        with ui.element("nav").classes("pager") as self.element:
            self._back = parts.icon_button("chevron_left", view.text("parts.previous"), self._previous)
            self._label = ui.label()
            self._forth = parts.icon_button("chevron_right", view.text("parts.next"), self._following)
        self.show("")

    @property
    def token(self) -> str:
        """Of the page that is shown."""
        return self._tokens[-1]

    def begin(self) -> None:
        """The first page will be shown next."""
        self._tokens = [""]

    def show(self, next_token: str) -> None:
        """A page is shown whose answer told this token of the next one, empty on the last."""
        self._next = next_token
        self._label.text = self._view.text("parts.page", n=len(self._tokens))
        self._back.set_enabled(len(self._tokens) > 1)
        self._forth.set_enabled(bool(next_token))
        self.element.set_visibility(bool(next_token) or len(self._tokens) > 1)

    async def _following(self) -> None:
        if self._next:
            self._tokens.append(self._next)
            await self._on_turn(self.token)

    async def _previous(self) -> None:
        if len(self._tokens) > 1:
            self._tokens.pop()
            await self._on_turn(self.token)
