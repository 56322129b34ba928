"""The tab of a search: its trials, what each parameter did, and how it went on."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.chart import chart, redraw
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.job.asked import note
from boxwright.console.pages.job.presence import nothing_yet
from boxwright.console.pages.job.trial_charts import history_chart, importance_chart, in_words, parallel_chart
from boxwright.console.pages.job.trial_order import Study, Trial, best_of, number_of, rows
from boxwright.console.view import View

Job = Mapping[str, Any]


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
