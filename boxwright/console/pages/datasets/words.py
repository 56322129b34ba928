"""What is known of a data set, in words."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.view import View

Known = Mapping[str, Any]


def state(view: View, known: Known) -> None:
    """Its state, and while it is imported how far that is."""
    if known["state"] == "IMPORTING":
        importing(view, known)
    else:
        parts.chip(view, known["state"])


def importing(view: View, known: Known) -> ui.element:
    """How far an import is."""
    progress = known.get("progress", {})
    done, total = progress.get("done", 0), progress.get("total", 0)
    words = view.text(f"datasets.stage_{progress.get('stage', 'waiting')}")
    share = done / total if total else 0.0
    if done and not total:
        words = f"{words}: {view.text('datasets.answers', n=done)}"
    return parts.progress(share, f"{words} {view.percent(share)}" if total else words)


def source(view: View, known: Known) -> str:
    """Where it comes from."""
    kind = "store" if known["kind"] == "path" and "://" in known.get("path", "") else known["kind"]
    return view.text(f"datasets.kind_{kind}", parent=known.get("parent", ""))


def findings(view: View, known: Known) -> str:
    """How many findings there are of each weight."""
    counts = known.get("counts", {})
    said = [
        view.text(f"datasets.{weight}", n=counts[weight]) for weight in ("errors", "warnings") if counts.get(weight)
    ]
    return ", ".join(said) if said or known["state"] != "READY" else view.text("datasets.healthy")


def subtitle(view: View, known: Known) -> str:
    """The data set in a line."""
    counts = known.get("counts")
    if not counts:
        return source(view, known)
    numbers = {"pictures": counts["pictures"], "boxes": counts["boxes"], "classes": len(known.get("classes", ()))}
    said = [view.text(f"datasets.n_{name}", n=number) for name, number in numbers.items()]
    return " · ".join([known.get("format", ""), *said])
