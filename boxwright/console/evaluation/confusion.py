"""The confusion matrix: a table of coloured cells, or for many classes a heat map and the most frequent confusions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import events, ui

from boxwright.console.chart import axis, chart
from boxwright.console.evaluation.findings import BACKGROUND, Wanted
from boxwright.console.listing import Column, Listing
from boxwright.console.view import View

Cell = tuple[int, int, int]
"""Labelled class, predicted class, how often."""

MOST_IN_TABLE = 12
"""Classes up to which each cell is written out."""

LISTED = 20
"""Confusions in the list beside a heat map."""


def confusion(view: View, found: Mapping[str, Any], chosen: Callable[[Wanted], Any]) -> None:
    """In the open element; `chosen` is given the cell that is clicked."""
    names = [*(str(one["name"]) for one in found["classes"]), view.text("evaluation.background")]
    cells: list[Cell] = [(int(row), int(column), int(count)) for row, column, count in found["confusion"]]

    def choose(row: int, column: int) -> Any:
        return chosen(Wanted(true_class=row, predicted_class=column))

    if len(found["classes"]) <= MOST_IN_TABLE:
        _table(view, names, cells, choose)
    else:
        _heat_map(view, names, cells, choose)
        _list(view, names, cells, choose)


def order(classes: int) -> list[int]:
    """Labels of rows and columns, the background last."""
    return [*range(classes), BACKGROUND]


def shares(cells: Sequence[Cell]) -> dict[tuple[int, int], float]:
    """Each cell's part of its row."""
    totals: dict[int, int] = {}
    for row, _, count in cells:
        totals[row] = totals.get(row, 0) + count
    return {(row, column): count / totals[row] for row, column, count in cells}


def _table(view: View, names: Sequence[str], cells: Sequence[Cell], choose: Callable[[int, int], Any]) -> None:
    counts, share = {(row, column): count for row, column, count in cells}, shares(cells)
    labels = order(len(names) - 1)
    with ui.element("div").classes("confusion").props("tabindex=0 role=region") as place:
        place.props["aria-label"] = view.text("evaluation.confusion")
        with ui.element("table"):
            with ui.element("thead"), ui.element("tr"):
                ui.element("td")
                for label in labels:
                    with ui.element("th").props("scope=col"):
                        ui.label(view.text("evaluation.column", name=names[label]))
            with ui.element("tbody"):
                for row in labels:
                    with ui.element("tr"):
                        with ui.element("th").props("scope=row"):
                            ui.label(view.text("evaluation.row", name=names[row]))
                        for column in labels:
                            with ui.element("td"):
                                count = counts.get((row, column), 0)
                                _cell(view, (row, column, count), share.get((row, column), 0.0), names, choose)


def _cell(view: View, cell: Cell, share: float, names: Sequence[str], choose: Callable[[int, int], Any]) -> None:
    """A button where there is something; good on the diagonal and bad beside it, the stronger the larger its share."""
    row, column, count = cell
    if not count:
        ui.label("·").classes("nothing")
        return
    words = view.text("evaluation.cell", n=count, true=names[row], predicted=names[column])
    tone = "good" if row == column else "bad"
    strength = round(12 + 26 * share)  # more would take the contrast from the number
    button = ui.element("button").on("click", lambda: choose(row, column))
    button.style(f"background: color-mix(in srgb, var(--{tone}) {strength}%, var(--surface))")
    button.props["aria-label"] = words
    with button:
        ui.label(view.number(count))


def _heat_map(view: View, names: Sequence[str], cells: Sequence[Cell], choose: Callable[[int, int], Any]) -> None:
    labels = order(len(names) - 1)
    place = {label: index for index, label in enumerate(labels)}
    share = shares(cells)
    data = [[place[column], place[row], round(share[row, column], 3), count] for row, column, count in cells]
    row, column = view.text("evaluation.labelled"), view.text("evaluation.predicted")
    small = {"color": "var(--muted)", "fontSize": 10}
    options = {
        "grid": {"left": 110, "right": 20, "top": 10, "bottom": 110},
        "xAxis": axis("category", column, data=list(names), nameGap=90, axisLabel={**small, "rotate": 60}),
        "yAxis": axis("category", row, data=list(names), inverse=True, position="left", nameGap=92, axisLabel=small),
        "visualMap": {"show": False, "min": 0, "max": 1, "inRange": {"color": ["var(--accent-soft)", "var(--accent)"]}},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "heatmap",
                "data": data,
                "dimensions": [column, row, "%", view.text("evaluation.count")],
                "encode": {"x": 0, "y": 1, "value": 2, "tooltip": [1, 0, 3]},
            }
        ],
    }
    drawn = chart(options, label=view.text("evaluation.confusion"), height=min(900, 220 + 14 * len(names)))

    def click(event: events.EChartPointClickEventArguments) -> Any:
        assert isinstance(event.value, list), "points of a heat map have as many values as are given"
        return choose(labels[int(event.value[1])], labels[int(event.value[0])])

    drawn.on_point_click(click)


def _list(view: View, names: Sequence[str], cells: Sequence[Cell], choose: Callable[[int, int], Any]) -> None:
    """The largest cells beside the diagonal, the background's left out where others are there."""
    beside = [one for one in cells if one[0] != one[1]]
    between = [one for one in beside if BACKGROUND not in one[:2]]
    most = sorted(between or beside, key=lambda one: -one[2])[:LISTED]
    with ui.element("h3"):
        ui.label(view.text("evaluation.confusions"))

    def count(row: Mapping[str, Any]) -> None:
        true, predicted, number = row["cell"]
        words = view.text("evaluation.cell", n=number, true=names[true], predicted=names[predicted])
        button = ui.element("button").classes("class-link").on("click", lambda: choose(true, predicted))
        button.props["aria-label"] = words
        with button:
            ui.label(view.number(number))

    columns = [
        Column(view.text("evaluation.labelled"), lambda row: names[row["cell"][0]]),
        Column(view.text("evaluation.predicted"), lambda row: names[row["cell"][1]]),
        Column(view.text("evaluation.count"), count, number=True),
    ]
    table = Listing(columns, lambda row: f"{row['cell'][:2]}", label=view.text("evaluation.confusions"))
    table.show([{"cell": one} for one in most])
