"""Settings: who may do what, the machine, what its disks hold, and how the console looks."""

from collections.abc import Awaitable, Callable

from boxwright.console import parts
from boxwright.console.pages.settings.about import about
from boxwright.console.pages.settings.access import access
from boxwright.console.pages.settings.machine import machine
from boxwright.console.pages.settings.storage import storage
from boxwright.console.tabs import tabs
from boxwright.console.view import View

TABS: dict[str, Callable[[View], Awaitable[None]]] = {
    "access": access,
    "machine": machine,
    "storage": storage,
    "about": about,
}
"""Name, whose words are the text settings.tab_NAME, to what builds the tab."""


async def settings(view: View, tab: str = "") -> None:
    """Of the server; `tab` is one of `TABS`."""
    parts.heading(view.text("settings.title"))
    chosen = tab if tab in TABS else next(iter(TABS))
    labels = {name: view.text(f"settings.tab_{name}") for name in TABS}
    await tabs(labels, chosen, lambda name: TABS[name](view), lambda name: view.remember(tab=name))
