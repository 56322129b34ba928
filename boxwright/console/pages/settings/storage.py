"""What the disks hold, by project, and the folders that may be written."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.view import View

EVERY = 30.0

PARTS = ("jobs", "models", "datasets", "uploads")


async def storage(view: View) -> None:
    """Roots for everybody; who has what for those who may train."""
    config = await view.api.get(f"/v1/projects/{view.project}:getConfig")
    with parts.panel(view.text("settings.roots"), note=view.text("settings.roots_note")), ui.element("ul"):
        for root in config.get("roots", []):
            with ui.element("li").classes("path"):
                ui.label(root)
    with parts.panel(view.text("settings.used")):
        if view.may("trainer"):
            await _used(view)
        else:
            ui.label(view.text("settings.used_trainer", name=view.name, role=view.role))


async def _used(view: View) -> None:
    disks, when = ui.element("div"), ui.label().classes("note")
    none = ui.label(view.text("settings.nothing_used")).classes("note")
    columns = [Column(view.text("settings.project"), lambda row: str(row["project"]))]
    columns += [Column(view.text(f"settings.{part}"), _size_of(view, part), number=True) for part in PARTS]
    columns.append(Column(view.text("settings.total"), lambda row: view.bytes(_total(row)), number=True))
    listing = Listing(columns, lambda row: str(row["project"]), label=view.text("settings.used"))

    def draw(found: dict[str, Any]) -> None:
        disks.clear()
        with disks:
            for disk in found.get("disks", []):
                _disk(view, disk)
        key = "settings.measured" if found.get("complete") else "settings.measured_in_part"
        when.text = view.text(key, time=view.time(found["measureTime"]))
        projects = sorted(found.get("projects", []), key=_total, reverse=True)
        none.set_visibility(not projects)
        listing.element.set_visibility(bool(projects))
        listing.show(projects)

    await view.live("/v1/storage", draw, every=EVERY)


def _disk(view: View, disk: Mapping[str, Any]) -> None:
    free, total = float(disk["freeBytes"]), float(disk["totalBytes"])
    with ui.element("div").classes("path"):
        ui.label(disk["path"])
    words = view.text("settings.free_of", free=view.bytes(free), total=view.bytes(total))
    parts.progress((total - free) / total if total else 0.0, words)


def _size_of(view: View, part: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: view.bytes(float(row[f"{part}Bytes"]))


def _total(row: Mapping[str, Any]) -> float:
    return sum(float(row[f"{part}Bytes"]) for part in PARTS)
