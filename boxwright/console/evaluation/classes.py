"""The table of classes."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.console.listing import Column, Listing
from boxwright.console.view import View

Row = Mapping[str, Any]

SHOWN = 100
"""Classes in the table; more are found by their name."""

NUMBERS = ("ap", "ap50", "precision", "recall", "bestThreshold", "bestF1")


class Classes:
    """Classes that can be ordered by each number, and looked for by name.

    Args:
        classes: as the API gives them.
        asked: what the page's address asks for; "sort" is the order.
        chosen: is given the label of a class that is clicked.
    """

    def __init__(
        self,
        view: View,
        classes: Sequence[Row],
        asked: MutableMapping[str, str],
        chosen: Callable[[int], Any],
    ) -> None:
        self._view, self._classes, self._asked, self._chosen = view, classes, asked, chosen

    def build(self) -> None:
        """In the open element."""
        view = self._view
        self._search = None
        if len(self._classes) > 10:
            self._search = ui.input(label=view.text("evaluation.find_class")).props("outlined dense clearable")
            self._search.classes("short").on_value_change(self._draw)
        self._place = ui.element("div")
        self._more = ui.label().classes("note")
        self._draw()

    def _draw(self) -> None:
        order, view = self._asked.get("sort", ""), self._view
        rows = ordered(self._classes, order)
        text = str(self._search.value or "").lower() if self._search else ""
        rows = [row for row in rows if text in str(row["name"]).lower()]
        self._place.clear()
        with self._place:
            columns = [Column(view.text("evaluation.class"), self._name, sort="name")]
            columns += [
                Column(view.text("evaluation.labelled"), lambda row: view.number(row["boxes"]), True, "boxes"),
                Column(
                    view.text("evaluation.predicted"), lambda row: view.number(row["predictions"]), True, "predictions"
                ),
                *(self._column(name) for name in NUMBERS),
            ]
            label = view.text("evaluation.classes")
            self._table = Listing(columns, _key, label=label, order=order, on_order=self._order)
            self._table.show(rows[:SHOWN])
        left = len(rows) - SHOWN
        self._more.text = view.text("evaluation.more_classes", n=left) if left > 0 else ""
        self._more.set_visibility(left > 0)

    def _column(self, name: str) -> Column:
        view = self._view
        words = {"ap": "AP", "ap50": "AP50", "bestThreshold": view.text("evaluation.best_score")}
        words |= {"bestF1": view.text("evaluation.f1")}
        label = words.get(name) or view.text(f"evaluation.{name}")
        digits = 2 if name == "bestThreshold" else 3
        return Column(label, lambda row: view.number(row.get(name), digits), True, name)

    def _name(self, row: Row) -> None:
        button = ui.element("button").classes("class-link").on("click", lambda: self._chosen(int(row["label"])))
        with button:
            ui.label(str(row["name"]))

    def _order(self, order: str) -> None:
        self._asked["sort"] = order
        self._view.remember(sort=order)
        self._draw()


def ordered(classes: Sequence[Row], order: str) -> list[Row]:
    """Classes by a number or by name, falling after "-"; what is undefined comes last."""
    name, falling = order.lstrip("-"), order.startswith("-")
    if name == "name":
        return sorted(classes, key=lambda row: str(row["name"]).lower(), reverse=falling)
    if name not in ("boxes", "predictions", *NUMBERS):
        return list(classes)
    there = [row for row in classes if row.get(name) is not None]
    there.sort(key=lambda row: float(row[name]), reverse=falling)
    return there + [row for row in classes if row.get(name) is None]


def _key(row: Row) -> str:
    return str(row["label"])
