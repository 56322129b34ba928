"""Charts with our colours, in light and dark, and in words for who cannot see them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

SERIES = tuple(f"var(--series-{number})" for number in range(1, 9))
"""Colours of lines and bars in order of use, as the style sheet has them."""

DASHES: tuple[str | list[int], ...] = (
    *("solid", "dashed", "dotted", [12, 4, 2, 4]),
    *([20, 4], [6, 3, 2, 3, 2, 3], [3, 6], [16, 4, 6, 4]),
)
SYMBOLS = ("circle", "rect", "triangle", "diamond")
"""What tells lines from each other where their colours do not: not everybody sees these apart."""

VARIABLE = re.compile(r"var\(--[a-z0-9-]+\)")

LEGEND = {"color": "var(--ink)", "width": 220, "overflow": "truncate"}

GRID = {"left": 56, "right": 20, "top": 34, "bottom": 40, "containLabel": False}


def chart(options: Mapping[str, Any], *, label: str, height: int = 300) -> ui.echart:
    """A chart of Apache ECharts.

    Colours may be written as `var(--name)`: the page replaces them by what the style sheet says, for a canvas knows
    nothing of style sheets. Texts of users are safe in names and data: ECharts' own hints escape them.

    Args:
        options: of ECharts; what they leave out of grid, animation and text style is ours.
        label: what the chart shows, in words.
        height: in pixels.
    """
    found = ui.echart(themed(options)).classes("chart").style(f"height: {height}px")
    found.props["role"] = "img"
    found.props["aria-label"] = label
    return found


def redraw(chart: ui.echart, options: Mapping[str, Any]) -> None:
    """Show something else in a chart."""
    show(chart, themed(options))


def show(chart: ui.echart, options: dict[str, Any]) -> None:
    """Show options that have our looks already, such as many pages share; they are not copied, nor to be changed."""
    chart.props["options"] = options
    chart.update()


def themed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with our looks."""
    looks: dict[str, Any] = {
        "animation": False,
        "backgroundColor": "transparent",
        "color": list(SERIES),
        "grid": GRID,
        "textStyle": {"color": "var(--ink)", "fontFamily": "system-ui, sans-serif"},
        "legend": {"textStyle": LEGEND, "type": "scroll", "top": 0, "itemWidth": 34, "tooltip": {"show": True}},
        "tooltip": {"backgroundColor": "var(--raised)", "textStyle": {"color": "var(--ink)"}, "confine": True},
    }
    merged = {**looks, **options}
    for name in ("legend", "tooltip", "textStyle"):
        if isinstance(options.get(name), Mapping):
            merged[name] = {**looks[name], **options[name]}
    found: dict[str, Any] = _resolved(merged)
    return found


def _resolved(value: Any) -> Any:
    """Colours of the style sheet as NiceGUI's dynamic properties, whose names begin with a colon."""
    if isinstance(value, Mapping):
        items = ((name, one, _colour(one)) for name, one in value.items())
        return {f":{name}" if colour else name: colour or _resolved(one) for name, one, colour in items}
    return [_resolved(one) for one in value] if isinstance(value, list | tuple) else value


def _colour(value: Any) -> str:
    """JavaScript for a colour, or for a list of them, that the style sheet names; empty for all else."""
    if isinstance(value, str) and VARIABLE.fullmatch(value):
        return f"boxwright.css({json.dumps(value[4:-1])})"
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) and _colour(one) for one in value):
        return f"[{','.join(map(_colour, value))}]"
    return ""


def axis(kind: str, name: str = "", **more: Any) -> dict[str, Any]:
    """An axis: kind "value", "log", "category" or "time"; `name` says what it counts, and in what unit."""
    quiet = {"color": "var(--muted)"}
    written = {":formatter": "boxwright.tick"} if kind in ("value", "log") else {}
    return {
        "type": kind,
        "name": name,
        "nameLocation": "middle",
        "nameGap": 26 if more.get("position") != "left" else 44,
        "nameTextStyle": quiet,
        "axisLabel": {**quiet, **written, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": "var(--line)"}},
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
        **more,
    }


def stroke(number: int, **style: Any) -> dict[str, Any]:
    """Colour, dashes and signs of a chart's line by its place among the others.

    Args:
        style: of the line besides, as ECharts has it.
    """
    colour, dash = SERIES[number % len(SERIES)], DASHES[number % len(DASHES)]
    return {
        "lineStyle": {"color": colour, "type": dash, "width": 2, **style},
        "itemStyle": {"color": colour},
        "symbol": SYMBOLS[number % len(SYMBOLS)],
    }


def lines(
    series: Mapping[str, Sequence[Sequence[float | None]]], *, x: str, y: str, log: bool = False
) -> dict[str, Any]:
    """Options of a chart of lines.

    Args:
        series: name to points (x, y).
        x, y: what the axes count, with units.
        log: the vertical axis is logarithmic.
    """
    return {
        "xAxis": axis("value", x, min="dataMin", max="dataMax"),
        "yAxis": axis("log" if log else "value", y, position="left", scale=True),
        "legend": {"show": len(series) > 1},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "name": name,
                "type": "line",
                "data": [list(one) for one in points],
                "showSymbol": len(points) < 40,
                **stroke(number),
            }
            for number, (name, points) in enumerate(series.items())
        ],
    }
