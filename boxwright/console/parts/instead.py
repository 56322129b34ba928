"""What stands where a page has nothing to show: yet, at all, or for a fault."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console.parts.controls import button, link_button
from boxwright.console.view import View


def loading(view: View) -> ui.element:
    """Grey lines where a page is about to be."""
    with ui.element("div").classes("loading").props("role=status") as found:
        ui.label(view.text("parts.loading")).classes("unseen")
        for width in (38, 92, 74, 86):
            ui.element("div").classes("loading-line").style(f"width: {width}%")
    return found


def empty(title: str, help: str, *, action: tuple[str, str] | None = None, icon: str = "inbox") -> ui.element:
    """Where there is nothing: what would be here, and how it comes here; what is added to it stands below that.

    Args:
        title: empty where the page's heading says it already.
        action: words and address of what to do next.
    """
    with ui.element("div").classes("empty") as found:
        ui.icon(icon).props("aria-hidden=true")
        if title:
            with ui.element("h2"):
                ui.label(title)
        ui.label(help).classes("note")
        if action:
            link_button(*action)
    return found


def told(view: View, error: ServerError) -> list[str]:
    """What the server says, and of each field what it has not said with that already."""
    lines = [error.message, *(str(one) for one in error.violations if str(one) not in error.message)]
    return [view.said(line) for line in lines]


def failure(view: View, title: str, error: ServerError, retry: Callable[[], Any] | None = None) -> ui.element:
    """What went wrong in the server's own words, field by field, and the way to try again."""
    with ui.element("div").classes("failure").props("role=alert") as found:
        ui.icon("error").props("aria-hidden=true")
        with ui.element("div"):
            with ui.element("h2"):
                ui.label(title)
            for index, words in enumerate(told(view, error)):
                ui.label(words).classes("note" if index else "")
            if retry:
                button(view.text("parts.retry"), retry, icon="refresh")
    return found
