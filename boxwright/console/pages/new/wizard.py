"""The wizard's five steps around one draft: going from one to the other, keeping it, and what the server says of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.new import storage
from boxwright.console.pages.new.draft import Draft
from boxwright.console.pages.new.fields import STEPS, Fault, Fields, read_faults
from boxwright.console.view import View

SETTLED = 0.4
"""Seconds without a change after which the server is asked what it thinks."""

FOCUS = "document.getElementById('wizard-step')?.focus({preventScroll: true}); window.scrollTo(0, 0)"
"""Who hears the page hears the step's title."""

# Enter goes on, on the step's title and in a field, but where it chooses something or ends a search.
ENTER = """(event) => {
  const input = event.target;
  if (input.id === "wizard-step") return emit();
  if (input.tagName !== "INPUT" || ["checkbox", "radio", "search"].includes(input.type)) return;
  if (input.closest(".q-select")) return;
  event.preventDefault();
  input.blur();  // sends what was typed last
  setTimeout(emit, 0);
}"""


@dataclass(frozen=True)
class Known:
    """What the server has told before anything is filled in.

    Attributes:
        algorithms: as the API describes them, the one to begin with first.
        datasets: those that can be used.
        machine: the project's configuration.
    """

    algorithms: Sequence[Mapping[str, Any]]
    datasets: Sequence[Mapping[str, Any]]
    machine: Mapping[str, Any]


class Entry:
    """A step in the list of steps. It stays while its state changes, so that no click on it goes astray."""

    def __init__(self, view: View, number: int, step: str, show: Callable[[str], Awaitable[None]]) -> None:
        self._view, self._number, self.step = view, number, step
        with ui.element("li"), ui.element("button").props("type=button") as self._button:
            self._button.on("click", lambda: show(step))
            with ui.element("span").classes("wizard-number").props("aria-hidden=true"):
                self._sign = ui.label(str(number))
            ui.label(view.text(f"wizard.{step}.name"))
            self._faults = ui.label().classes("wizard-faults")

    def show(self, *, current: bool, done: bool, faults: int) -> None:
        """Tell the step's state."""
        self._button.props("aria-current=step") if current else self._button.props(remove="aria-current")
        self._sign.text = "✓" if done and not faults and not current else str(self._number)
        self._faults.text = self._view.text("wizard.faults", n=faults) if faults else ""
        self._faults.set_visibility(bool(faults))


Draw = Callable[["Wizard"], Awaitable[None]]


@dataclass
class Wizard:
    """The page.

    Attributes:
        steps: what draws each step.
        fields: inputs of the step that is shown.
        answer: of the last validation.
        seen: steps that were left; only there it is said what is missing.
        redrawn: is called when there is another answer, by the step that is shown.
        sent: submits the job; the last step sets it.
        submit: the button for that, at the foot of the last step.
    """

    view: View
    known: Known
    draft: Draft
    steps: Mapping[str, Draw]
    step: str = STEPS[0]
    fields: Fields = field(default_factory=Fields)
    answer: Mapping[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    redrawn: Callable[[], Any] = lambda: None
    sent: Callable[[], Any] = lambda: None
    submit: ui.button | None = None
    _turn: int = 0

    @property
    def algorithm(self) -> Mapping[str, Any]:
        """As the API describes it."""
        found = (one for one in self.known.algorithms if one["name"] == self.draft.algorithm)
        return next(found, self.known.algorithms[0])

    def argument(self, name: str) -> Mapping[str, Any]:
        """An argument of the algorithm. Raises: StopIteration."""
        return next(one for one in self.algorithm["arguments"] if one["name"] == name)

    async def begin(self) -> None:
        """Build the page around the steps."""
        with ui.element("nav") as nav, ui.element("ol").classes("wizard-steps"):
            self.entries = [Entry(self.view, number, step, self.show) for number, step in enumerate(STEPS, 1)]
        nav.props["aria-label"] = self.view.text("wizard.steps")
        nav.classes("turning").on("turned", self.turned, js_handler="(event) => emit(event.detail)")
        self.place = ui.element("div").classes("wizard-step").on("keydown.enter", self.forth, js_handler=ENTER)
        self.foot = ui.element("div").classes("actions wizard-foot")
        await self.show(self.step, focus=False)

    async def turned(self, event: GenericEventArguments) -> None:
        """The browser's Back or Forward leads to a step."""
        if event.args in STEPS:
            await self.show(str(event.args), push=False)

    async def show(self, step: str, *, focus: bool = True, push: bool = True) -> None:
        """Show a step.

        Args:
            focus: the hand goes to it.
            push: the browser's Back leads to the one that was shown.
        """
        other = step != self.step
        if other:
            self.seen |= {self.step, *STEPS[: STEPS.index(step)]}
        self.step, self.fields, self.redrawn = step, Fields(), lambda: None
        self.view.turn(step, push=push and other, step=step if step != STEPS[0] else "")
        self.place.clear()
        with self.place:
            with ui.element("h2").props("tabindex=-1 id=wizard-step"):
                ui.label(self.view.text(f"wizard.{step}.title"))
            ui.label(self.view.text(f"wizard.{step}.help")).classes("note")
            self.box = ui.element("div").props("role=alert")
            await self.steps[step](self)
        self._draw_foot()
        self._tell()
        if focus:
            self.view.client.run_javascript(FOCUS)
        self.changed()

    async def forth(self) -> None:
        """To the next step."""
        index = STEPS.index(self.step)
        if index + 1 < len(STEPS):
            await self.show(STEPS[index + 1])

    async def back(self) -> None:
        """To the step before."""
        await self.show(STEPS[max(0, STEPS.index(self.step) - 1)])

    def changed(self) -> None:
        """A value has changed: it is kept, and when no other follows the server is asked."""
        storage.keep(self.view.client, storage.key_of(self.view.project), self.draft.written())
        self._turn += 1
        background_tasks.create(self._look(self._turn), name="wizard")

    async def _look(self, turn: int) -> None:
        await asyncio.sleep(SETTLED)
        if turn != self._turn or self.view.client.is_deleted:
            return
        try:
            answer = await self.view.api.post(self.view.resource("jobs:validate"), self.draft.body())
        except ServerError as error:
            answer = {"faults": [{"field": "", "description": str(error)}]}
        if turn == self._turn and not self.view.client.is_deleted:
            self.answer, self.faults = answer, read_faults(answer, self.draft.tuned)
            self._tell()
            self.redrawn()

    def shown_faults(self, step: str) -> list[Fault]:
        """What is said to be wrong on a step."""
        told = step in self.seen or self.step == STEPS[-1]
        return [one for one in self.faults if one.step == step and (told or not _is_missing(one))]

    def _tell(self) -> None:
        """Write what is wrong at its inputs, above them, and in the list of steps."""
        here = self.shown_faults(self.step)
        self.fields.tell(here, self.view.said)
        self.box.clear()
        with self.box:
            for one in here:
                if not self.fields.shows(one):
                    parts.banner(self.view.said(one.words), "bad")
        for entry in self.entries:
            faults = len(self.shown_faults(entry.step))
            entry.show(current=entry.step == self.step, done=entry.step in self.seen, faults=faults)

    def _draw_foot(self) -> None:
        text, index = self.view.text, STEPS.index(self.step)
        self.submit = None
        self.foot.clear()
        with self.foot:
            if index:
                parts.button(text("wizard.back"), self.back, icon="arrow_back")
            if index + 1 < len(STEPS):
                label = text("wizard.next", name=text(f"wizard.{STEPS[index + 1]}.name"))
                parts.button(label, self.forth, kind="primary")
            else:
                self.submit = parts.button(text("wizard.summary.submit"), self.sent, icon="play_arrow", kind="primary")
                self.submit.set_enabled(bool(self.answer.get("valid")))


def _is_missing(fault: Fault) -> bool:
    """Whether something was not filled in yet, which is no fault before it was asked for."""
    return fault.words.endswith("is required")
