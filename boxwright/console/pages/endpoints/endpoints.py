"""The list of endpoints."""

from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.view import View

EVERY = 2.0


async def endpoints(view: View) -> None:
    """Models that are served, with how they are asked just now."""
    parts.heading(view.text("endpoints.title"), subtitle=view.text("endpoints.subtitle"))
    with ui.element("div"):
        await view.live(view.resource("models:stats"), Endpoints(view).draw, every=EVERY)


class Endpoints:
    """The table."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._table: Listing | None = None

    def draw(self, answer: dict[str, Any]) -> None:
        """Show the endpoints of an answer."""
        view, rows = self._view, answer.get("models", [])
        if not rows:
            ui.context.slot.parent.clear()
            self._table = None
            action = (view.text("endpoints.to_models"), view.path("models"))
            parts.empty(
                view.text("endpoints.empty"), view.text("endpoints.empty_help"), action=action, icon="cell_tower"
            )
            return
        if self._table is None:
            ui.context.slot.parent.clear()
            self._table = Listing(
                self._columns(), key=lambda row: str(row["model"]), label=view.text("endpoints.title"), cards=True
            )
        self._table.show(rows)

    def _columns(self) -> list[Column]:
        view = self._view
        return [
            Column(view.text("endpoints.name"), partial(_name, view), of=lambda row: row["model"]),
            Column(view.text("endpoints.state"), partial(_state, view)),
            Column(view.text("endpoints.traffic"), traffic_text),
            Column(view.text("endpoints.workers"), workers_text, number=True),
            Column(view.text("endpoints.rate"), lambda row: rate(view, row), number=True),
            Column("p50", lambda row: view.duration(row.get("latencyP50")), number=True),
            Column(view.text("endpoints.errors"), lambda row: view.number(row["errorsPerSecond"], 2), number=True),
        ]


def _name(view: View, row: Any) -> None:
    parts.link(str(row["model"]), view.path("endpoints", str(row["model"]))).classes("name")


def _state(view: View, row: Any) -> str | None:
    """The state of the default version, and how many versions have failed beside it."""
    if not row.get("state"):
        return view.text("endpoints.no_version")
    with ui.element("div").classes("row-of"):
        parts.chip(view, row["state"])
        failed = [one["name"] for one in row["versions"] if one["state"] == "FAILED" and not one["trafficPercent"]]
        if failed:
            ui.label(view.text("endpoints.failed_too", names=", ".join(failed))).classes("note")
    return None


def traffic_text(row: Any) -> str:
    """Which version gets which share."""
    shares = [f"{one['name']} {one['trafficPercent']} %" for one in row["versions"] if one["trafficPercent"]]
    return " · ".join(shares) or "–"


def workers_text(row: Any) -> str:
    """Worker processes that answer, of those wanted."""
    ready, wanted = (sum(one[name] for one in row["versions"]) for name in ("workersReady", "workersWanted"))
    return f"{ready} / {wanted}"


def rate(view: View, row: Any) -> str:
    """Requests a second."""
    return view.number(row["requestsPerSecond"], 2 if row["requestsPerSecond"] < 10 else 0)
