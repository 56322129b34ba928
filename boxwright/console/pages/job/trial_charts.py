"""Charts of a search: how it went on, and what each parameter did."""

from collections.abc import Mapping, Sequence
from typing import Any

from boxwright.console.chart import axis
from boxwright.console.pages.job.trial_order import Study, Trial, number_of, with_value
from boxwright.console.view import View

MOST_LINES = 200
"""Trials in the chart of all parameters: the best ones."""


def history_chart(view: View, study: Study) -> dict[str, Any]:
    """The value of each trial, and the best up to it."""
    better = min if study["goal"] == "MINIMIZE" else max
    points: list[list[float]] = []
    best: list[list[float]] = []
    for place, one in enumerate(study["trials"], 1):
        if one["value"] is not None and one["state"] == "SUCCEEDED":
            points.append([place, one["value"]])
            best.append([place, better([one["value"], *(pair[1] for pair in best[-1:])])])
    return {
        "xAxis": axis("value", view.text("job.trial"), min=1, max=max(2, len(study["trials"])), minInterval=1),
        "yAxis": axis("value", str(study["metric"]), position="left", scale=True),
        "legend": {"show": True},
        "tooltip": {"trigger": "item"},
        "series": [
            {"name": view.text("job.each_trial"), "type": "scatter", "data": points, "symbolSize": 9},
            {"name": view.text("job.best_so_far"), "type": "line", "step": "end", "data": best, "showSymbol": False},
        ],
    }


def in_words(view: View, study: Study) -> tuple[str, str]:
    """What the history and the importance show, for who cannot see them; the rest stands in the table."""
    values = [f"{one['trialId']} {view.number(one['value'], 4)}" for one in with_value(study)[::-1][:10]]
    shares = sorted(study["importance"].items(), key=lambda pair: -pair[1])
    told = [f"{name} {view.percent(share)}" for name, share in shares]
    history, importance = view.text("job.history"), view.text("job.importance")
    return f"{history}, {study['metric']}: {', '.join(values)}", f"{importance}: {', '.join(told)}"


def importance_chart(view: View, study: Study) -> dict[str, Any]:
    """A bar for each parameter, the most important above."""
    shares = sorted(study["importance"].items(), key=lambda pair: pair[1])
    quiet = {"color": "var(--ink)"}
    return {
        "grid": {"left": 24, "right": 60, "top": 10, "bottom": 40, "containLabel": True},
        "xAxis": axis("value", view.text("job.share"), min=0, max=100),
        "yAxis": {"type": "category", "data": [name for name, _ in shares], "axisLabel": quiet},
        "tooltip": {"trigger": "item"},
        "legend": {"show": False},
        "series": [
            {
                "type": "bar",
                "name": view.text("job.importance"),
                "data": [round(100 * share, 1) for _, share in shares],
                "barMaxWidth": 20,
                "label": {"show": True, "position": "right", "color": "var(--ink)", "formatter": "{c} %"},
            }
        ],
    }


def parallel_chart(view: View, study: Study) -> dict[str, Any]:
    """An upright axis for each parameter and the value, a line for each trial; the best is drawn last and thick."""
    chosen = with_value(study)[-MOST_LINES:]
    rest, best = chosen[:-1], chosen[-1:]
    axes = [_upright(number, one) for number, one in enumerate(study["parameters"])]
    axes.append({"dim": len(axes), "name": str(study["metric"]), "scale": True})
    quiet = {"color": "var(--muted)"}
    looks = {"nameTextStyle": {"color": "var(--ink)"}, "axisLabel": {**quiet, ":formatter": "boxwright.tick"}}
    lines = {"color": "var(--series-1)", "width": 1.5, "opacity": 0.4}
    thick = {"color": "var(--series-2)", "width": 4, "opacity": 1}
    return {
        "parallelAxis": [{**looks, **one} for one in axes],
        "parallel": {"left": 60, "right": 70, "top": 60, "bottom": 24},
        "legend": {"show": True, "top": 0},
        "tooltip": {"trigger": "item"},
        "series": [
            _series(view.text("job.each_trial"), study, rest, lines),
            _series(view.text("job.is_best"), study, best, thick),
        ],
    }


def _series(name: str, study: Study, chosen: Sequence[Trial], style: Mapping[str, Any]) -> dict[str, Any]:
    data = [[*(_place(one, each) for each in study["parameters"]), one["value"]] for one in chosen]
    return {"type": "parallel", "name": name, "data": data, "lineStyle": style, "color": style["color"]}


def _upright(number: int, parameter: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"dim": number, "name": str(parameter["name"])}
    if parameter["type"] == "CATEGORICAL":
        quiet = {"color": "var(--muted)"}
        return {**found, "type": "category", "data": list(parameter["values"]), "axisLabel": quiet}
    if parameter["scaleType"] == "UNIT_LOG_SCALE":
        found |= {"type": "log"}
    low, high = parameter["minValue"], parameter["maxValue"]
    return {**found, **({"min": low, "max": high} if low is not None and low != high else {"scale": True})}


def _place(trial: Trial, parameter: Mapping[str, Any]) -> float | str | None:
    text = trial["parameters"].get(parameter["name"])
    if text is None:
        return None
    return str(text) if parameter["type"] == "CATEGORICAL" else number_of(text)
