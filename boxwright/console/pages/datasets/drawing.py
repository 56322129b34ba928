"""The form for drawn sample data."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console.view import View

NUMBERS: Mapping[str, int] = {"pictures": 60, "validation": 20, "width": 128, "height": 96, "seed": 0}
"""What is drawn where nothing else is asked for."""


def drawing(view: View, options: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """Draw the form; gives what reads it, as the API takes it.

    Args:
        options: as `datasets:getOptions` gives them.
    """
    ui.label(view.text("datasets.draw_help")).classes("note")
    with ui.element("div").classes("adding-numbers"):
        fields = {name: _number(view.text(f"datasets.draw_{name}"), value) for name, value in NUMBERS.items()}
        formats = [one["name"] for one in options["formats"] if one["writable"] and not one["onePart"]]
        format = ui.select(formats, value="tfrecord", label=view.text("datasets.format")).props("outlined dense")
    shapes = ui.select(
        options["shapes"], value=options["shapes"][:2], multiple=True, label=view.text("datasets.draw_classes")
    ).props("outlined dense use-chips")

    def read() -> dict[str, Any]:
        given = {name: int(field.value or 0) for name, field in fields.items()}
        return {"draw": {**given, "classes": shapes.value, "format": format.value}}

    return read


def _number(label: str, value: int) -> ui.number:
    return ui.number(label, value=value, min=0, step=1, precision=0).props("outlined dense")
