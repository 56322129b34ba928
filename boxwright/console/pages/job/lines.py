"""Numbers over time as lines of a chart."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boxwright.console.chart import GRID, axis, stroke, themed
from boxwright.console.smoothing import smoothed
from boxwright.console.view import View

Series = Mapping[str, Any]
"""A number over time as the API gives it."""

Points = list[list[float]]
Chart = tuple[dict[str, Any], list[Points]]

GIGA = 1e9

KEPT = 64
"""Charts that are kept for the next page that shows the same."""


@dataclass(frozen=True)
class Looks:
    """How lines are drawn.

    Attributes:
        by_time: against the hours since the first point, and not against steps.
        log: the vertical axis is logarithmic; what is not above 0 is left out.
        smooth: weight of the moving average; the values themselves are then drawn faintly.
    """

    by_time: bool = False
    log: bool = False
    smooth: float = 0.0


_kept: OrderedDict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = OrderedDict()


def drawn_once(view: View, answer: Mapping[str, Any], series: Sequence[Series], looks: Looks) -> dict[str, Any]:
    """Options for `chart.show`, made once for all pages that were given the very same answer; not to be changed."""
    key = (id(answer), tuple(str(one["name"]) for one in series), looks, view.language)
    known = _kept.get(key)
    if known is None or known[0] is not answer:  # another one may have come to lie in the same place
        known = _kept[key] = (answer, _with_points(*chart_of(view, series, looks)))
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return known[1]


def _with_points(options: dict[str, Any], data: list[Points]) -> dict[str, Any]:
    """With our looks, whose colours are not looked for among the points: there are too many."""
    found = themed(options)
    for line, points in zip(found["series"], data, strict=True):
        line["data"] = points
    return found


def chart_of(view: View, series: Sequence[Series], looks: Looks) -> Chart:
    """Options of a chart without its points, and the points of each line."""
    by_time, log, smooth = looks.by_time, looks.log, looks.smooth
    start = min((one["times"][0] for one in series if one["times"]), default=0.0)
    lines: list[dict[str, Any]] = []
    data: list[list[list[float]]] = []
    for number, one in enumerate(series):
        scale = GIGA if one["unit"] == "bytes" else 1.0
        x = [(time - start) / 3600 for time in one["times"]] if by_time else one["steps"]
        values = [value / scale for value in one["values"]]
        if smooth:
            lines.append(_line(str(one["name"]), number, faint=True))
            data.append(_points(x, values, log))
        lines.append(_line(str(one["name"]), number, few=len(x) < 40))
        data.append(_points(x, smoothed(values, smooth) if smooth else values, log))
    units = {view.text("job.gigabytes") if one["unit"] == "bytes" else one["unit"] for one in series} - {""}
    options = {
        "xAxis": axis(
            "value", view.text("job.hours") if by_time else view.text("job.step"), min="dataMin", max="dataMax"
        ),
        "yAxis": axis("log" if log else "value", ", ".join(sorted(units)), position="left", scale=True),
        "legend": {"show": len(series) > 1},
        "grid": GRID if len(series) > 1 else {**GRID, "top": 12},
        "tooltip": {"trigger": "axis"},
        "series": lines,
    }
    return options, data


def _line(name: str, number: int, *, few: bool = False, faint: bool = False) -> dict[str, Any]:
    style = stroke(number, type="solid", width=1, opacity=0.3) if faint else stroke(number, opacity=1)
    more: dict[str, Any] = {"silent": True, "tooltip": {"show": False}} if faint else {}
    return {"name": name, "type": "line", "showSymbol": few, **style, **more}


def _points(x: Sequence[float], values: Sequence[float], log: bool) -> list[list[float]]:
    pairs = zip(x, values, strict=True)
    return [[round(at, 5), float(f"{value:.6g}")] for at, value in pairs if value > 0 or not log]


def in_words(title: str, series: Sequence[Series]) -> str:
    """What a chart shows, for who cannot see it: the last value of each line."""
    told = [f"{one['name']} {one['values'][-1]:.4g} ({one['steps'][-1]:,})" for one in series if one["values"]]
    return f"{title}: {'; '.join(told)}" if told else title
