"""The machine of the server: what it has, how busy it is, and what runs."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.view import View, page_path

EVERY = 3.0


async def machine(view: View) -> None:
    """Live."""
    with parts.panel(view.text("settings.machine")) as place:
        figures = ui.element("div")
        with ui.element("h3"):
            ui.label(view.text("settings.running"))
        idle = ui.label(view.text("settings.idle")).classes("note")
        listing = _jobs(view)

    def draw(found: dict[str, Any]) -> None:
        figures.clear()
        with figures:
            _figures(view, found)
        idle.set_visibility(not found.get("jobs"))
        listing.element.set_visibility(bool(found.get("jobs")))
        listing.show(found.get("jobs", []))

    with place:
        await view.live("/v1/machine", draw, every=EVERY)


def _figures(view: View, found: Mapping[str, Any]) -> None:
    free, memory = float(found["freeMemoryBytes"]), float(found["memoryBytes"])
    cores = view.text("settings.cores_of", n=found["cores"])
    parts.facts([(view.text("settings.host"), str(found["host"])), (view.text("settings.processor"), cores)])
    busy = found["busyPercent"] / 100
    parts.progress(busy, view.text("settings.busy", share=view.percent(busy)))
    used = view.text("settings.memory_used", used=view.bytes(memory - free), total=view.bytes(memory))
    parts.progress((memory - free) / memory, used)
    ui.label(view.text("settings.load", load=view.number(found["loadAverage"], 2))).classes("note")
    for gpu in found.get("gpus", []):
        with ui.element("h3"):
            ui.label(gpu["name"])
        share, held, there = gpu["busyPercent"] / 100, float(gpu["usedMemoryBytes"]), float(gpu["memoryBytes"])
        parts.progress(share, view.text("settings.busy", share=view.percent(share)))
        words = view.text("settings.memory_used", used=view.bytes(held), total=view.bytes(there))
        parts.progress(held / there, words)
    if not found.get("gpus"):
        ui.label(view.text("settings.no_gpu")).classes("note")


def _jobs(view: View) -> Listing:
    columns = [
        Column(view.text("settings.job"), _link),
        Column(view.text("settings.project"), lambda row: str(row["project"])),
        Column(view.text("settings.state"), lambda row: _chip(view, row)),
        Column(view.text("settings.host"), lambda row: str(row.get("host", ""))),
        Column(view.text("settings.since"), lambda row: view.time(row["startTime"]) if "startTime" in row else ""),
    ]
    return Listing(columns, lambda row: f"{row['project']}/{row['jobId']}", label=view.text("settings.running"))


def _link(row: Mapping[str, Any]) -> None:
    with ui.element("a") as link:
        link.props["href"] = page_path(row["project"], "jobs", row["jobId"])
        ui.label(row["jobId"])


def _chip(view: View, row: Mapping[str, Any]) -> None:
    parts.chip(view, row["state"])
