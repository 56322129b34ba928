"""The tab of a search: its trials, what each parameter did, and how it went on."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.chart import axis, chart, redraw
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.job.asked import note
from boxwright.console.pages.job.presence import nothing_yet
from boxwright.console.view import View

Job = Mapping[str, Any]
Study = Mapping[str, Any]
Trial = Mapping[str, Any]

MOST_LINES = 200
"""Trials in the chart of all parameters: the best ones."""

EVERY = 3.0
"""Seconds between looks."""


async def trials(view: View, job: Job) -> None:
    """Of one search."""
    await Trials(view, job).build()


class Trials:
    """Table and charts of a search, which follow it."""

    def __init__(self, view: View, job: Job) -> None:
        self._view, self._job, self._asked = view, job, job["asked"]
        self._job_id = str(job["jobId"])
        self._shown: tuple[str, ...] = ()

    async def build(self) -> None:
        """Raises: ServerError: the search cannot be read."""
        self._place = ui.element("div").classes("page")
        await self._fill()

    async def _fill(self) -> None:
        self._place.clear()
        path = self._view.resource("jobs", self._job_id, "study")
        with self._place:
            try:
                await self._view.live(path, self._draw, every=EVERY)
            except ServerError as error:
                if error.code != 404:
                    raise
                await nothing_yet(self._view, self._job, "trials", "hourglass_empty")
                with ui.element("div").classes("unseen"):
                    await self._view.live(self._view.resource("jobs", self._job_id), self._begun)

    async def _begun(self, job: Job) -> None:
        """A search that had no trials may have some now."""
        if (job.get("progress") or {}).get("updateTime"):
            await self._fill()

    def _draw(self, study: Study) -> None:
        names = tuple(str(one["name"]) for one in study["parameters"])
        if names != self._shown or not hasattr(self, "_table"):
            self._shown = names
            self._frame(study)
        self._study = study
        self._headline.clear()
        with self._headline:
            parts.tiles(headline(self._view, study))
        self._table.show(rows(study, self._asked.get("sort", "")))
        redraw(self._history, history_chart(self._view, study))
        redraw(self._lines, parallel_chart(self._view, study))
        redraw(self._bars, importance_chart(self._view, study))
        self._history.props["aria-label"], self._bars.props["aria-label"] = in_words(self._view, study)
        self._bars_note.text = "" if study["importance"] else self._view.text("job.no_importance")

    def _frame(self, study: Study) -> None:
        view = self._view
        self._place.clear()
        with self._place:
            self._headline = ui.element("div")
            with parts.panel(view.text("job.history")):
                self._history = chart({"series": []}, label=view.text("job.history"), height=260)
            with parts.panel(view.text("job.importance"), note=view.text("job.importance_note")):
                self._bars_note = ui.label("").classes("note")
                height = 60 + 34 * len(study["parameters"])
                self._bars = chart({"series": []}, label=view.text("job.importance"), height=height)
            panel = parts.panel(view.text("job.parallel"), note=view.text("job.parallel_note"))
            with panel, ui.element("div").classes("wide-chart"):
                self._lines = chart({"series": []}, label=view.text("job.parallel"), height=360)
                self._lines.style(f"min-width: {130 * (len(study['parameters']) + 1)}px")
            self._table_place = ui.element("div")
        self._list(study)

    def _list(self, study: Study) -> None:
        self._table_place.clear()
        with self._table_place:
            columns = table_columns(self._view, self._job_id, study)
            title, order = self._view.text("job.trials"), self._asked.get("sort", "")
            self._table = Listing(columns, key=_key, label=title, order=order, on_order=self._order)

    def _order(self, order: str) -> None:
        note(self._view, self._asked, sort=order)
        self._table.set_order(order)
        self._table.show(rows(self._study, order))


def _key(trial: Trial) -> str:
    return str(trial["trialId"])


def headline(view: View, study: Study) -> list[tuple[str, str]]:
    """The search in numbers."""
    states = [str(one["state"]) for one in study["trials"]]
    best = best_of(study)
    value = view.number(best["value"], 4) if best else "–"
    early = sum(bool(one["stoppedEarly"]) for one in study["trials"])
    return [
        (view.text("job.best_value", metric=study["metric"]), value),
        (view.text("job.best_trial"), str(study["bestTrial"]) or "–"),
        (view.text("job.trials_of", n=int(study["maxTrials"])), view.number(len(states))),
        (view.text("job.stopped_early"), view.number(early)),
        (view.text("state.FAILED"), view.number(states.count("FAILED"))),
    ]


def best_of(study: Study) -> Trial | None:
    """The best trial so far."""
    return next((one for one in study["trials"] if one["trialId"] == study["bestTrial"]), None)


def with_value(study: Study) -> list[Trial]:
    """The trials that count, the worst first."""
    found = [one for one in study["trials"] if one["value"] is not None and one["state"] == "SUCCEEDED"]
    return sorted(found, key=lambda one: one["value"], reverse=study["goal"] == "MINIMIZE")


def rows(study: Study, order: str) -> list[Trial]:
    """The trials in an order, each with whether it `isBest`."""
    return [{**one, "isBest": one["trialId"] == study["bestTrial"]} for one in ordered(study, order)]


def ordered(study: Study, order: str) -> list[Trial]:
    """The trials in an order such as "value" or "-value"; without one, the best first. Those without a value last."""
    name, falling = order.lstrip("-"), order.startswith("-")
    if not name:
        best_first = with_value(study)[::-1]
        return [*best_first, *(one for one in study["trials"] if one not in best_first)]
    keys = [(one, _sorted_by(one, name)) for one in study["trials"]]
    there = sorted((pair for pair in keys if pair[1] is not None), key=lambda pair: pair[1] or (), reverse=falling)
    return [one for one, _ in there] + [one for one, key in keys if key is None]


def _sorted_by(trial: Trial, name: str) -> tuple[int, float, str] | None:
    fields = {"trial": int(trial["trialId"]), "state": trial["state"], "step": trial["step"], "time": trial["seconds"]}
    value = trial["value"] if name == "value" else fields.get(name, trial["parameters"].get(name.removeprefix("p.")))
    if value is None:
        return None
    number = number_of(value)
    return (1, 0.0, str(value)) if number is None else (0, number, "")


def number_of(value: object) -> float | None:
    """The finite number that a value is, or stands for."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def table_columns(view: View, job_id: str, study: Study) -> list[Column]:
    """Columns of the table of trials."""

    def trial(one: Trial) -> None:
        with ui.element("span").classes("trial-name"):
            query = {"tab": "curves", "trial": one["trialId"]}
            parts.link(str(one["trialId"]), view.path("jobs", job_id, **query))
            if one["isBest"]:
                ui.icon("star").props("aria-hidden=true").classes("star")
                ui.label(view.text("job.is_best"))

    def state(one: Trial) -> None:
        parts.chip(view, str(one["state"]))
        if one["stoppedEarly"]:
            ui.label(view.text("job.stopped_early")).classes("note")
        if one["error"]:
            ui.label(view.said(str(one["error"]))).classes("note small two-lines").tooltip(view.said(str(one["error"])))

    def download(one: Trial) -> None:
        if one["state"] == "SUCCEEDED":
            path = view.resource("jobs", job_id, "model:download")
            label = view.text("job.get_trial", trial=one["trialId"])
            with ui.element("a").props("download").classes("icon-link") as link:
                link.props["href"], link.props["aria-label"] = f"{path}?trial={one['trialId']}", label
                ui.icon("download").props("aria-hidden=true")

    return [
        Column(view.text("job.trial"), trial, sort="trial"),
        Column(view.text("jobs.state"), state, sort="state"),
        Column(str(study["metric"]), lambda one: view.number(one["value"], 4), number=True, sort="value"),
        Column(view.text("job.step"), lambda one: view.number(one["step"]), number=True, sort="step"),
        *(_parameter(str(one["name"])) for one in study["parameters"]),
        Column(view.text("jobs.duration"), lambda one: view.duration(one["seconds"]), number=True, sort="time"),
        Column(view.text("job.model"), download),
    ]


def _parameter(name: str) -> Column:
    def shown(one: Trial) -> str:
        text = str(one["parameters"].get(name, ""))
        number = number_of(text)
        return text if number is None or len(text) <= 7 else f"{number:.5g}"

    return Column(name, shown, number=True, sort=f"p.{name}")


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
