"""Fourth step: the job's name, the machine that it asks for, and its limits."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages.new.data import TYPED
from boxwright.console.pages.new.draft import TIERS
from boxwright.console.pages.new.wizard import Wizard

TYPES = (
    *("n1-standard-1", "n1-standard-2", "n1-standard-4", "n1-standard-8", "n1-standard-16", "n1-highmem-8"),
    *("standard", "large_model", "standard_gpu", "standard_p100", "standard_v100", "cloud_tpu"),
)
"""Machine types that are proposed; others can be typed."""

ACCELERATORS = ("NVIDIA_TESLA_K80", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_V100", "NVIDIA_TESLA_T4", "NVIDIA_TESLA_A100")


async def draw(wizard: Wizard) -> None:
    """All fields; what the machine has stands above."""
    text = wizard.view.text
    with parts.panel(text("wizard.machine.job")):
        with ui.element("div").classes("wizard-grid"):
            _input(wizard, "job_id", "jobId")
            _input(wizard, "region", "trainingInput.region")
            _input(wizard, "labels", "labels")
        ui.label(text("wizard.machine.labels_help")).classes("note")
    with parts.panel(text("wizard.machine.machine"), note=text("wizard.machine.has", machine=_has(wizard))):
        tiers = {tier: text(f"wizard.tier.{tier}") for tier in TIERS}
        tier = ui.select(tiers, value=wizard.draft.tier, label=text("wizard.machine.tier"))
        tier.props("outlined dense").classes("wizard-wide")
        wizard.fields.add("trainingInput.scaleTier", tier)
        wizard.fields.add("trainingInput", tier)
        custom = ui.element("div").classes("wizard-grid")
        _custom(wizard, custom)
        tier.on_value_change(_turned(wizard, custom))
        if not wizard.known.machine.get("allowSubstitute"):
            switch = ui.switch(text("wizard.machine.substitute"), value=wizard.draft.allow_substitute)
            switch.on_value_change(_setter(wizard, "allow_substitute"))
        answered = ui.element("div").props("role=status")
        wizard.redrawn = lambda: _show_machines(wizard, answered)
        _show_machines(wizard, answered)
    with parts.panel(text("wizard.machine.limits")), ui.element("div").classes("wizard-grid"):
        hours = _input(wizard, "hours", "trainingInput.scheduling.maxRunningTime", placeholder="168")
        hours.props("inputmode=decimal stack-label").props["suffix"] = "h"
        priority = _input(wizard, "priority", "trainingInput.scheduling.priority", placeholder="0")
        priority.props("inputmode=numeric stack-label").props["hint"] = text("wizard.machine.priority_help")


def _has(wizard: Wizard) -> str:
    return wizard.view.said(str(wizard.known.machine.get("machine", "")))


def _custom(wizard: Wizard, place: ui.element) -> None:
    place.clear()
    if wizard.draft.tier != "CUSTOM":
        return
    with place:
        _input(wizard, "machine_type", "trainingInput.masterType", words=list(TYPES))
        accelerators = "trainingInput.masterConfig.acceleratorConfig"
        _input(wizard, "accelerator", accelerators, words=list(ACCELERATORS))
        _input(wizard, "accelerators", f"{accelerators}.count")


def _turned(wizard: Wizard, custom: ui.element) -> Callable[[Any], None]:
    def take(event: Any) -> None:
        wizard.draft.tier = event.value
        _custom(wizard, custom)
        wizard.changed()

    return take


def _show_machines(wizard: Wizard, place: ui.element) -> None:
    """How the server maps what is asked for."""
    place.clear()
    with place:
        for line in wizard.answer.get("machines", ()):
            ui.label(wizard.view.said(line)).classes("note")


def _input(wizard: Wizard, name: str, key: str, *, placeholder: str = "", words: list[str] | None = None) -> ui.input:
    shown = ui.input(
        wizard.view.text(f"wizard.machine.{name}"),
        value=getattr(wizard.draft, name),
        placeholder=placeholder or None,
        on_change=_setter(wizard, name),
        autocomplete=words,
    ).props(TYPED)
    wizard.fields.add(key, shown)
    return shown


def _setter(wizard: Wizard, name: str) -> Callable[[Any], None]:
    def take(event: Any) -> None:
        setattr(wizard.draft, name, event.value if isinstance(event.value, bool) else event.value or "")
        wizard.changed()

    return take
