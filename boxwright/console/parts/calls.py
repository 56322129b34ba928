"""Calls of the API that somebody asks for: questions before, and what was refused."""

from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console.parts.controls import button
from boxwright.console.parts.instead import told
from boxwright.console.view import View


async def confirm(view: View, question: str, action: str, *, danger: bool = True, keep: str = "") -> bool:
    """Ask before something that cannot be undone.

    Args:
        action: what the button says that does it.
        keep: what the other button says, where "Cancel" could be misread.
    """
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(question)
        with ui.element("div").classes("actions"):
            button(keep or view.text("parts.cancel"), lambda: dialog.submit(False))
            button(action, lambda: dialog.submit(True), kind="danger" if danger else "primary")
    return bool(await answered(dialog))


async def answered(dialog: ui.dialog) -> Any:
    """Open a dialog, and give what it is answered with; None when it is closed, or its page left. It is gone then."""
    answer = await dialog
    if not dialog.is_deleted:  # with the page, by whoever went to another one
        dialog.delete()
    return answer


async def attempt(view: View, work: Any, *, changes: bool = True) -> Any:
    """Await a call of the API; what it refuses is told, and None is given.

    Args:
        changes: it changes something, so that all that is shown is to be looked at again.
    """
    try:
        found = await work
    except ServerError as error:
        words = "\n".join(told(view, error))
        ui.notify(words, type="negative", multi_line=True, timeout=10000, close_button=view.text("parts.close"))
        return None
    if changes:
        view.look_again()
    return found
