"""All of an evaluation, from the part of the API that gives it."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.evaluation.classes import Classes
from boxwright.console.evaluation.confusion import confusion
from boxwright.console.evaluation.curves import curves
from boxwright.console.evaluation.errors import errors
from boxwright.console.evaluation.findings import Findings, Wanted
from boxwright.console.view import View

Found = Mapping[str, Any]
"""An evaluation as the API gives it."""


@dataclass(frozen=True)
class Place:
    """Where an evaluation is.

    Attributes:
        path: of the API, below which are `/errors` and `/pictures`.
        query: that every request has, such as the trial.
        asked: what the page's address asks for; it is kept true.
    """

    path: str
    query: Mapping[str, str]
    asked: MutableMapping[str, str]


async def show_evaluation(view: View, place: Place, found: Found) -> None:
    """Build it in the open element. Raises: ServerError: its pictures cannot be read."""
    names = [str(one["name"]) for one in found["classes"]]
    headline(view, found)
    findings = Findings(view, place.path, place.query, place.asked, names)
    with parts.panel(view.text("evaluation.errors"), note=view.text("evaluation.errors_note")):
        errors(view, found, findings.show)
    with parts.panel(view.text("evaluation.classes"), note=view.text("evaluation.classes_note")):
        Classes(view, found["classes"], place.asked, lambda label: findings.show(Wanted(label=label))).build()
    with parts.panel(view.text("evaluation.curves"), note=view.text("evaluation.curves_note")):
        curves(view, found["classes"])
    with parts.panel(view.text("evaluation.confusion"), note=view.text("evaluation.confusion_note")):
        confusion(view, found, findings.show)
    await findings.build()


def headline(view: View, found: Found) -> None:
    """What it is of, and its first numbers."""
    metrics = found["metrics"]
    given = {"step": int(found["step"]), "n": int(found["pictures"]), "boxes": int(found["boxes"])}
    threshold = view.number(found["threshold"], 2)
    data = found.get("dataset") or found["data"] or "–"
    ui.label(view.text("evaluation.about", data=data, threshold=threshold, **given)).classes("note")
    numbers = [(name, metrics.get(name, -1.0)) for name in ("AP", "AP50", "AP75")]
    tiles = [(name, view.number(value if value >= 0 else None, 3)) for name, value in numbers]
    tiles += [(view.text(f"evaluation.{name}"), view.percent(found[name], 1)) for name in ("precision", "recall")]
    parts.tiles([*tiles, (view.text("evaluation.f1"), view.percent(found["f1"], 1))])
