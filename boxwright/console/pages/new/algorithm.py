"""First step: which algorithm."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.console import texts
from boxwright.console.pages.new.wizard import Wizard


async def draw(wizard: Wizard) -> None:
    """Cards, one of which is chosen."""
    with ui.element("div").classes("wizard-cards").props("role=group") as group:
        group.props["aria-label"] = wizard.view.text("wizard.algorithm.name")
        for index, one in enumerate(wizard.known.algorithms):
            _card(wizard, one, group, recommended=index == 0)


def _card(wizard: Wizard, one: Mapping[str, Any], group: ui.element, *, recommended: bool) -> None:
    view, name = wizard.view, one["name"]
    chosen = name == wizard.draft.algorithm

    async def choose() -> None:
        _choose(wizard, name)
        await wizard.show("algorithm", focus=False)
        view.client.run_javascript("document.querySelector('.wizard-card[aria-pressed=true]')?.focus()")

    with group, ui.element("button").props("type=button").classes("wizard-card").on("click", choose) as card:
        card.props(f"aria-pressed={str(chosen).lower()}")
        with ui.element("span").classes("wizard-card-head"):
            ui.icon("radio_button_checked" if chosen else "radio_button_unchecked").props("aria-hidden=true")
            ui.label(name).classes("wizard-card-name")
            if recommended:
                ui.label(view.text("wizard.algorithm.recommended")).classes("chip chip-good")
        ui.label(view.said(one["summary"]))
        key = f"wizard.good_for.{name}"
        if key in texts.catalogue():
            ui.label(view.text(key)).classes("note")
        ui.label(view.text("wizard.algorithm.arguments", n=len(one["arguments"]))).classes("note")


def _choose(wizard: Wizard, name: str) -> None:
    """Take another algorithm; what it does not know is left out, and what it does is kept."""
    draft = wizard.draft
    draft.algorithm = name
    known = {one["name"]: one for one in wizard.algorithm["arguments"]}
    draft.arguments = {name: text for name, text in draft.arguments.items() if name in known}
    draft.tuned = {name: one for name, one in draft.tuned.items() if "tuning" in known.get(name, {})}
    metric = draft.study.get("hyperparameterMetricTag")
    if metric and metric not in wizard.algorithm["metrics"]:
        draft.study.pop("hyperparameterMetricTag")
