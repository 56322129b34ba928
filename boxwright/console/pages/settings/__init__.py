"""Settings: who may do what, the machine, what its disks hold, and how the console looks."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages.settings.about import about
from boxwright.console.pages.settings.access import access
from boxwright.console.pages.settings.machine import machine
from boxwright.console.pages.settings.storage import storage
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
    with ui.tabs().props("no-caps align=left outside-arrows mobile-arrows").classes("page-tabs") as bar:
        for name in TABS:
            ui.tab(name, label=view.text(f"settings.tab_{name}"))
    bar.set_value(chosen)
    place = ui.element("div").classes("page").props("role=tabpanel")

    async def show(name: str) -> None:
        place.clear()
        place.props["aria-label"] = view.text(f"settings.tab_{name}")
        with place, ui.element("div").classes("page"):
            await TABS[name](view)

    async def turn() -> None:
        view.remember(tab=bar.value)
        await show(str(bar.value))

    bar.on_value_change(turn)
    await show(chosen)
