"""The versions of an endpoint: their states, workers and shares of the traffic."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.endpoints.stop import delete_version
from boxwright.console.pages.models.deploy import shared
from boxwright.console.pages.models.models import model_path
from boxwright.console.view import View

SERVED = ("READY", "UPDATING")
"""States in which a version answers."""

SETTLED = ("READY", "FAILED")
"""States in which the number of its workers can be changed."""

SHOWN = (
    "name",
    "state",
    "trafficPercent",
    "errorMessage",
    "workersWanted",
    "workersReady",
    "latencyP50",
    "deploymentUri",
)

MOST_WORKERS = 64


class Versions:
    """The table and what changes it.

    Args:
        view: of the page.
        model: name of the endpoint.
    """

    def __init__(self, view: View, model: str) -> None:
        self._view, self._model = view, model
        self._shares: dict[str, int] = {}
        self._splitting: list[tuple[str, int]] = []
        self._moved: dict[str, tuple[ui.slider, ui.label]] = {}
        self._empty = ui.label(view.text("endpoints.no_versions_help")).classes("note")
        self._table = Listing(
            self._columns(), key=lambda row: str(row["name"]), label=view.text("endpoints.versions"), cards=True
        )
        self._sliders = ui.element("div").classes("shares")

    def draw(self, answer: Mapping[str, Any], models: Mapping[str, str]) -> None:
        """Show the versions of an answer; `models` has the id of the trained model in each folder, where known."""
        rows = [
            {
                **{name: one.get(name) for name in SHOWN},
                "rate": one["requestsPerSecond"],
                "model": models.get(one["deploymentUri"], ""),
            }
            for one in answer["versions"]
        ]
        self._empty.set_visibility(not rows)
        self._table.element.set_visibility(bool(rows))
        self._table.show(rows)
        served = [(row["name"], row["trafficPercent"]) for row in rows if row["state"] in SERVED]
        self._shares = {row["name"]: row["trafficPercent"] for row in rows if row["trafficPercent"]}
        again = {name for name, _ in served} != {name for name, _ in self._splitting}
        self._splitting = served
        if again:
            self._draw_sliders()
        for name, percent in served:
            self._move_slider(name, percent)

    def _columns(self) -> list[Column]:
        view = self._view
        shown = [
            Column(view.text("endpoints.version"), lambda row: str(row["name"])),
            Column(view.text("endpoints.model"), self._trained, of=lambda row: (row["model"], row["deploymentUri"])),
            Column(view.text("endpoints.state"), self._state, of=lambda row: (row["state"], row["errorMessage"])),
            Column(view.text("endpoints.workers"), self._workers, number=True, of=_of_workers),
            Column(view.text("endpoints.share"), lambda row: f"{row['trafficPercent']} %", number=True),
            Column(view.text("endpoints.rate"), lambda row: view.number(row["rate"], 2), number=True),
            Column("p50", lambda row: view.duration(row["latencyP50"]), number=True),
        ]
        if not view.may("trainer"):
            return shown
        acted = Column(
            view.text("endpoints.actions"), self._actions, of=lambda row: (row["state"], row["trafficPercent"])
        )
        return [*shown, acted]

    def _trained(self, row: Any) -> str | None:
        if not row["model"]:  # made by no job of the project
            return "/".join(str(row["deploymentUri"]).rstrip("/").split("/")[-3:])
        parts.link(row["model"], model_path(self._view, row["model"]))
        return None

    def _state(self, row: Any) -> None:
        with ui.element("div"):
            parts.chip(self._view, row["state"])
            if row["errorMessage"]:
                ui.label(self._view.said(row["errorMessage"])).classes("version-error")

    def _workers(self, row: Any) -> str | None:
        text = f"{row['workersReady']} / {row['workersWanted']}"
        if not self._view.may("trainer") or row["state"] not in SETTLED:
            return text
        with ui.element("div").classes("workers"):
            ui.label(text)
            for icon, words, by in (("remove", "fewer", -1), ("add", "more", 1)):
                wanted = row["workersWanted"] + by
                label = self._view.text(f"endpoints.{words}", name=row["name"])
                button = parts.icon_button(icon, label, partial(self._scale, row["name"], wanted))
                button.set_enabled(1 <= wanted <= MOST_WORKERS)
        return None

    async def _scale(self, version: str, workers: int) -> None:
        path = self._view.resource("models", self._model, "versions", version)
        change = {"manualScaling": {"nodes": workers}}
        await parts.attempt(self._view, self._view.api.patch(path, change, updateMask="manualScaling"))

    def _actions(self, row: Any) -> None:
        view, version = self._view, str(row["name"])
        with ui.element("div").classes("row-of"):
            if row["state"] in SERVED and row["trafficPercent"] != 100:
                parts.button(view.text("endpoints.all_traffic"), partial(self._set_default, version))
            if row["state"] != "DELETING":
                label = view.text("endpoints.stop_one", name=version)
                parts.icon_button("delete", label, partial(delete_version, view, self._model, version))

    async def _set_default(self, version: str) -> None:
        path = self._view.resource("models", self._model, "versions", f"{version}:setDefault")
        await parts.attempt(self._view, self._view.api.post(path))

    def _draw_sliders(self) -> None:
        """One for each version that answers; together they are 100, and each move is saved at once."""
        view = self._view
        self._sliders.clear()
        self._moved.clear()
        if len(self._splitting) < 2 or not view.may("trainer"):
            return
        with self._sliders:
            with ui.element("h3"):
                ui.label(view.text("endpoints.split"))
            ui.label(view.text("endpoints.split_note")).classes("note")
            for name, percent in self._splitting:
                with ui.element("div").classes("share"):
                    ui.label(name)
                    slider = ui.slider(min=0, max=100, step=1, value=percent).props("label")
                    slider.props["aria-label"] = view.text("endpoints.share_of", name=name)
                    slider.on("change", lambda event, name=name: self._split(name, int(event.args)))
                    self._moved[name] = (slider, ui.label().classes("number"))

    def _move_slider(self, name: str, percent: int) -> None:
        """To where the server says; it stays the same one, for somebody may be at it with the keys."""
        if name in self._moved:
            slider, words = self._moved[name]
            slider.value, words.text = percent, f"{percent} %"

    async def _split(self, version: str, percent: int) -> None:
        view, before = self._view, dict(self._splitting)
        traffic = shared(before, version, percent)
        path = view.resource("models", self._model)
        if await parts.attempt(view, view.api.patch(path, {"traffic": traffic}, updateMask="traffic")) is None:
            for name, share in before.items():
                self._move_slider(name, share)


def _of_workers(row: Any) -> tuple[Any, ...]:
    return row["workersReady"], row["workersWanted"], row["state"] in SETTLED
