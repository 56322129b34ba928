"""Requests a second and latency of each version over the last quarter of an hour."""

import datetime
from typing import Any

from nicegui import ui

from boxwright.console import figures, parts
from boxwright.console.chart import axis, chart, redraw
from boxwright.console.view import View

HEIGHT = 220

FEW = 10
"""Points of a line below which each is marked: a single one would not be seen."""


class Charts:
    """Two charts, drawn again when there are other figures."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._seen: Any = None
        self._charts: dict[str, ui.echart] = {}
        self._quiet: list[ui.label] = []
        for name in ("rate", "latency"):
            words = view.text(f"endpoints.chart_{name}")
            with parts.panel(words, note=view.text("endpoints.chart_note")):
                self._quiet.append(ui.label(view.text("endpoints.no_requests")).classes("note"))
                self._charts[name] = chart(self._options([], name), label=words, height=HEIGHT)

    def draw(self, answer: dict[str, Any]) -> None:
        """Show the history of an answer."""
        versions = [one for one in answer["versions"] if one.get("history")]
        seen = [(one["name"], one["history"][-1], len(one["history"])) for one in versions]
        if seen != self._seen:
            self._seen = seen
            for label in self._quiet:
                label.set_visibility(
                    not any(moment["requestsPerSecond"] for one in versions for moment in one["history"])
                )
            for name, one in self._charts.items():
                redraw(one, self._options(versions, name))

    def _options(self, versions: list[dict[str, Any]], name: str) -> dict[str, Any]:
        view = self._view
        lines = {one["name"]: [_point(moment, name) for moment in one["history"]] for one in versions}
        series = [_line(words, [(self._clock(t), a) for t, a, _ in points]) for words, points in lines.items()]
        if name == "latency":
            series = [
                _line(f"{words} p50", [(self._clock(t), a) for t, a, _ in points]) for words, points in lines.items()
            ]
            dashed = {"lineStyle": {"type": "dashed"}}
            series += [
                _line(f"{words} p95", [(self._clock(t), b) for t, _, b in points]) | dashed
                for words, points in lines.items()
            ]
        unit = view.text("endpoints.rate" if name == "rate" else "endpoints.milliseconds")
        return {
            "grid": {"left": 56, "right": 16, "top": 34, "bottom": 26},
            "xAxis": axis("category", axisTick={"show": False}),
            "yAxis": axis("value", unit, position="left", min=0),
            "legend": {"show": len(series) > 1},
            "tooltip": {"trigger": "axis"},
            "series": series,
        }

    def _clock(self, moment: str) -> str:
        when = figures.moment(moment) or datetime.datetime.now(datetime.UTC)
        return f"{when.astimezone(self._view.zone):%H:%M:%S}"


def _point(moment: dict[str, Any], name: str) -> tuple[str, float | None, float | None]:
    """Time and values: requests a second, or milliseconds of the middle request and of that at 95 %."""
    if name == "rate":
        return moment["time"], moment["requestsPerSecond"], None
    p50, p95 = moment.get("latencyP50"), moment.get("latencyP95")
    return moment["time"], p50 and round(1000 * p50, 1), p95 and round(1000 * p95, 1)


def _line(name: str, points: list[tuple[str, float | None]]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "showSymbol": len(points) < FEW,
        "connectNulls": False,
        "data": [list(one) for one in points],
    }
