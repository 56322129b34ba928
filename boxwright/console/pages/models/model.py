"""One trained model: how good it is, where it comes from, what there is of it, and where it is served."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.chart import axis, chart
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.models.deploy import Deploy
from boxwright.console.pages.models.models import algorithm, metric, model_path, pixels
from boxwright.console.view import View

Model = Mapping[str, Any]

SHOWN_METRICS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "ARmax100", "VOC12")
"""Of the card's, those that the chart shows, where they are defined."""

MOST_CLASSES = 200
"""Names of classes that are listed."""

EVERY = 5.0


async def model(view: View, job: str = "", trial: str = "") -> None:
    """A model by its job, and a trial's by that trial, too."""
    name = f"{job}/{trial}" if trial else job
    path = f"{view.resource('trainedModels')}/{name}" if trial else view.resource("trainedModels", job)
    found = await view.api.get(path)
    _heading(view, found)
    if found.get("problem"):
        parts.banner(view.text("models.problem", message=view.said(found["problem"])), "bad")
        return
    parts.tiles(_tiles(view, found))
    with parts.panel(view.text("models.lineage"), note=view.text("models.lineage_note")):
        _lineage(view, found)
    with ui.element("div").classes("grid-of"):
        with parts.panel(view.text("models.quality"), note=view.text("models.quality_note")):
            _quality(view, found)
        with parts.panel(view.text("models.deployments")):
            await view.live(path, partial(_deployments, view), every=EVERY)
    with parts.panel(view.text("models.exports"), note=view.text("models.exports_note")):
        _exports(view, found)
    if found.get("trials"):
        with parts.panel(view.text("models.trials")):
            _trials(view, found)
    _details(view, found)


def _heading(view: View, found: Model) -> None:
    back = (view.text("models.title"), view.path("models"))
    about = (algorithm(str(found.get("algorithm", ""))), pixels(found), view.time(found.get("createTime", "")))
    with parts.heading(str(found["id"]), subtitle=" · ".join(about), back=back):
        if not found.get("problem"):
            compared = view.path("models-compare", models=found["id"])
            parts.button(view.text("models.compare_with"), lambda: view.go(compared), icon="compare")
            if view.may("trainer"):
                parts.button(view.text("deploy.action"), Deploy(view, found).ask, icon="rocket_launch", kind="primary")


def _tiles(view: View, found: Model) -> list[tuple[str, str]]:
    return [
        ("AP", metric(view, found, "AP")),
        ("AP50", metric(view, found, "AP50")),
        (view.text("models.classes"), view.number(found.get("classCount"))),
        (view.text("models.steps"), view.number(int(found.get("step", 0)))),
    ]


def _quality(view: View, found: Model) -> None:
    values = [(name, found["metrics"][name]) for name in SHOWN_METRICS if found.get("metrics", {}).get(name, -1) >= 0]
    if not values:
        ui.label(view.text("models.no_metrics")).classes("note")
        return
    options = {
        "grid": {"left": 84, "right": 56, "top": 6, "bottom": 30},
        "xAxis": axis("value", min=0, max=1),
        "yAxis": axis("category", data=[name for name, _ in values], inverse=True, axisTick={"show": False}),
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "bar",
                "data": [_bar(value) for _, value in values],
                "itemStyle": {"color": "var(--series-1)"},
            }
        ],
    }
    words = ", ".join(f"{name} {value:.3f}" for name, value in values)
    chart(options, label=words, height=40 + 30 * len(values))


def _bar(value: float) -> dict[str, Any]:
    label = {"show": True, "position": "right", "color": "var(--ink)", "formatter": f"{value:.3f}"}
    return {"value": round(value, 3), "label": label}


DATA = ("trainingData", "validationData")
"""Paths; said only where no data set of the project is known by them."""


def _lineage(view: View, found: Model) -> None:
    """From the data to what was made of the model, as a way to read from left to right."""
    known = found.get("lineage", {})
    parent = known.get("parent") or {}
    with ui.element("ol").classes("lineage"):
        with _node(view, "dataset", "models.data"):
            if known.get("dataset"):
                _link(str(known["dataset"]), known["dataset"], partial(view.path, "datasets"))
            for name in [] if known.get("dataset") else dict.fromkeys(known.get(one, "") for one in DATA):
                if name:
                    ui.label(name).classes("note")
            if known.get("dataDigest"):
                ui.label(f"SHA-256 {known['dataDigest'][:12]}…").classes("note").tooltip(known["dataDigest"])
        if parent:
            with _node(view, "history", "models.parent"):
                _link(
                    str(parent.get("model") or parent.get("folder", "")), parent.get("model"), partial(model_path, view)
                )
        with _node(view, "work_history", "models.job"):
            _link(str(known["jobId"]), known["jobId"], partial(view.path, "jobs"))
        if known.get("study"):
            with _node(view, "science", "models.study"):
                _link(str(known["study"]), known["study"], partial(model_path, view))
        with _node(view, "category", "models.this", "lineage-here"):
            ui.label(str(found["id"]))
        if known.get("children"):
            with _node(view, "account_tree", "models.children"):
                for one in known["children"]:
                    way = partial(model_path, view) if one.get("model") else partial(view.path, "jobs")
                    _link(str(one["jobId"]), one["jobId"], way)


def _node(view: View, icon: str, key: str, classes: str = "") -> ui.element:
    with ui.element("li").classes(f"lineage-node {classes}") as node, ui.element("div").classes("lineage-title"):
        ui.icon(icon).props("aria-hidden=true")
        ui.label(view.text(key))
    return node


def _link(words: str, target: Any, way: Callable[[str], str]) -> None:
    if target:
        parts.link(words, way(str(target)))
    else:
        ui.label(words)


def _deployments(view: View, found: Model) -> None:
    place = ui.context.slot.parent
    for child in list(place.default_slot.children)[1:]:
        child.delete()
    rows = found.get("deployments", [])
    if not rows:
        ui.label(view.text("models.not_deployed")).classes("note")
        return
    with ui.element("ul").classes("plain-list"):
        for one in rows:
            with ui.element("li").classes("row-of"):
                parts.link(f"{one['model']} {one['version']}", view.path("endpoints", one["model"]))
                parts.chip(view, one["state"])
                ui.label(view.text("models.share", n=one.get("trafficPercent", 0))).classes("note")


def _exports(view: View, found: Model) -> None:
    columns = [
        Column(view.text("models.format"), lambda row: view.text(f"models.format_{row['format']}")),
        Column(view.text("models.size"), lambda row: view.bytes(float(row.get("sizeBytes") or 0)), number=True),
        Column("AP", lambda row: view.number(row.get("averagePrecision"), 3), number=True),
        Column(view.text("models.drop"), lambda row: view.number(row.get("drop"), 3), number=True),
        Column(view.text("models.download"), partial(_download, view, str(found["id"])), quiet=True),
    ]
    Listing(columns, key=lambda row: str(row["format"]), label=view.text("models.exports"), cards=True).show(
        found["exports"]
    )


def _download(view: View, name: str, row: Any) -> None:
    path = f"{view.resource('trainedModels')}/{name}:download?format={row['format']}"
    link = parts.link_button(view.text("models.download"), path, icon="download", download=True)
    link.classes(remove="primary-link", add="plain-link")
    link.props["aria-label"] = view.text("models.download_one", name=view.text(f"models.format_{row['format']}"))


def _trials(view: View, found: Model) -> None:
    names = list(dict.fromkeys(name for one in found["trials"] for name in one.get("hyperparameters", {})))
    columns = [
        Column(view.text("models.trial"), partial(_trial, view)),
        Column(view.text("models.objective"), lambda row: view.number(row.get("objectiveValue"), 4), number=True),
        *(Column(name, partial(_hyperparameter, name), number=True) for name in names),
    ]
    rows = sorted(found["trials"], key=lambda row: -float(row.get("objectiveValue", -1)))
    Listing(columns, key=lambda row: str(row["id"]), label=view.text("models.trials")).show(rows)


def _trial(view: View, row: Any) -> None:
    parts.link(str(row["trialId"]), model_path(view, str(row["id"])))


def _hyperparameter(name: str, row: Any) -> str:
    return str(row.get("hyperparameters", {}).get(name, "–"))


def _details(view: View, found: Model) -> None:
    with ui.element("div").classes("grid-of"):
        with parts.panel(view.text("models.classes")), ui.element("ol").classes("names"):
            for one in found.get("classes", [])[:MOST_CLASSES]:
                with ui.element("li"):
                    ui.label(f"{one['id']} {one['name']}")
        with parts.panel(view.text("models.arguments")):
            given = sorted(found.get("arguments", {}).items())
            parts.facts(given) if given else ui.label(view.text("models.no_arguments")).classes("note")
        with parts.panel(view.text("models.versions")):
            parts.facts([(view.text("models.folder"), found["folder"]), *sorted(found.get("versions", {}).items())])
