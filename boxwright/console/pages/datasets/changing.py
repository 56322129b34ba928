"""Dialogs that make another data set of one, or forget it."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.view import View

Known = Mapping[str, Any]

MADE = ("upload", "draw", "split", "convert")
"""Kinds of data sets whose data is the server's own."""


async def splitting(view: View, known: Known) -> None:
    """Ask for shares, and split."""
    with ui.dialog() as dialog, _card(view.text("datasets.split_title", name=known["name"])):
        ui.label(view.text("datasets.split_help")).classes("note")
        name = _name(view, f"{known['name']}-split")
        numbers = {"train": 80, "validation": 20, "test": 0}
        with ui.element("div").classes("adding-numbers"):
            shares = {part: _number(view.text(f"datasets.share_{part}"), value) for part, value in numbers.items()}
            seed = _number(view.text("datasets.draw_seed"), 0)

        def read() -> dict[str, Any]:
            given = {part: (field.value or 0) / 100 for part, field in shares.items() if field.value}
            split = {"dataset": known["name"], "shares": given, "seed": int(seed.value or 0)}
            return {"name": name.value.strip(), "split": split}

        _finish(view, dialog, "datasets.split", read)
    await _made(view, dialog)


async def converting(view: View, known: Known) -> None:
    """Ask for a format, and convert."""
    options = await parts.attempt(view, view.api.get(view.resource("datasets:getOptions")))
    if options is None:
        return
    several = len(known["parts"]) > 1
    fit = [one["name"] for one in options["formats"] if one["writable"] and not (several and one["onePart"])]
    fit = [one for one in fit if one != known["format"]]
    with ui.dialog() as dialog, _card(view.text("datasets.convert_title", name=known["name"])):
        ui.label(view.text("datasets.convert_help")).classes("note")
        name = _name(view, f"{known['name']}-{fit[0]}")
        format = ui.select(fit, value=fit[0], label=view.text("datasets.format")).props("outlined dense")

        def read() -> dict[str, Any]:
            return {"name": name.value.strip(), "convert": {"dataset": known["name"], "format": format.value}}

        _finish(view, dialog, "datasets.convert", read)
    await _made(view, dialog)


async def deleting(view: View, known: Known) -> None:
    """Ask, and forget."""
    key = "datasets.delete_made" if known["kind"] in MADE else "datasets.delete_known"
    if not await parts.confirm(view, view.text(key, name=known["name"]), view.text("datasets.delete")):
        return
    done = await parts.attempt(view, view.api.delete(view.resource("datasets", str(known["name"]))))
    if done is not None:
        view.go(view.path("datasets"))


def _card(title: str) -> ui.card:
    card = ui.card().classes("dialog")
    with card, ui.element("h2"):
        ui.label(title)
    return card


def _name(view: View, proposed: str) -> ui.input:
    return ui.input(view.text("datasets.new_name"), value=proposed[:63]).props("outlined dense spellcheck=false")


def _number(label: str, value: int) -> ui.number:
    return ui.number(label, value=value, min=0, step=1).props("outlined dense")


def _finish(view: View, dialog: ui.dialog, action: str, read: Callable[[], dict[str, Any]]) -> None:
    """What the API refuses, and the buttons."""
    fault = ui.element("div")

    async def send() -> None:
        fault.clear()
        try:
            dialog.submit(await view.api.post(view.resource("datasets"), read()))
        except ServerError as error:
            with fault:
                parts.failure(view, view.text("datasets.refused"), error)

    with ui.element("div").classes("actions"):
        parts.button(view.text("parts.cancel"), lambda: dialog.submit(None))
        parts.button(view.text(action), send, kind="primary")


async def _made(view: View, dialog: ui.dialog) -> None:
    made = await parts.answered(dialog)
    if made:
        view.look_again()
        view.go(view.path("datasets", made["name"]))
