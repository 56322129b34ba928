"""A data set's numbers as bars."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.chart import axis, chart
from boxwright.console.pages.datasets.gallery import SIZES, Filters, Show
from boxwright.console.view import View

MOST = 30
"""Bars of one chart."""

LABEL = {"show": True, "position": "right", "color": "var(--muted)"}
"""The number at the end of each bar."""

NAME = {"width": 140, "overflow": "truncate", "color": "var(--muted)"}
"""What stands before each bar."""

BAR = {"type": "bar", "barMaxWidth": 22, "label": LABEL}

Known = Mapping[str, Any]


def plots(view: View, statistics: Known, show: Show) -> None:
    """The tab.

    Args:
        show: turns to the pictures that some filters ask for: those of the class or the size of a bar.
    """
    classes = sorted(statistics["classes"], key=lambda one: -one["boxes"])[:MOST]
    with ui.element("div").classes("grid-of"):
        rows = [(one["name"], one["boxes"]) for one in classes]
        _bars(view, "boxes_per_class", rows, lambda place: show(Filters(class_name=classes[place]["name"])))
        sizes = [view.text(f"datasets.size_{name}") for name in SIZES]
        rows = list(zip(sizes, statistics["boxAreas"]["counts"], strict=True))
        _bars(view, "box_areas", rows, lambda place: show(Filters(size=SIZES[place])))
        for name, key in (("box_sides", "boxSides"), ("aspects", "aspects")):
            _bars(view, name, _ranges(view, statistics[key]))
        shares = statistics["boxShares"]
        _bars(view, "box_shares", _ranges(view, {**shares, "edges": [100 * edge for edge in shares["edges"]]}))
        _bars(view, "boxes_per_picture", _ranges(view, statistics["boxesPerPicture"], whole=True))
        rows = [(f"{one['width']} × {one['height']}", one["pictures"]) for one in statistics["pictureSizes"][:MOST]]
        _bars(view, "picture_sizes", rows)
        _bars(view, "picture_formats", list(statistics["formats"].items()))


def _ranges(view: View, bars: Known, *, whole: bool = False) -> list[tuple[str, int]]:
    """A name for each count: below the first edge, between two, from the last one on."""
    edges = bars["edges"]
    shown = [view.number(edge, 0 if edge == int(edge) else 2) for edge in edges]
    between = [f"{low} – {high}" for low, high in zip(shown, shown[1:], strict=False)]
    if whole:
        pairs = zip(edges, edges[1:], strict=False)
        between = [f"{low:.0f}" if high == low + 1 else f"{low:.0f} – {high - 1:.0f}" for low, high in pairs]
    first = "0" if whole else f"< {shown[0]}"
    return list(zip([first, *between, f"≥ {shown[-1]}"], bars["counts"], strict=True))


def _bars(
    view: View, name: str, rows: Sequence[tuple[str, int]], lead: Callable[[int], Awaitable[None]] | None = None
) -> None:
    """A chart with a table of the same numbers behind it, for who cannot see it; a bar may lead on when clicked."""
    title = view.text(f"datasets.plot_{name}")
    with parts.panel(title, note=view.text(f"datasets.plot_{name}_help")):
        if not any(count for _, count in rows):
            ui.label(view.text("datasets.nothing_to_plot")).classes("note")
            return
        names, counts = [one for one, _ in rows], [count for _, count in rows]
        options = {
            "xAxis": axis("value", minInterval=1, axisLabel={"show": False}),
            "yAxis": axis("category", data=names, position="left", inverse=True, axisLabel=NAME),
            "grid": {"left": 16, "right": 48, "top": 8, "bottom": 8, "containLabel": True},
            "legend": {"show": False},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
            "series": [{**BAR, "name": title, "data": counts, "cursor": "pointer" if lead else "default"}],
        }
        drawn = chart(options, label=title, height=27 * len(rows) + 50)
        if lead:
            drawn.on_point_click(lambda event: lead(event.data_index))
        _table(view, title, rows)


def _table(view: View, title: str, rows: Sequence[tuple[str, int]]) -> None:
    with ui.element("div").classes("unseen"), ui.element("table"):
        with ui.element("caption"):
            ui.label(title)
        for name, count in rows:
            with ui.element("tr"):
                with ui.element("th").props("scope=row"):
                    ui.label(name)
                with ui.element("td"):
                    ui.label(view.number(count))
