"""Two trained models on the same labelled data, side by side."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.models.compare_pictures import Pictures
from boxwright.console.view import View

Evaluation = Mapping[str, Any]

METRICS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "ARmax100", "VOC12")
OTHERS = ("precision", "recall", "f1")

MOST = 100
"""Models and data sets to choose from; others can be named in the address."""

EVERY = 1.0


async def compare_models(
    view: View, *, models: str = "", evaluations: str = "", show: str = "ALL", threshold: str = "", picture: str = ""
) -> None:
    """Choose two models and the data, or, once both are measured, look at the differences."""
    back = (view.text("models.title"), view.path("models"))
    ids = [one for one in evaluations.split(",") if one]
    if len(ids) == 2:
        found = [await view.api.get(view.resource("evaluations", one)) for one in ids]
        names = " · ".join(one["model"] for one in found)
        parts.heading(view.text("compare_models.title"), subtitle=names, back=back)
        await Result(view, ids, show, threshold, picture).build(found)
    else:
        parts.heading(view.text("compare_models.title"), subtitle=view.text("compare_models.subtitle"), back=back)
        await Choice(view, [one for one in models.split(",") if one]).build()


class Choice:
    """The form: which models, and which data."""

    def __init__(self, view: View, models: list[str]) -> None:
        self._view, self._models = view, models

    async def build(self) -> None:
        """Draw it."""
        view = self._view
        listed = await view.api.get(view.resource("trainedModels"), pageSize=MOST)
        names = list(dict.fromkeys([*self._models, *(one["id"] for one in listed.get("trainedModels", []))]))
        if len(names) < 2:
            title, help = view.text("compare_models.too_few"), view.text("compare_models.too_few_help")
            parts.empty(title, help, action=(view.text("shell.new_job"), view.path("new")), icon="compare")
            return
        sets = await view.api.get(view.resource("datasets"), pageSize=MOST)
        ready = [one["name"] for one in sets.get("datasets", []) if one.get("evaluationDataPath")]
        with parts.panel(view.text("compare_models.choose")):
            self._fields(names, ready)
            with ui.element("div").classes("actions"):
                if view.may("trainer"):
                    parts.button(view.text("compare_models.run"), self._run, icon="play_arrow", kind="primary")
                else:
                    parts.button(view.text("compare_models.look"), self._look, icon="search", kind="primary")
                    ui.label(view.text("compare_models.viewer")).classes("note")

    def _fields(self, names: list[str], ready: list[str]) -> None:
        view, chosen = self._view, [*self._models, *[one for one in names if one not in self._models]]
        with ui.element("div").classes("grid-of"):
            self._pair = [
                ui.select(names, label=view.text(f"compare_models.{key}"), value=value, with_input=True)
                for key, value in (("first", chosen[0]), ("second", chosen[1]))
            ]
            self._dataset = ui.select(
                {"": view.text("compare_models.by_path"), **{one: one for one in ready}},
                label=view.text("compare_models.dataset"),
                value=ready[0] if ready else "",
                on_change=lambda: self._by_path(),
            )
            self._data = ui.input(view.text("compare_models.data"))
            self._split = ui.input(view.text("compare_models.split"))
        for one in (*self._pair, self._dataset, self._data, self._split):
            one.props("outlined dense")
        self._by_path()

    def _by_path(self) -> None:
        for one in (self._data, self._split):
            one.set_visibility(not self._dataset.value)

    async def _run(self) -> None:
        view, ids = self._view, []
        for one in self._pair:
            body = {"model": one.value, **self._place()}
            answer = await parts.attempt(view, view.api.post(view.resource("evaluations"), body))
            if answer is None:
                return
            ids.append(answer["id"])
        view.go(view.path("models-compare", evaluations=",".join(ids)))

    def _place(self) -> dict[str, str]:
        if self._dataset.value:
            return {"dataset": str(self._dataset.value)}
        given = {"data": str(self._data.value or ""), "split": str(self._split.value or "")}
        return {name: value for name, value in given.items() if value}

    async def _look(self) -> None:
        """Who may not start an evaluation looks at those that others have made."""
        view, ids, place = self._view, [], self._place()
        for one in self._pair:
            answer = await parts.attempt(
                view, view.api.get(view.resource("evaluations"), model=one.value, pageSize=MOST)
            )
            fitting = [each for each in (answer or {}).get("evaluations", []) if place.items() <= each.items()]
            if not fitting:
                ui.notify(view.text("compare_models.none", name=one.value), type="warning")
                return
            ids.append(fitting[0]["id"])
        view.go(view.path("models-compare", evaluations=",".join(ids)))


class Result:
    """The differences, or how far the evaluations are."""

    def __init__(self, view: View, ids: list[str], show: str, threshold: str, picture: str) -> None:
        self._view, self._ids = view, ids
        self._pictures = (show, threshold, picture)
        self._known: dict[int, Evaluation] = {}

    async def build(self, found: Sequence[Evaluation]) -> None:
        """Draw it."""
        self._states = ui.element("div").classes("grid-of")
        self._place = ui.element("div").classes("page")
        self._known = dict(enumerate(found))
        if all(one["state"] == "SUCCEEDED" for one in found):
            await self._draw()
            return
        for place, id in enumerate(self._ids):
            with self._states, parts.panel(str(found[place]["model"])), ui.element("div") as inside, inside:
                await self._view.live(
                    self._view.resource("evaluations", id), partial(self._hear, place, inside), every=EVERY
                )

    async def _hear(self, place: int, inside: ui.element, answer: Evaluation) -> None:
        self._known[place] = answer
        inside.clear()
        with inside:
            self._state(answer)
        if all(one["state"] == "SUCCEEDED" for one in self._known.values()):
            self._states.delete()
            with self._place:
                await self._draw()

    def _state(self, one: Evaluation) -> None:
        view = self._view
        parts.chip(view, one["state"])
        if one.get("errorMessage"):
            parts.banner(view.said(one["errorMessage"]), "bad")
        if one.get("queuePosition"):
            ui.label(view.text("compare_models.position", n=one["queuePosition"])).classes("note")
        done, total = one.get("progress", {}).get("done", 0), one.get("progress", {}).get("total", 0)
        if total:
            parts.progress(done / total, view.text("compare_models.progress", done=done, total=total))
        with ui.element("div").classes("actions"):
            if one["state"] in ("QUEUED", "RUNNING") and view.may("trainer"):
                parts.button(view.text("parts.cancel"), partial(self._cancel, one["id"]))
            if one["state"] in ("FAILED", "CANCELLED"):
                names = ",".join(str(each["model"]) for each in self._known.values())
                parts.link(view.text("compare_models.choose_again"), view.path("models-compare", models=names))

    async def _cancel(self, id: str) -> None:
        await parts.attempt(self._view, self._view.api.post(self._view.resource("evaluations", f"{id}:cancel")))

    async def _draw(self) -> None:
        view, pair = self._view, [self._known[place] for place in (0, 1)]
        ui.label(_measured_on(view, pair[0])).classes("note")
        with ui.element("div").classes("grid-of"):
            with parts.panel(view.text("compare_models.metrics"), note=view.text("compare_models.metrics_note")):
                _table(view, pair, _metric_rows(view, pair), view.text("compare_models.metric"))
            with parts.panel(view.text("compare_models.classes")):
                _table(view, pair, _class_rows(pair), view.text("compare_models.class"))
        with parts.panel(view.text("compare_models.pictures"), note=view.text("compare_models.pictures_note")):
            figures = [one.get("figures", {}) for one in pair]
            threshold = max(0.05, min(1.0, sum(one.get("threshold", 0.5) for one in figures) / 2))
            names = [str(one["model"]) for one in pair]
            await Pictures(view, self._ids, names, self._pictures, threshold).build()


def _measured_on(view: View, one: Evaluation) -> str:
    data = one.get("dataset") or one["data"]
    split = f" ({one['split']})" if one.get("split") else ""
    return view.text("compare_models.measured_on", data=f"{data}{split}", n=one.get("pictureCount", 0))


def _metric_rows(view: View, pair: Sequence[Evaluation]) -> list[dict[str, Any]]:
    rows = [
        {"name": name, "values": [one.get("metrics", {}).get(name, -1) for one in pair]}
        for name in METRICS
        if max(one.get("metrics", {}).get(name, -1) for one in pair) >= 0
    ]
    for name in OTHERS:
        values = [one.get("figures", {}).get(name, -1) for one in pair]
        rows.append({"name": view.text(f"compare_models.{name}"), "values": values})
    return rows


def _class_rows(pair: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """A row for each class that is labelled, those with the greatest difference first."""
    sides = [{one["name"]: one.get("ap", -1) for one in each.get("figures", {}).get("classes", [])} for each in pair]
    names = dict.fromkeys(name for side in sides for name in side)
    rows = [{"name": name, "values": [side.get(name, -1) for side in sides]} for name in names]
    rows = [row for row in rows if max(row["values"]) >= 0]
    return sorted(rows, key=lambda row: -abs(_difference(row) or 0))


def _difference(row: Mapping[str, Any]) -> float | None:
    first, second = row["values"]
    return None if min(first, second) < 0 else float(second - first)


def _table(view: View, pair: Sequence[Evaluation], rows: list[dict[str, Any]], label: str) -> None:
    columns = [
        Column(label, lambda row: str(row["name"])),
        *(Column(str(one["model"]), partial(_value, view, place), number=True) for place, one in enumerate(pair)),
        Column(view.text("compare_models.difference"), partial(_draw_difference, view), number=True),
    ]
    Listing(columns, key=lambda row: str(row["name"]), label=label).show(rows)


def _value(view: View, place: int, row: Any) -> str:
    value = row["values"][place]
    return view.number(None if value < 0 else float(value), 3)


def _draw_difference(view: View, row: Any) -> str | None:
    """With a sign and an arrow: colours alone say nothing to many."""
    value = _difference(row)
    if value is None:
        return "–"
    if abs(value) < 0.0005:
        return "="
    tone, arrow = ("good", "▲") if value > 0 else ("bad", "▼")
    ui.label(f"{arrow} {'+' if value > 0 else '−'}{view.number(abs(value), 3)}").classes(f"difference-{tone}")
    return None
