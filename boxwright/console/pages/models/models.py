"""The list of trained models."""

from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing, Pager
from boxwright.console.view import View

SIZE = 25
"""Models of a page."""

EVERY = 5.0


async def models(view: View, search: str = "") -> None:
    """Trained models, those of the newest jobs first."""
    await Models(view, search).build()


class Models:
    """The page: a search, a table, and what leads to a comparison of two."""

    def __init__(self, view: View, search: str) -> None:
        self._view, self._search = view, search
        self._chosen: list[str] = []

    async def build(self) -> None:
        """Draw it."""
        view = self._view
        with parts.heading(view.text("models.title"), subtitle=view.text("models.subtitle")):
            self._compare = parts.button(view.text("models.compare"), self._to_comparison, icon="compare")
        box = ui.input(view.text("models.search"), value=self._search).props("type=search outlined dense clearable")
        box.classes("search").on("keydown.enter", lambda: self._find(box.value or ""))
        box.on("clear", lambda: self._find(""))
        self._place = ui.element("div")
        self._pager = Pager(view, self._turn)
        await self._turn("")
        self._note_choice()

    async def _find(self, search: str) -> None:
        self._search = search.strip()
        self._view.remember(search=self._search)
        await self._turn("")

    async def _turn(self, token: str) -> None:
        self._place.clear()
        self._table: Listing | None = None
        with self._place:
            asked: dict[str, Any] = {"pageSize": SIZE, "pageToken": token, "filter": filter_of(self._search)}
            await self._view.live(self._view.resource("trainedModels"), self._draw, every=EVERY, **asked)

    def _draw(self, answer: dict[str, Any]) -> None:
        view, rows = self._view, answer.get("trainedModels", [])
        self._pager.show(answer.get("nextPageToken", ""))
        if not rows:
            ui.context.slot.parent.clear()
            self._table = None
            found = "nothing" if self._search else "empty"
            action = (view.text("shell.new_job"), view.path("new")) if not self._search else None
            parts.empty(view.text(f"models.{found}"), view.text(f"models.{found}_help"), action=action, icon="category")
            return
        if self._table is None:
            ui.context.slot.parent.clear()
            self._table = Listing(
                self._columns(), key=lambda row: str(row["id"]), label=view.text("models.title"), cards=True
            )
        self._table.show(rows)

    def _columns(self) -> list[Column]:
        view = self._view
        return [
            Column(view.text("models.choose"), self._choice, of=lambda row: row["id"], quiet=True),
            Column(view.text("models.name"), self._name, of=lambda row: (row.get("trialCount"), row.get("problem"))),
            Column(view.text("models.algorithm"), lambda row: algorithm(str(row.get("algorithm", "")))),
            Column("AP", lambda row: metric(view, row, "AP"), number=True),
            Column("AP50", lambda row: metric(view, row, "AP50"), number=True),
            Column(view.text("models.input"), lambda row: pixels(row), number=True),
            Column(view.text("models.size"), lambda row: view.bytes(_bytes(row)), number=True),
            Column(view.text("models.data"), data_text),
            Column(view.text("models.created"), self._created),
            Column(view.text("models.deployed"), partial(deployed, view), of=lambda row: row.get("deployments")),
        ]

    def _created(self, row: Any) -> None:
        ui.label(self._view.time(row.get("createTime", ""))).classes("one-line")

    def _choice(self, row: Any) -> None:
        name = str(row["id"])
        box = ui.checkbox(value=name in self._chosen, on_change=lambda event: self._choose(name, bool(event.value)))
        box.props["aria-label"] = self._view.text("models.choose_one", name=name)

    def _choose(self, name: str, chosen: bool) -> None:
        kept = [one for one in self._chosen if one != name]
        self._chosen = [*kept, name] if chosen else kept
        self._note_choice()

    def _note_choice(self) -> None:
        self._compare.set_enabled(len(self._chosen) == 2)
        self._compare.text = self._view.text("models.compare_n", n=len(self._chosen))

    def _to_comparison(self) -> None:
        self._view.go(self._view.path("models-compare", models=",".join(self._chosen)))

    def _name(self, row: Any) -> None:
        view = self._view
        with ui.element("div"):
            parts.link(str(row["id"]), model_path(view, str(row["id"]))).classes("name")
            if row.get("trialCount"):
                ui.label(view.text("models.trials_n", n=int(row["trialCount"]))).classes("note")
            if row.get("problem"):
                ui.label(view.text("models.unusable")).classes("note").tooltip(view.said(str(row["problem"])))


def filter_of(search: str) -> str:
    """The API's filter for what somebody looks for in names."""
    return f'jobId:"*{_escaped(search)}*"' if search else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def model_path(view: View, model: str, **query: Any) -> str:
    """Page of a trained model, of a trial's as well."""
    return view.path("models", *model.split("/"), **query)


def metric(view: View, row: Any, name: str) -> str:
    """A number of the card's evaluation; a dash where it is not known or nothing of the kind was labelled."""
    value = row.get("metrics", {}).get(name)
    return view.number(None if value is None or value < 0 else float(value), 3)


def pixels(row: Any) -> str:
    """Width and height of the network's input."""
    return f"{row['width']} × {row['height']} px" if row.get("width") else "–"


def algorithm(name: str) -> str:
    """An algorithm's name as people read it."""
    return name.replace("_", " ") or "–"


def data_text(row: Any) -> str:
    """The last two parts of the training data's path, which mostly tell it from others."""
    return "/".join(str(row.get("trainingData", "")).rstrip("/").split("/")[-2:]) or "–"


def deployed(view: View, row: Any) -> str | None:
    """Links to the endpoints that serve a model."""
    found = row.get("deployments", [])
    if not found:
        return "–"
    with ui.element("div").classes("row-of"):
        for one in found:
            parts.link(f"{one['model']} {one['version']}", view.path("endpoints", one["model"]))
    return None


def _bytes(row: Any) -> float | None:
    return float(row["sizeBytes"]) if row.get("sizeBytes") else None
