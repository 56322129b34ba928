"""What a page is made of: headings, panels, tiles and facts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui

from boxwright.console.parts.controls import link
from boxwright.console.parts.states import ICONS, Tone


def heading(title: str, *, subtitle: str = "", back: tuple[str, str] | None = None) -> ui.element:
    """The page's one h1, with what leads back above it; gives the row for its buttons.

    Args:
        back: words and address of the page above.
    """
    with ui.element("div").classes("heading"):
        with ui.element("div").classes("heading-words"):
            if back:
                link(back[0], back[1]).classes("back")
            with ui.element("h1"):
                ui.label(title)
            if subtitle:
                ui.label(subtitle).classes("note")
        return ui.element("div").classes("actions")


@contextmanager
def panel(title: str = "", *, note: str = "") -> Iterator[ui.element]:
    """A titled block of a page; `note` says in a sentence how to read it."""
    with ui.element("section").classes("panel") as section:
        if title:
            with ui.element("h2"):
                ui.label(title)
        if note:
            ui.label(note).classes("note")
        yield section


def tiles(facts: Sequence[tuple[str, str]]) -> ui.element:
    """Headline numbers: name and value, with its unit."""
    with ui.element("dl").classes("tiles") as found:
        for name, value in facts:
            with ui.element("div").classes("tile"):
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(value)
    return found


def facts(rows: Sequence[tuple[str, str]]) -> ui.element:
    """Names and values below each other."""
    with ui.element("dl").classes("facts") as found:
        for name, value in rows:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)
    return found


def banner(message: str, tone: Tone = "quiet", *, name: str = "") -> ui.element:
    """A line across the page."""
    with ui.element("div").classes(f"banner banner-{tone}") as found:
        ui.icon(ICONS[tone]).props("aria-hidden=true")
        ui.label(message)
    return found.mark(name) if name else found
