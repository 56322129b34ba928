"""Third step: the algorithm's arguments, those that most look at first, each to be given or to be searched."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages.new import study
from boxwright.console.pages.new.argument_row import ArgumentRow
from boxwright.console.pages.new.draft import DATA
from boxwright.console.pages.new.wizard import Wizard

# Typing in the search hides the rows that do not have the words, and opens the groups that do.
SEARCH = """(event) => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const group of document.querySelectorAll(".argument-group")) {
    let any = false;
    for (const row of group.querySelectorAll(".argument")) {
      const fits = words.every((word) => row.dataset.words.includes(word));
      row.hidden = !fits;
      any = any || fits;
    }
    group.hidden = !any;
    if (group.tagName === "DETAILS") group.open = words.length > 0 && any;
  }
}"""


async def draw(wizard: Wizard) -> None:
    """Basic arguments, the others by topic, and the search's settings, where something is searched."""
    view = wizard.view
    with ui.element("div").classes("wizard-field").on("input", js_handler=SEARCH):
        ui.input(view.text("wizard.arguments.search")).props("outlined dense type=search autocomplete=off")
    shown = [one for one in wizard.algorithm["arguments"] if one["name"] not in DATA]
    rows = _Rows(wizard)
    basic = [one for one in shown if one.get("basic")]
    with ui.element("section").classes("panel argument-group"):
        with ui.element("h3"):
            ui.label(view.text("wizard.arguments.basic"))
        rows.draw(basic)
    rest = [one for one in shown if not one.get("basic")]
    for group, some in groupby(sorted(rest, key=lambda one: GROUPS.index(one["group"])), key=lambda one: one["group"]):
        rows.draw_group(group, list(some))
    rows.study_place = ui.element("div").classes("wizard-study")
    rows.draw_study()


GROUPS = ("data", "model", "loss", "optimization", "augmentation", "evaluation", "machine")
"""Topics in the order in which they are shown."""


class _Rows:
    """All rows, and the settings of the search, which are there while something is searched."""

    study_place: ui.element
    _names: ui.label

    def __init__(self, wizard: Wizard) -> None:
        self._wizard = wizard

    def draw(self, arguments: list[Mapping[str, Any]]) -> None:
        for one in arguments:
            ArgumentRow(self._wizard, one, self.draw_study).draw()

    def draw_group(self, group: str, arguments: list[Mapping[str, Any]]) -> None:
        """A topic, closed unless something in it was changed."""
        draft, text = self._wizard.draft, self._wizard.view.text
        changed = sum(one["name"] in draft.arguments or one["name"] in draft.tuned for one in arguments)
        with ui.element("details").classes("panel argument-group") as details:
            if changed or any(one.get("required") for one in arguments):
                details.props("open")
            with ui.element("summary"), ui.element("h3"):
                ui.label(text(f"wizard.group.{group}"))
                ui.label(text("wizard.arguments.count", n=len(arguments))).classes("note")
            self.draw(arguments)

    def draw_study(self) -> None:
        """Show the settings of the search, or take them away; what was typed in them stays."""
        if not self._wizard.draft.tuned:
            self.study_place.clear()
            return
        if not self.study_place.default_slot.children:
            with self.study_place, parts.panel(self._wizard.view.text("wizard.study.title")):
                self._names = ui.label().classes("note")
                study.draw(self._wizard)
        names = ", ".join(self._wizard.draft.tuned)
        self._names.text = self._wizard.view.text("wizard.study.help", names=names)
