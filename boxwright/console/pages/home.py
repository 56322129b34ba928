"""The first page: the way to a first detector in three steps, and what there is and what goes on."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.view import View

SAMPLE = "shapes"
"""Name of the data set that is drawn for who has none."""

DRAWN: Mapping[str, Any] = {
    "pictures": 60,
    "validation": 20,
    "classes": ["circle", "square"],
    "height": 96,
    "width": 128,
    "seed": 0,
    "format": "tfrecord",
}
"""Enough to learn from in a minute or two on a laptop."""

RECENT = 5
"""Jobs that are listed."""


async def home(view: View) -> None:
    """Of a project."""
    parts.heading(view.text("home.title"), subtitle=view.text("home.subtitle"))
    if not view.may("trainer"):
        parts.banner(view.text("shell.viewer"), "quiet")
    state = _State(view)
    with ui.element("ol").classes("steps") as state.steps:
        pass
    with parts.panel(view.text("home.recent")) as state.recent:
        pass
    for noun, count in (("datasets", 0), ("jobs", RECENT), ("models", 0)):
        with ui.element("div"):
            await view.live(view.resource(noun), partial(state.note, noun), pageSize=count)


class _State:
    """What the page knows of its project, and the elements that show it."""

    steps: ui.element
    recent: ui.element

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, list[dict[str, Any]]] = {}

    def note(self, noun: str, answer: Mapping[str, Any]) -> None:
        """There is another answer; drawn when all are there."""
        self._known[noun] = answer.get(noun, [])
        if len(self._known) == 3:
            self.steps.clear()
            with self.steps:
                self._data_step()
                self._train_step()
                self._try_step()
            self.recent.clear()
            with self.recent:
                self._recent_jobs()

    def _data_step(self) -> None:
        view, found = self._view, self._known["datasets"]
        ready = [one for one in found if one["state"] == "READY"]
        busy = [one for one in found if one["state"] == "IMPORTING"]
        with _step(view, 1, "data", done=bool(ready)):
            if ready:
                parts.link(view.text("home.data_done", n=len(ready)), view.path("datasets"))
            if busy:
                ui.label(view.text("home.data_busy", name=busy[0]["name"])).classes("note").props("role=status")
            elif not ready and view.may("trainer"):
                with ui.element("div").classes("actions"):
                    parts.link_button(view.text("home.import"), view.path("datasets", add="upload"), icon="upload_file")
                    parts.button(view.text("home.draw"), self._draw, icon="auto_awesome")

    async def _draw(self) -> None:
        view = self._view
        await parts.attempt(view, view.api.post(view.resource("datasets"), {"name": SAMPLE, "draw": DRAWN}))

    def _train_step(self) -> None:
        view, jobs = self._view, self._known["jobs"]
        ready = [one for one in self._known["datasets"] if one["state"] == "READY"]
        succeeded = [one for one in jobs if one["state"] == "SUCCEEDED" and "trainingInput" in one]
        active = [one for one in jobs if one["state"] in ("QUEUED", "PREPARING", "RUNNING")]
        with _step(view, 2, "train", done=bool(succeeded)):
            for one in active[:1]:
                parts.link(view.text("home.train_busy", name=one["jobId"]), view.path("jobs", one["jobId"]))
            if succeeded and not active:
                parts.link(view.text("home.train_done"), view.path("jobs"))
            if ready and not succeeded and not active and view.may("trainer"):
                newest = max(ready, key=lambda one: one.get("createTime", ""))
                parts.link_button(view.text("home.train"), view.path("new", dataset=newest["name"]), icon="play_arrow")

    def _try_step(self) -> None:
        view, endpoints = self._view, self._known["models"]
        succeeded = [one for one in self._known["jobs"] if one["state"] == "SUCCEEDED" and "trainingInput" in one]
        with _step(view, 3, "try", done=bool(endpoints)):
            for one in endpoints[:1]:
                name = one["name"].rpartition("/")[2]
                parts.link_button(view.text("home.try_done", name=name), view.path("endpoints", name))
            if succeeded and not endpoints and view.may("trainer"):
                path = view.path("models", succeeded[0]["jobId"])
                parts.link_button(view.text("home.deploy"), path, icon="rocket_launch")

    def _recent_jobs(self) -> None:
        view, jobs = self._view, self._known["jobs"]
        with ui.element("h2"):
            ui.label(view.text("home.recent"))
        if not jobs:
            ui.label(view.text("home.no_jobs")).classes("note")
            return
        with ui.element("ul").classes("recent"):
            for job in jobs[:RECENT]:
                with ui.element("li"):
                    parts.link(job["jobId"], view.path("jobs", job["jobId"]))
                    parts.chip(view, job["state"])
                    ui.label(view.time(job["createTime"])).classes("note")
        parts.link(view.text("home.all_jobs"), view.path("jobs"))


def _step(view: View, number: int, name: str, *, done: bool) -> ui.element:
    """One of the three; what is added to it stands below its words."""
    with ui.element("li").classes("step step-done" if done else "step") as step:
        with ui.element("span").classes("step-number").props("aria-hidden=true"):
            ui.icon("check") if done else ui.label(str(number))
        with ui.element("h2"):
            ui.label(view.text(f"home.step_{name}"))
        ui.label(view.text(f"home.step_{name}_help")).classes("note")
    return step
