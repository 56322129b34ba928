"""What the job will cost, measured when it is asked for."""

import asyncio
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.new.wizard import Wizard

LOOK_EVERY = 1.0
"""Seconds between looks at a measurement, which ends by itself when nobody looks."""


class CostPanel:
    """A button that measures, how far that is, and what was found."""

    def __init__(self, wizard: Wizard) -> None:
        self._wizard, self._view = wizard, wizard.view
        self._body: dict[str, Any] = {}

    def draw(self) -> None:
        with parts.panel(self._view.text("wizard.cost.title"), note=self._view.text("wizard.cost.help")):
            with ui.element("div").classes("actions"):
                self._button = parts.button(self._view.text("wizard.cost.measure"), self._measure, icon="timer")
            self._place = ui.element("div").props("role=status aria-live=polite")

    async def _measure(self) -> None:
        self._button.set_enabled(False)
        try:
            one = await self._view.api.post(self._view.resource("jobs:estimate"), self._wizard.draft.body())
            while not self._place.is_deleted:
                self._show(one)
                if one["done"]:
                    break
                await asyncio.sleep(LOOK_EVERY)
                one = await self._view.api.get(f"/v1/{one['name']}")
        except ServerError as error:
            if not self._place.is_deleted:
                self._fail(error)
        if not self._button.is_deleted:
            self._button.set_enabled(True)

    def _fail(self, error: ServerError) -> None:
        self._place.clear()
        with self._place:
            parts.failure(self._view, self._view.text("wizard.cost.failed"), error)

    def _show(self, one: Mapping[str, Any]) -> None:
        self._place.clear()
        with self._place:
            if "response" in one:
                self._result(one["response"])
                if one["metadata"].get("otherJobsRunning"):
                    parts.banner(self._view.text("wizard.cost.busy"), "warn")
            elif "error" in one:
                parts.banner(self._view.said(one["error"]["message"]), "bad")
            else:
                self._progress(one["metadata"])

    def _progress(self, metadata: Mapping[str, Any]) -> None:
        phase = metadata.get("phase") or metadata["state"]
        words = self._view.text(f"wizard.cost.phase_{phase}", n=metadata.get("measuredSteps", 0))
        parts.progress(PHASES[phase] + 0.02 * metadata.get("measuredSteps", 0), words)

    def _result(self, cost: Mapping[str, Any]) -> None:
        view, text = self._view, self._view.text
        total, low, high = (view.duration(cost[name]) for name in ("totalSeconds", "lowSeconds", "highSeconds"))
        gpu = cost["deviceMemoryBytes"]
        parts.tiles(
            [
                (text("wizard.cost.time", low=low, high=high), total),
                (text("wizard.cost.memory"), view.bytes(cost["memoryBytes"])),
                *([(text("wizard.cost.gpu"), view.bytes(gpu))] if gpu else []),
                (text("wizard.cost.disk"), view.bytes(cost["diskBytes"])),
            ]
        )
        parts.facts(self._facts(cost))
        if cost["mayEndEarly"]:
            ui.label(text("wizard.cost.early")).classes("note")

    def _facts(self, cost: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What the time comes from."""
        view, text = self._view, self._view.text
        (height, width), device = cost["imageSize"], cost["accelerator"]
        with_what = text("wizard.cost.batch", n=cost["batchSize"], height=height, width=width, device=device)
        trials = [self._times("trials", cost["trials"], cost["runSeconds"])] if cost["trials"] > 1 else []
        return [
            *trials,
            self._times("steps", cost["steps"], cost["stepSeconds"]),
            self._times("evaluations", cost["evaluations"], cost["evaluationSeconds"]),
            (text("wizard.cost.export"), text("wizard.cost.allowance", time=view.duration(cost["exportSeconds"]))),
            (text("wizard.cost.measured_with"), with_what),
        ]

    def _times(self, name: str, count: int, seconds: float) -> tuple[str, str]:
        each = f"{self._view.number(seconds, 2)} s" if seconds < 60 else self._view.duration(seconds)
        return self._view.text(f"wizard.cost.{name}"), self._view.text("wizard.cost.of_each", n=count, each=each)


PHASES: Mapping[str, float] = {
    "WAITING": 0.02,
    "RUNNING": 0.05,
    "data": 0.1,
    "model": 0.2,
    "steps": 0.3,
    "evaluation": 0.75,
}
"""How far a measurement is at the beginning of each part of it."""
