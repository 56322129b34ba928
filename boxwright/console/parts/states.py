"""States of things as words, signs and colours, and how far they are."""

from typing import Literal

from nicegui import ui

from boxwright.console.view import View

Tone = Literal["good", "bad", "warn", "active", "quiet"]

TONES: dict[str, Tone] = {
    "SUCCEEDED": "good",
    "READY": "good",
    "FAILED": "bad",
    "RUNNING": "active",
    "PREPARING": "active",
    "CREATING": "active",
    "UPDATING": "active",
    "IMPORTING": "active",
    "CANCELLING": "warn",
    "DELETING": "warn",
    "CANCELLED": "quiet",
    "QUEUED": "quiet",
}
"""State of a resource to how it looks; its word stands beside, for colours alone say nothing to many."""

ICONS: dict[Tone, str] = {
    "good": "check_circle",
    "bad": "error",
    "warn": "warning",
    "active": "autorenew",
    "quiet": "schedule",
}

SIGNS = {"CANCELLED": "block"}
"""Signs of states that are not told from others by that of their looks."""


def chip(view: View, state: str) -> ui.element:
    """A state as a word with a sign and a colour."""
    tone = TONES.get(state, "quiet")
    with ui.element("span").classes(f"chip chip-{tone}") as found:
        ui.icon(SIGNS.get(state, ICONS[tone])).props("aria-hidden=true")
        ui.label(view.text(f"state.{state}"))
    return found


def progress(share: float, label: str) -> ui.element:
    """A bar.

    Args:
        share: 0 to 1.
        label: what it says in words, which stands beside it.
    """
    with ui.element("div").classes("progress") as found:
        with ui.element("div").classes("progress-bar").props("role=progressbar aria-valuemin=0 aria-valuemax=100"):
            ui.element("div")
        ui.label()
    show_progress(found, share, label)
    return found


def show_progress(found: ui.element, share: float, label: str) -> None:
    """Move a bar that is there, which costs a page far less than another one."""
    percent = round(100 * min(1.0, max(0.0, share)))
    bar, words = found.default_slot.children
    if bar.props.get("aria-valuenow") != percent:
        bar.props.update({"aria-valuenow": percent, "aria-label": label})
        bar.update()
        bar.default_slot.children[0].style(replace=f"width: {percent}%")
    assert isinstance(words, ui.label)
    words.text = label
