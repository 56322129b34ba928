"""Head of a job's page: state, progress, and what can be done with it."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages.job.standing import best, is_final, progress_bar
from boxwright.console.view import View


class Header:
    """Heading, buttons and progress, which follow the job."""

    def __init__(self, view: View, job_id: str) -> None:
        self._view, self._id = view, job_id
        self._path = view.resource("jobs", job_id)
        actions = parts.heading(job_id, back=(view.text("shell.jobs"), view.path("jobs")))
        with actions:
            self._buttons()
        self._words: tuple[Any, ...] = ()
        self._move: Callable[[Mapping[str, Any]], None] | None = None
        self._said = ui.label().classes("unseen").props("role=status")  # steps would be read out without an end
        self._progress = ui.element("div").classes("standing")

    def _buttons(self) -> None:
        view = self._view
        self._deploy = _link(view.text("job.model"), view.path("models", self._id), "category")
        if view.may("trainer"):
            self._cancel = parts.button(view.text("job.cancel"), self._ask, icon="cancel", kind="danger")
            _link(view.text("job.clone"), view.path("new", clone=self._id), "content_copy")
        with ui.button(view.text("job.downloads"), icon="download", color=None).props("no-caps outline") as button:
            button.classes("button button-plain")
            with ui.menu():
                self._downloads = {
                    name: _download(view.text(f"job.get_{name}"), f"{self._path}/{route}", name == "report")
                    for name, route in DOWNLOADS.items()
                }

    async def follow(self) -> None:
        """Show the job as it is from now on. Raises: ServerError: it cannot be read."""
        with ui.element("div").classes("unseen"):
            await self._view.live(self._path, self._draw)

    def _draw(self, job: Mapping[str, Any]) -> None:
        view, state = self._view, str(job["state"])
        ready = state == "SUCCEEDED" and "predictionInput" not in job and job.get("algorithm") != "wait"
        self._deploy.set_visibility(ready)
        for name in ("model", "report"):
            self._downloads[name].set_visibility(ready)
        if view.may("trainer"):
            self._cancel.set_visibility(not is_final(job))
            self._cancel.set_enabled(state != "CANCELLING")
        has_steps = bool((job.get("progress") or {}).get("maxSteps"))
        words = (state, has_steps, job.get("jobPosition"), best(view, job), job.get("machine"))
        if words == self._words and self._move:
            self._move(job)
            return
        self._words = words
        self._said.text = view.text(f"state.{state}")
        self._progress.clear()
        with self._progress:
            parts.chip(view, state)
            self._move = progress_bar(view, job)
            if found := best(view, job):
                ui.label(view.text("job.best_final" if is_final(job) else "job.best", value=found)).classes("number")
            if job.get("machine"):
                ui.label(view.said(str(job["machine"]))).classes("note")

    async def _ask(self) -> None:
        view = self._view
        question, keep = view.text("jobs.cancel_question", job=self._id), view.text("jobs.cancel_no")
        if await parts.confirm(view, question, view.text("jobs.cancel_yes"), keep=keep):
            await parts.attempt(view, view.api.post(f"{self._path}:cancel"))


DOWNLOADS = {"model": "model:download", "report": "report", "config": "config", "log": "log:text", "events": "events"}
"""What a job leaves behind, to the routes of the API."""


def _link(label: str, path: str, icon: str) -> ui.element:
    found = parts.link_button(label, path, icon=icon)
    return found.classes(remove="primary-link", add="plain-link")


def _download(label: str, path: str, shown: bool) -> ui.element:
    """A line of the menu; what can be shown opens in a tab of its own."""
    with ui.element("a").classes("entry") as found:
        found.props["href"] = path
        if shown:
            found.props("target=_blank rel=noopener")
        else:
            found.props["download"] = ""
        ui.icon("open_in_new" if shown else "download").props("aria-hidden=true")
        ui.label(label)
    return found
