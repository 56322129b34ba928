"""Jobs side by side: their curves in one chart, their best numbers, and in what they differ."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.chart import axis, chart, redraw, stroke
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.job.curves import EVERY, POINTS, first_choice
from boxwright.console.pages.job.overview import arguments
from boxwright.console.pages.job.standing import best, run_time, shown_progress
from boxwright.console.pages.jobs import MOST_COMPARED
from boxwright.console.view import View

Job = Mapping[str, Any]
Row = Mapping[str, Any]


async def compare(view: View, jobs: str = "", metric: str = "") -> None:
    """Of some jobs of a project.

    Args:
        jobs: their ids, separated by commas; the first few of them.
        metric: the number whose curves are shown.
    """
    named = list(dict.fromkeys(one.strip() for one in jobs.split(",") if one.strip()))[:MOST_COMPARED]
    found = [one for one in [await _read(view, name) for name in named] if one]
    parts.heading(view.text("compare.title"), back=(view.text("shell.jobs"), view.path("jobs")))
    missing = [name for name in named if name not in {one["jobId"] for one in found}]
    if missing:
        parts.banner(view.text("compare.missing", jobs=", ".join(missing)), "warn")
    if len(found) < 2:
        action = (view.text("shell.jobs"), view.path("jobs"))
        parts.empty(view.text("compare.too_few"), view.text("compare.too_few_help"), action=action)
        return
    await Comparison(view, found, metric).build()


async def _read(view: View, job_id: str) -> Job | None:
    try:
        return await view.api.get(view.resource("jobs", job_id))
    except ServerError as error:
        if error.code != 404:
            raise
        return None


class Comparison:
    """Chart and tables of some jobs."""

    def __init__(self, view: View, jobs: Sequence[Job], metric: str) -> None:
        self._view, self._metric = view, metric
        self._jobs = {str(one["jobId"]): one for one in jobs}
        self._series: dict[str, Mapping[str, Any]] = {}

    async def build(self) -> None:
        """Raises: ServerError: something of the jobs cannot be read."""
        view = self._view
        names = await self._names()
        if self._metric not in names:
            self._metric = first_choice(names)[0] if names else ""
        with parts.panel(view.text("compare.curves")):
            if names:
                select = ui.select(names, value=self._metric, label=view.text("compare.metric"), with_input=True)
                select.props("outlined dense").classes("short")
                select.on_value_change(lambda: self._choose(str(select.value or "")))
                self._chart = chart({"series": []}, label=view.text("compare.curves"), height=360)
                self._feed = ui.element("div").classes("unseen")
            else:
                ui.label(view.text("job.no_curves_help")).classes("note")
        await self._follow()
        with parts.panel(view.text("compare.outcome")):
            await self._outcome()
        with parts.panel(view.text("compare.settings"), note=view.text("compare.settings_note")) as panel:
            panel.classes("compare-settings")
            await self._settings()

    async def _names(self) -> list[str]:
        """The numbers that some job has, in the order of the first that has them."""
        names: dict[str, None] = {}
        for job_id in self._jobs:
            found = await self._view.api.get(self._view.resource("jobs", job_id, "metrics"))
            names |= dict.fromkeys(str(one["name"]) for one in found["available"])
        return list(names)

    async def _choose(self, name: str) -> None:
        self._metric = name
        self._view.remember(metric=name)
        await self._follow()

    async def _follow(self) -> None:
        if not self._metric:
            return
        self._feed.clear()
        self._series.clear()
        with self._feed:
            for job_id in self._jobs:
                path = self._view.resource("jobs", job_id, "metrics")

                def draw(found: Mapping[str, Any], job_id: str = job_id) -> None:
                    self._series[job_id] = next(iter(found["series"]), {})
                    self._draw()

                await self._view.live(path, draw, every=EVERY, names=self._metric, points=POINTS)

    def _draw(self) -> None:
        options, told = overlaid(self._view, self._metric, {one: self._series.get(one, {}) for one in self._jobs})
        redraw(self._chart, options)
        self._chart.props["aria-label"] = told

    async def _outcome(self) -> None:
        view = self._view
        text = view.text
        columns = [
            Column(text("jobs.job"), lambda job: _link(view, job)),
            Column(text("jobs.state"), lambda job: _chip(view, job)),
            Column(text("jobs.progress"), lambda job: shown_progress(view, job)),
            Column(text("jobs.best"), lambda job: best(view, job), number=True),
            Column(text("jobs.algorithm"), lambda job: str(job.get("algorithm", ""))),
            Column(text("jobs.created"), lambda job: view.time(job["createTime"]), number=True),
            Column(text("jobs.duration"), lambda job: view.duration(run_time(job)), number=True),
            Column(text("job.model"), lambda job: _model(view, job)),
        ]
        table = Listing(columns, key=lambda job: str(job["jobId"]), label=text("compare.outcome"), cards=True)

        def draw(job: Job) -> None:
            self._jobs[str(job["jobId"])] = job
            table.show(list(self._jobs.values()))

        with ui.element("div").classes("unseen"):
            for job_id in list(self._jobs):
                await view.live(view.resource("jobs", job_id), draw)

    async def _settings(self) -> None:
        view = self._view
        read = {job_id: await _settings_of(view, job) for job_id, job in self._jobs.items()}
        values = {job_id: settings for job_id, (settings, _) in read.items()}
        rows = differences(values, [job_id for job_id, (_, begun) in read.items() if not begun])
        every = ui.switch(view.text("compare.all"), value=False)
        columns = [Column(view.text("job.setting"), lambda row: _setting(view, row))]
        columns += [Column(job_id, partial(_value, job_id)) for job_id in values]
        table = Listing(columns, key=lambda row: str(row["name"]), label=view.text("compare.settings"))
        none = ui.label(view.text("compare.equal")).classes("note")

        def show() -> None:
            shown = [row for row in rows if every.value or row["differs"]]
            table.show(shown)
            none.set_visibility(not shown)

        every.on_value_change(show)
        show()


async def _settings_of(view: View, job: Job) -> tuple[dict[str, str], bool]:
    """Value of each setting of a job by name, and whether it has begun; of one that has not, what was given."""
    try:
        found = await view.api.get(view.resource("jobs", str(job["jobId"]), "settings"))
    except ServerError as error:
        if error.code not in (400, 404):
            raise
        return dict(arguments(job)), False
    return {str(one["name"]): str(one["value"]) for one in found.get("settings", ())}, True


def differences(values: Mapping[str, Mapping[str, str]], waiting: Sequence[str] = ()) -> list[Row]:
    """Each setting with its value in each job, and whether these differ.

    Args:
        values: of the settings, by job.
        waiting: jobs that have not begun: beside one that has, what they do not have yet is no difference.
    """
    begun = len(values) - len(waiting)
    names = dict.fromkeys(name for settings in values.values() for name in settings)
    rows: list[Row] = []
    for name in names:
        found = {job: settings[name] for job, settings in values.items() if name in settings}
        lacking = [job for job in values if job not in found and not (begun and job in waiting)]
        rows.append({"name": name, "values": found, "differs": len({*found.values()}) > 1 or bool(lacking)})
    return rows


def overlaid(view: View, metric: str, series: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], str]:
    """Options of a chart of one number of several jobs, and the same in words."""
    lines = [
        {
            "name": job,
            "type": "line",
            "showSymbol": len(one.get("steps", ())) < 40,
            "data": [list(pair) for pair in zip(one.get("steps", ()), one.get("values", ()), strict=True)],
            **stroke(number),
        }
        for number, (job, one) in enumerate(series.items())
    ]
    unit = next((str(one["unit"]) for one in series.values() if one.get("unit")), "")
    options = {
        "xAxis": axis("value", view.text("job.step"), min="dataMin", max="dataMax"),
        "yAxis": axis("value", f"{metric} ({unit})" if unit else metric, position="left", scale=True),
        "legend": {"show": True},
        "tooltip": {"trigger": "axis"},
        "series": lines,
    }
    told = [f"{job} {one['values'][-1]:.4g}" for job, one in series.items() if one.get("values")]
    return options, f"{metric}: {', '.join(told)}"


def _link(view: View, job: Job) -> None:
    parts.link(str(job["jobId"]), view.path("jobs", str(job["jobId"]))).classes("name")


def _chip(view: View, job: Job) -> None:
    parts.chip(view, str(job["state"]))


def _model(view: View, job: Job) -> None:
    if job["state"] == "SUCCEEDED" and job.get("algorithm") not in ("wait", "batch_prediction"):
        parts.link(view.text("job.model"), view.path("models", str(job["jobId"])))


def _value(job_id: str, row: Row) -> str:
    return str(row["values"].get(job_id, "–"))


def _setting(view: View, row: Row) -> None:
    with ui.element("span").classes("differs" if row["differs"] else ""):
        ui.label(str(row["name"]))
    if row["differs"]:
        ui.label(view.text("compare.differs")).classes("unseen")
