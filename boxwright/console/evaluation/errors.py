"""How many errors there are of each kind, what they cost, what they mean, and what to do about them."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console.evaluation.findings import Wanted
from boxwright.console.view import View


def errors(view: View, found: Mapping[str, Any], chosen: Callable[[Wanted], Any]) -> None:
    """In the open element; `chosen` is given the kind that is clicked."""
    kinds = found["errors"]
    most = max((int(one["count"]) for one in kinds), default=0)
    if not most:
        ui.label(view.text("evaluation.no_errors"))
        return
    with ui.element("ul").classes("error-kinds"):
        for one in kinds:
            with ui.element("li"):
                _kind(view, one, most, chosen)


def _kind(view: View, one: Mapping[str, Any], most: int, chosen: Callable[[Wanted], Any]) -> None:
    kind, count = str(one["kind"]), int(one["count"])
    button = ui.element("button").classes("error-kind")
    button.on("click", lambda: chosen(Wanted(kind=kind)))
    with button:
        ui.label(view.text(f"evaluation.kind_{kind}")).classes("error-name")
        with ui.element("span").classes("error-bar").props("aria-hidden=true"):
            ui.element("span").style(f"width: {100 * count / most:.1f}%")
        ui.label(view.number(count)).classes("number error-count")
        ui.label(view.text("evaluation.cost", cost=view.number(one["cost"], 3))).classes("note error-cost")
    ui.label(view.text(f"evaluation.means_{kind}")).classes("note error-means")
