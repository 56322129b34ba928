"""Tables whose rows come from the API a page at a time, and change while they are looked at."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
        of: what of a row the cell shows; while that stays, the cell is left alone, and so is a focus in it.
        quiet: the heading is for who hears it only, for all see what the cells are.
    """

    label: str
    draw: Callable[[Row], str | None]
    number: bool = False
    sort: str = ""
    of: Callable[[Row], Any] | None = None
    quiet: bool = False


@dataclass
class _Cell:
    """A cell of a row, with what it shows; `text` is its label where it shows nothing but a text."""

    element: Element
    shown: Any = field(default_factory=object)
    text: ui.label | None = None

    def show(self, column: Column, row: Row) -> None:
        """Show what the column has of a row, unless that is there already."""
        shown = column.of(row) if column.of else row
        if self.shown == shown:
            return
        self.shown = shown
        if self.text is None:
            self.element.clear()
        with self.element:
            text = column.draw(row)
            if text and self.text:
                self.text.text = text
            elif text:
                self.text = ui.label(text)
            elif self.text:
                self.text.delete()
                self.text = None


@dataclass
class _Line:
    """A row of the table."""

    row: Row
    element: Element
    cells: list[_Cell] = field(default_factory=list)


class Listing:
    """A table. Rows and cells that have not changed are left alone, so that a focus or a selection in them stays.

    Args:
        columns: from left to right.
        key: names a row among the others.
        label: what the table shows, for who hears it.
        order: the present order, such as "name" or "-name".
        on_order: is given the order that a click on a heading asks for.
        cards: on a phone each row becomes a card, with its headings in it; without, the table is moved sideways there.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[Row], str],
        *,
        label: str,
        order: str = "",
        on_order: Callable[[str], Any] | None = None,
        cards: bool = False,
    ) -> None:
        self._columns, self._key = columns, key
        self._order, self._on_order = order, on_order
        self._drawn: dict[str, _Line] = {}
        looks = "listing cards" if cards else "listing"
        with ui.element("div").classes(looks).props("tabindex=0 role=region") as self.element:
            self.element.props["aria-label"] = label
            with ui.element("table").props("role=table"):  # said again, for cards are no table to a style sheet
                with ui.element("thead").props("role=rowgroup"), ui.element("tr").props("role=row"):
                    self._headings = [self._heading(column) for column in columns]
                self._body = ui.element("tbody").props("role=rowgroup")
        self.set_order(order)

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows in this order."""
        keys = [self._key(row) for row in rows]
        for gone in [key for key in self._drawn if key not in keys]:
            self._drawn.pop(gone).element.delete()
        for index, (key, row) in enumerate(zip(keys, rows, strict=True)):
            line = self._drawn.get(key)
            if line is None:
                line = self._drawn[key] = self._begin(row)
            elif line.row == row:
                self._place(line.element, index)
                continue
            line.row = row
            for column, cell in zip(self._columns, line.cells, strict=True):
                cell.show(column, row)
            self._place(line.element, index)

    def set_order(self, order: str) -> None:
        """Say in the headings how the rows are ordered."""
        self._order = order
        for column, (cell, words) in zip(self._columns, self._headings, strict=True):
            present, falling = bool(column.sort) and order.lstrip("-") == column.sort, order.startswith("-")
            if words is None:
                continue
            words.text = f"{column.label} {'↓' if falling else '↑'}" if present else column.label
            cell.props["aria-sort"] = ("descending" if falling else "ascending") if present else "none"
            cell.update()

    def _begin(self, row: Row) -> _Line:
        with self._body, ui.element("tr").props("role=row") as element:
            line = _Line(row, element)
            for column in self._columns:
                cell = ui.element("td").props("role=cell").classes("number" if column.number else "")
                cell.props["data-label"] = "" if column.quiet else column.label
                line.cells.append(_Cell(cell))
        return line

    def _place(self, row: Element, index: int) -> None:
        if self._body.default_slot.children.index(row) != index:
            row.move(self._body, index)

    def _heading(self, column: Column) -> tuple[Element, ui.label | None]:
        """The cell, and the label in it that tells an order where there is one."""
        with ui.element("th").props("scope=col role=columnheader").classes("number" if column.number else "") as cell:
            if not column.sort or self._on_order is None:
                ui.label(column.label).classes("unseen" if column.quiet else "")
                return cell, None
            with ui.element("button").props("type=button").classes("sort").on("click", lambda: self._ask(column.sort)):
                return cell, ui.label(column.label)

    def _ask(self, sort: str) -> Any:
        assert self._on_order
        return self._on_order(sort if self._order == f"-{sort}" else f"-{sort}")


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
