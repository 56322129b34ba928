"""A picture with boxes as large as the window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nicegui import ui

from boxwright.console import boxes, parts
from boxwright.console.boxes import Box, BoxPicture
from boxwright.console.view import View


@dataclass(frozen=True)
class Shown:
    """A picture with boxes: its address, its size in pixels, and what it shows in words.

    Attributes:
        threshold: score below which predicted boxes are hidden.
    """

    src: str
    size: tuple[int, int]
    boxes: Sequence[Box]
    alt: str
    threshold: float = 0.0


def enlarge(view: View, shown: Shown) -> None:
    """Open it over the page. Where some boxes are strong all can be made equal, else each kind hidden, there only."""
    with ui.dialog(value=True).props("maximized") as dialog, ui.element("div").classes("large-picture"):
        group, strong = f"large-{dialog.id}", any(one.strong for one in shown.boxes)
        with ui.element("div").classes("row-of"):
            ui.label(shown.alt).classes("grow")
            if not strong:
                boxes.layers(view, group)
            parts.icon_button("close", view.text("parts.close"), dialog.close)
        least = shown.threshold
        picture = BoxPicture(shown.src, shown.size, shown.boxes, alt=shown.alt, group=group, threshold=least)
        if strong:
            every = [replace(one, strong=False) for one in shown.boxes]
            only = ui.switch(view.text("evaluation.only_this"), value=True)
            only.on_value_change(lambda: picture.draw(shown.boxes if only.value else every))
    dialog.on_value_change(lambda: None if dialog.value else dialog.delete())
