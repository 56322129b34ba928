"""Last step: everything together, as config.yaml and as a command, what it will cost, and the button that submits."""

from typing import Any

from nicegui import background_tasks, ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.new import storage
from boxwright.console.pages.new.cost import CostPanel
from boxwright.console.pages.new.fields import STEPS
from boxwright.console.pages.new.wizard import Wizard


async def draw(wizard: Wizard) -> None:
    """The summary; it is drawn again when the server has looked at the job."""
    shown = _Summary(wizard)
    shown.draw()
    wizard.redrawn, wizard.sent = shown.redraw, shown.send


class _Summary:
    """What the step shows."""

    def __init__(self, wizard: Wizard) -> None:
        self._wizard, self._view = wizard, wizard.view

    def draw(self) -> None:
        self._faults = ui.element("div").classes("wizard-summary-faults").props("role=status")
        self._refused = ui.element("div").props("role=alert")
        with ui.element("div").classes("grid-of wizard-parts"):
            for step in STEPS[:-1]:
                self._part(step)
        CostPanel(self._wizard).draw()
        self._texts = ui.element("div").classes("wizard-texts")
        self.redraw()

    def redraw(self) -> None:
        """There is another answer of the server."""
        self._draw_faults()
        background_tasks.create(self._draw_texts(), name="config")

    def _draw_faults(self) -> None:
        text, faults = self._view.text, self._wizard.faults
        if self._wizard.submit:
            self._wizard.submit.set_enabled(bool(self._wizard.answer.get("valid")))
        self._faults.clear()
        with self._faults:
            if not self._wizard.answer:
                ui.label(text("wizard.summary.looking")).classes("note")
            elif not faults:
                parts.banner(text("wizard.summary.valid"), "good")
            for one in faults:
                with ui.element("div").classes("wizard-fault"):
                    ui.icon("error").props("aria-hidden=true")
                    ui.label(self._view.said(one.words)).classes("grow")
                    mend = text("wizard.summary.mend", name=text(f"wizard.{one.step}.name"))
                    parts.button(mend, lambda step=one.step: self._wizard.show(step))

    def _part(self, step: str) -> None:
        with parts.panel(self._view.text(f"wizard.{step}.name")):
            if step == "algorithm":
                ui.label(self._wizard.draft.algorithm).classes("wizard-card-name")
                ui.label(self._view.said(self._wizard.algorithm["summary"]))
            else:
                parts.facts(self._facts(step))
            with ui.element("div").classes("actions"):
                change = parts.button(self._view.text("wizard.summary.change"), lambda: self._wizard.show(step))
            name = self._view.text(f"wizard.{step}.name")
            change.props["aria-label"] = self._view.text("wizard.summary.mend", name=name)

    def _facts(self, step: str) -> list[tuple[str, str]]:
        draft, text = self._wizard.draft, self._view.text
        if step == "data":
            return [
                (text("wizard.data.training"), draft.training.words or "—"),
                (text("wizard.data.validation"), draft.validation.words or text("wizard.source.part")),
                (text("wizard.data.output"), draft.job_dir or self._default_folder()),
            ]
        if step == "arguments":
            rows = list(draft.arguments.items())
            rows += [(name, self._searched(one)) for name, one in draft.tuned.items()]
            return rows or [(text("wizard.summary.nothing_given"), text("wizard.summary.all_derived"))]
        rows = [(text("wizard.machine.job_id"), draft.job_id), (text("wizard.machine.tier"), draft.tier)]
        optional = (("machine_type", draft.machine_type), ("region", draft.region), ("labels", draft.labels))
        return rows + [(text(f"wizard.machine.{name}"), value) for name, value in optional if value]

    def _default_folder(self) -> str:
        return f"{self._wizard.known.machine['roots'][-1]}/{self._wizard.draft.job_id}"

    def _searched(self, one: dict[str, Any]) -> str:
        if one["type"] in ("DISCRETE", "CATEGORICAL"):
            words = ", ".join(one.get("categoricalValues", ()))
            values = one.get("discreteValues", "") if one["type"] == "DISCRETE" else words
            return self._view.text("wizard.summary.searched_values", values=values)
        return self._view.text("wizard.summary.searched", low=one.get("minValue", ""), high=one.get("maxValue", ""))

    async def _draw_texts(self) -> None:
        try:
            found = await self._view.api.post(self._view.resource("jobs:config"), self._wizard.draft.body())
        except ServerError:
            found = {}
        if self._texts.is_deleted:
            return
        self._texts.clear()
        with self._texts:
            for name in found:
                title, note = (self._view.text(f"wizard.summary.{name}{end}") for end in ("", "_help"))
                with parts.panel(title, note=note):
                    parts.code(self._view, found[name], label=title)

    async def send(self) -> None:
        """Submit the job, and show its page."""
        view, body = self._view, self._wizard.draft.body()
        if self._wizard.submit:
            self._wizard.submit.set_enabled(False)
        try:
            job = await view.api.post(view.resource("jobs"), body)
        except ServerError as error:
            self._refused.clear()
            with self._refused:
                parts.failure(view, view.text("wizard.summary.refused"), error)
            self._wizard.changed()
            return
        storage.keep(view.client, storage.key_of(view.project), None)
        view.look_again()
        view.go(view.path("jobs", job["jobId"]))
