"""All jobs of a project: live, searched, filtered, sorted, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.listing import Column, Listing, Pager
from boxwright.console.pages.job.standing import best, is_final, run_time, shown_progress
from boxwright.console.pages.wanted_jobs import STATES, Wanted
from boxwright.console.view import View

Job = Mapping[str, Any]


MOST_COMPARED = 8
"""Jobs side by side: as many as there are colours."""


async def jobs(
    view: View, *, q: str = "", state: str = "", algorithm: str = "", label: str = "", sort: str = "", page: str = ""
) -> None:
    """Of a project; the arguments are those of `Wanted`."""
    await Jobs(view, Wanted(q, state if state in STATES else "", algorithm, label, sort, page)).build()


@dataclass
class Jobs:
    """The table and what is set above it."""

    view: View
    wanted: Wanted
    selected: dict[str, None] = field(default_factory=dict)
    rows: Sequence[Job] = ()
    table: Listing | None = None
    asked: int = 0

    async def build(self) -> None:
        """Raises: ServerError: the jobs cannot be listed."""
        view = self.view
        algorithms = await view.api.get("/v1/algorithms")
        with parts.heading(view.text("shell.jobs")):
            self.hint = ui.label().classes("note")
            self.compare = parts.button(view.text("jobs.compare", n=0), self._compare, icon="stacked_line_chart")
        self._tell_selected()
        self._tools([str(one["name"]) for one in algorithms["algorithms"]])
        self.place, self.feeds = ui.element("div").classes("page"), ui.element("div").classes("unseen")
        self.told = ui.label().classes("unseen").props("role=status")
        self.pager = Pager(view, self._turn, token=self.wanted.page)
        await self._show()

    def _tools(self, algorithms: Sequence[str]) -> None:
        view, wanted = self.view, self.wanted
        states = {"": view.text("jobs.any_state"), **{one: view.text(f"state.{one}") for one in STATES}}
        names = [*algorithms, "batch_prediction", "wait"]
        kinds = {"": view.text("jobs.any_algorithm"), **{one: one for one in names}}
        with ui.element("div").classes("row-of tools").props("role=search"):
            self.search = ui.input(view.text("jobs.search"), value=wanted.q).props(
                "outlined dense clearable type=search"
            )
            self.search.classes("grow").props("debounce=300")
            self.state = ui.select(states, value=wanted.state, label=view.text("jobs.state"))
            self.algorithm = ui.select(
                kinds, value=wanted.algorithm if wanted.algorithm in kinds else "", label=view.text("jobs.algorithm")
            )
            self.label = ui.input(view.text("jobs.label"), value=wanted.label, placeholder="team=lab")
            self.label.props("outlined dense clearable debounce=500").classes("short")
        for one in (self.state, self.algorithm):
            one.props("outlined dense").classes("short")
        for field_ in (self.search, self.state, self.algorithm, self.label):
            field_.on_value_change(self._narrow)

    async def _narrow(self) -> None:
        """Something was set above the table: show the first page of what is wanted now."""
        wanted = self.wanted
        wanted.q, wanted.state = (self.search.value or "").strip(), self.state.value or ""
        wanted.algorithm, wanted.label = self.algorithm.value or "", (self.label.value or "").strip()
        await self._first()

    async def _first(self) -> None:
        self.wanted.page = ""
        self.pager.begin()
        await self._again()

    async def _again(self) -> None:
        wanted = self.wanted
        self.view.remember(
            q=wanted.q,
            state=wanted.state,
            algorithm=wanted.algorithm,
            label=wanted.label,
            sort=wanted.sort,
            page=wanted.page,
        )
        await parts.attempt(self.view, self._show(), changes=False)

    async def _turn(self, token: str) -> None:
        self.wanted.page = token
        await self._again()

    async def _order(self, order: str) -> None:
        self.wanted.sort = order
        await self._first()

    async def _show(self) -> None:
        """Follow what is wanted now. The table stays until its rows are there, and so does a focus in it."""
        self.asked += 1
        mine = self.asked
        with self.feeds, ui.element("div") as feed:

            def draw(found: Mapping[str, Any]) -> None:
                if mine == self.asked:  # nothing else was wanted meanwhile
                    self._draw(found)

            try:
                await self.view.live(self.view.resource("jobs"), draw, **self.wanted.query())
            except ServerError:
                feed.delete()
                raise
        for other in list(self.feeds.default_slot.children):
            if (other is feed) == (mine != self.asked):
                other.delete()

    def _draw(self, found: Mapping[str, Any]) -> None:
        self.rows = found.get("jobs", [])
        self.pager.show(str(found.get("nextPageToken", "")))
        self.told.text = self.view.text("jobs.shown", n=len(self.rows))
        if self.rows and self.table is None or not self.rows:
            self.place.clear()
            self.table = None
            with self.place:
                if self.rows:
                    self.table = self._table()
                else:
                    self._nothing()
        if self.table:
            self.table.set_order(self.wanted.sort or "-created")
            self.table.show(self.rows)
        self._tell_selected()

    def _nothing(self) -> None:
        """What stands instead of the table."""
        text = self.view.text
        if self.wanted.narrowed:
            parts.empty(text("jobs.none_found"), text("jobs.none_found_help"), icon="search_off")
        elif self.view.may("trainer"):
            action = (text("shell.new_job"), self.view.path("new"))
            parts.empty(text("jobs.none"), text("jobs.none_help"), action=action, icon="model_training")
        else:
            parts.empty(text("jobs.none"), text("jobs.none_help_viewer"), icon="model_training")

    def _table(self) -> Listing:
        text = self.view.text
        columns = [
            Column(text("jobs.select"), self._select, of=lambda job: job["jobId"], quiet=True),
            Column(text("jobs.job"), self._name, sort="job", of=lambda job: job.get("labels")),
            Column(text("jobs.state"), self._state, sort="state"),
            Column(text("jobs.progress"), lambda job: shown_progress(self.view, job)),
            Column(text("jobs.best"), lambda job: best(self.view, job), number=True, sort="best"),
            Column(text("jobs.created"), self._created, sort="created"),
        ]
        if self.view.may("trainer"):
            columns.append(Column(text("jobs.actions"), self._actions, of=lambda job: job["state"], quiet=True))
        return Listing(
            columns, key=lambda job: str(job["jobId"]), label=text("shell.jobs"), on_order=self._order, cards=True
        )

    def _state(self, job: Job) -> None:
        """The state, why it failed, and the machine."""
        with ui.element("div").classes("job-state"):
            parts.chip(self.view, str(job["state"]))
            if job["state"] == "FAILED" and job.get("errorMessage"):
                ui.label(self.view.said(str(job["errorMessage"]))).classes("note small two-lines")
            _note(str(job.get("machine", "")).partition(":")[0])

    def _created(self, job: Job) -> None:
        ui.label(self.view.time(job["createTime"])).classes("one-line")
        if (seconds := run_time(job)) is not None:
            _note(self.view.text("jobs.ran", time=self.view.duration(seconds)))

    def _select(self, job: Job) -> None:
        job_id = str(job["jobId"])
        box = ui.checkbox(value=job_id in self.selected, on_change=lambda event: self._mark(job_id, event.value))
        box.props("dense")
        box.props["aria-label"] = self.view.text("jobs.select_one", job=job_id)

    def _mark(self, job_id: str, chosen: bool) -> None:
        if chosen:
            self.selected[job_id] = None
        else:
            self.selected.pop(job_id, None)
        self._tell_selected()

    def _tell_selected(self) -> None:
        count = len(self.selected)
        self.compare.text = self.view.text("jobs.compare", n=count)
        self.compare.set_enabled(2 <= count <= MOST_COMPARED)
        many = count > MOST_COMPARED
        self.hint.text = self.view.text("jobs.compare_many" if many else "jobs.compare_help", n=MOST_COMPARED)
        self.hint.set_visibility(bool(self.rows) and not 2 <= count <= MOST_COMPARED)

    def _compare(self) -> None:
        self.view.go(self.view.path("jobs-compare", jobs=",".join(self.selected)))

    def _name(self, job: Job) -> None:
        parts.link(str(job["jobId"]), self.view.path("jobs", str(job["jobId"]))).classes("name")
        labels = [f"{name}={value}" for name, value in sorted(job.get("labels", {}).items())]
        _note(" · ".join([str(job.get("algorithm", "")), *labels]))

    def _actions(self, job: Job) -> None:
        view, job_id = self.view, str(job["jobId"])
        with ui.element("div").classes("row-actions"):
            with ui.element("a").classes("icon-link") as clone:
                clone.props["href"] = view.path("new", clone=job_id)
                clone.props["aria-label"] = view.text("jobs.clone_one", job=job_id)
                ui.icon("content_copy").props("aria-hidden=true")
            if not is_final(job) and job["state"] != "CANCELLING":
                parts.icon_button("cancel", view.text("jobs.cancel_one", job=job_id), lambda: self._cancel(job_id))

    async def _cancel(self, job_id: str) -> None:
        view = self.view
        question, keep = view.text("jobs.cancel_question", job=job_id), view.text("jobs.cancel_no")
        if await parts.confirm(view, question, view.text("jobs.cancel_yes"), keep=keep):
            await parts.attempt(view, view.api.post(f"{view.resource('jobs', job_id)}:cancel"))


def _note(text: str) -> None:
    if text:
        ui.label(text).classes("note small")
