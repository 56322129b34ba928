"""What a data set is, what the data doctor has found in it, and what to do about that."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.boxes import tone_of
from boxwright.console.pages.datasets import words
from boxwright.console.pages.datasets.drawn import thumbnail
from boxwright.console.pages.datasets.gallery import Filters, Show
from boxwright.console.view import View

Known = Mapping[str, Any]

FEW = 4
"""Pictures that are shown of a finding."""

SIGNS = {"error": ("error", "bad"), "warning": ("warning", "warn"), "note": ("info", "quiet")}
"""Icon and tone of each severity."""

MOST_CLASSES = 100
"""That are listed; the plots and the filter of the pictures have all."""


async def overview(view: View, known: Known, statistics: Known, show: Show) -> None:
    """The tab.

    Args:
        show: turns to the pictures that some filters ask for.
    """
    counts = known["counts"]
    names = {"pictures": "pictures", "boxes": "boxes", "rejected": "rejected", "empty": "no_boxes"}
    names |= {"unreadable": "unreadable"} if counts["unreadable"] else {}
    shown = [(view.text(f"datasets.{words_}"), view.number(counts[name])) for name, words_ in names.items()]
    parts.tiles([*shown, (view.text("datasets.classes"), view.number(len(known.get("classes", ()))))])
    with parts.panel(view.text("datasets.findings"), note=view.text("datasets.findings_help")):
        if not statistics["findings"]:
            parts.banner(view.text("datasets.no_findings"), "good")
        for finding in statistics["findings"]:
            await _draw_finding(view, known, finding, show)
        _reports(view, known)
    with ui.element("div").classes("grid-of grid-loose"):
        with parts.panel(view.text("datasets.classes")):
            _draw_classes(view, statistics["classes"], show)
        with ui.element("div").classes("page"):
            with parts.panel(view.text("datasets.parts"), note=view.text("datasets.parts_help")):
                _draw_parts(view, known, show)
            with parts.panel(view.text("datasets.about")):
                _draw_facts(view, known)


async def _draw_finding(view: View, known: Known, finding: Known, show: Show) -> None:
    icon, tone = SIGNS[finding["severity"]]
    with ui.element("div").classes(f"doctor doctor-{tone}"):
        ui.icon(icon).props("aria-hidden=true")
        with ui.element("div").classes("grow"):
            with ui.element("h3"):
                weight, title = (f"severity_{finding['severity']}", f"problem_{finding['rule']}")
                ui.label(f"{view.text(f'datasets.{weight}')}: {view.text(f'datasets.{title}')}")
            ui.label(view.said(finding["message"]))
            ui.label(view.said(finding["wayOut"])).classes("note")
            if finding["pictures"]:
                await _draw_concerned(view, known, finding, show)


async def _draw_concerned(view: View, known: Known, finding: Known, show: Show) -> None:
    """Some of the pictures that a finding concerns, and the way to all of them."""
    filters = Filters(problem=finding["rule"])
    path = view.resource("datasets", str(known["name"]), "pictures")
    found = await view.api.get(path, problem=finding["rule"], pageSize=FEW)
    with ui.element("ul").classes("doctor-pictures"):
        for picture in found.get("pictures", ()):
            with ui.element("li"), ui.element("button").props("type=button").classes("gallery-open") as opens:
                opens.props["aria-label"] = view.text("datasets.enlarge", name=picture["source"])
                opens.on("click", _showing(show, Filters(problem=finding["rule"], picture=str(picture["number"]))))
                thumbnail(view, known, picture, finding["rule"])
    words_ = view.text("datasets.show_pictures", n=finding["pictures"])
    parts.button(words_, _showing(show, filters), icon="photo_library")


def _showing(show: Show, filters: Filters) -> Any:
    return lambda: show(filters)


def _reports(view: View, known: Known) -> None:
    """The doctor's report as files."""
    with ui.element("div").classes("row-of"):
        path = view.resource("datasets", str(known["name"]))
        parts.link(view.text("datasets.report_html"), f"{path}/report.html", new_tab=True)
        parts.link(view.text("datasets.report_json"), f"{path}/report", download=f"{known['name']}.json")


def _draw_classes(view: View, classes: list[Known], show: Show) -> None:
    with ui.element("div").classes("listing").props("tabindex=0 role=region") as region:
        region.props["aria-label"] = view.text("datasets.classes")
        with ui.element("table"):
            heads = ("class", "boxes", "pictures", "rejected")
            _row("th", [view.text(f"datasets.{name}") for name in heads])
            for label, one in enumerate(classes[:MOST_CLASSES]):
                with ui.element("tr"):
                    with ui.element("td"), ui.element("button").props("type=button").classes("class-link") as link:
                        link.on("click", _showing(show, Filters(class_name=one["name"])))
                        ui.element("span").classes(f"boxes-sign tone-{tone_of(label)}")
                        ui.label(one["name"])
                    _cells("td", [view.number(one[name]) for name in heads[1:]])
    if len(classes) > MOST_CLASSES:
        ui.label(view.text("datasets.more_classes", n=len(classes) - MOST_CLASSES)).classes("note")


def _row(tag: str, cells: list[str]) -> None:
    with ui.element("tr"):
        with ui.element(tag).props("scope=col"):
            ui.label(cells[0])
        _cells(tag, cells[1:])


def _cells(tag: str, cells: list[str]) -> None:
    for cell in cells:
        with ui.element(tag).classes("number"):
            ui.label(cell)


def _draw_parts(view: View, known: Known, show: Show) -> None:
    with ui.element("ul").classes("part-list"):
        for part in known["parts"]:
            with ui.element("li"):
                with ui.element("div").classes("row-of"):
                    with ui.element("button").props("type=button").classes("class-link") as link:
                        link.on("click", _showing(show, Filters(part=part["name"])))
                        ui.label(part["name"])
                    ui.label(view.text("datasets.n_pictures", n=part["pictures"])).classes("note")
                if part.get("path"):
                    parts.code(view, part["path"], label=view.text("datasets.path_of", name=part["name"]))


def _draw_facts(view: View, known: Known) -> None:
    rows = [
        (view.text("datasets.source"), words.source(view, known)),
        (view.text("datasets.path"), known["path"]),
        (view.text("datasets.labels_file"), known.get("labelsFile", "")),
        (view.text("datasets.format"), known["format"]),
        (view.text("datasets.created"), view.time(known["createTime"])),
        (view.text("datasets.digest"), known["digest"][:16]),
    ]
    parts.facts([(name, value) for name, value in rows if value])
    if known.get("parent"):
        parts.link(view.text("datasets.to_parent", name=known["parent"]), view.path("datasets", known["parent"]))
