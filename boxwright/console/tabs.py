"""Tabs of a page, of which one is built at a time."""

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui

Build = Callable[[str], Awaitable[None]]


async def tabs(labels: Mapping[str, str], chosen: str, build: Build, remember: Callable[[str], None]) -> None:
    """Show tabs, and what the chosen one holds.

    Args:
        labels: name to words.
        chosen: name of the tab that is shown at first.
        build: builds what the tab of a name holds, in the open element.
        remember: is told the name of each tab that is turned to.
    """
    with ui.tabs().props("no-caps align=left outside-arrows mobile-arrows").classes("tabs") as bar:
        for name, label in labels.items():
            ui.tab(name, label=label)
    bar.set_value(chosen)
    place = ui.element("div").classes("page").props("role=tabpanel")

    async def show(name: str) -> None:
        place.clear()
        place.props["aria-label"] = labels[name]
        with place, ui.element("div").classes("page"):
            await build(name)

    async def turn() -> None:
        remember(str(bar.value))
        await show(str(bar.value))

    bar.on_value_change(turn)
    await show(chosen)
