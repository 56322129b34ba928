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
        group: of pictures that `boxwright.console.boxes.threshold` and `layers` act on together.
        threshold: score below which predicted boxes are hidden.
    """

    src: str
    size: tuple[int, int]
    boxes: Sequence[Box]
    alt: str
    group: str = ""
    threshold: float = 0.0


def enlarge(view: View, shown: Shown) -> None:
    """Open it over the page. Where some boxes are strong all can be made equal; those of a group, shown and hidden."""
    with ui.dialog(value=True).props("maximized") as dialog, ui.element("div").classes("large-picture"):
        with ui.element("div").classes("row-of"):
            ui.label(shown.alt).classes("grow")
            if shown.group:
                boxes.layers(view, shown.group)
            parts.icon_button("close", view.text("parts.close"), dialog.close)
        picture = BoxPicture(
            shown.src, shown.size, shown.boxes, alt=shown.alt, group=shown.group, threshold=shown.threshold
        )
        if any(one.strong for one in shown.boxes):
            every = [replace(one, strong=False) for one in shown.boxes]
            strong = ui.switch(view.text("evaluation.only_this"), value=True)
            strong.on_value_change(lambda: picture.draw(shown.boxes if strong.value else every))
    dialog.on_value_change(lambda: None if dialog.value else dialog.delete())
