"""The pictures in which an error, or a cell of the confusion matrix, is seen."""

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from boxwright.console import boxes, parts
from boxwright.console.boxes import Box, BoxPicture
from boxwright.console.large import Shown, enlarge
from boxwright.console.listing import Pager
from boxwright.console.view import View

BACKGROUND = -1
"""Stands for the background where a class is asked for, as in the API."""

SHOWN = 6
"""Findings on a page."""

TONES = {"CORRECT": "good", "IGNORED": "quiet"}
"""Kind to the colour of its box; others are bad, and missed boxes warn."""


@dataclass(frozen=True)
class Wanted:
    """Which findings; None leaves the choice open. See the API's `errors`."""

    kind: str | None = None
    label: int | None = None
    true_class: int | None = None
    predicted_class: int | None = None

    def query(self) -> dict[str, str]:
        """As the API and the page's address write it."""
        given = {"kind": self.kind, "class": self.label}
        given |= {"trueClass": self.true_class, "predictedClass": self.predicted_class}
        return {name: str(value) for name, value in given.items() if value is not None}

    @classmethod
    def read(cls, asked: Mapping[str, str], classes: int) -> "Wanted":
        """From a page's address; what is no such thing is left out."""
        kind = asked.get("kind", "")
        labels = (asked.get(name, "") for name in ("class", "trueClass", "predictedClass"))
        known = {str(label): label for label in (BACKGROUND, *range(classes))}
        label, true, predicted = (known.get(text) for text in labels)
        label = None if label == BACKGROUND else label
        return cls(kind if kind in KINDS else None, label, true, predicted)


KINDS = ("MISSED", "WRONG_CLASS", "BADLY_PLACED", "BOTH", "DUPLICATE", "BACKGROUND")


class Findings:
    """A page of findings at a time.

    Args:
        path: of the evaluation in the API.
        query: that every request has.
        asked: what the page's address asks for.
        names: of the classes.
    """

    def __init__(
        self, view: View, path: str, query: Mapping[str, str], asked: MutableMapping[str, str], names: Sequence[str]
    ) -> None:
        self._view, self._path, self._query, self._asked, self._names = view, path, query, asked, names
        self._wanted = Wanted.read(asked, len(names))

    async def build(self) -> None:
        """In the open element. Raises: ServerError: the first page cannot be read."""
        view = self._view
        with parts.panel(view.text("evaluation.findings")) as self._panel:
            self._panel.props["id"] = "findings"
            with ui.element("div").classes("row-of"):
                self._said = ui.label().classes("grow").props("role=status")
                self._all = parts.button(view.text("evaluation.show_all"), lambda: self.show(Wanted()))
            keys = [("predicted", "bad", False), ("labelled", "warn", True)]
            boxes.key([(view.text(f"evaluation.key_{name}"), tone, dashed) for name, tone, dashed in keys])
            self._place = ui.element("div").classes("findings")
            self._pager = Pager(view, self._turn)
        await self._turn("")

    async def show(self, wanted: Wanted) -> None:
        """Show other findings, and go there."""
        self._wanted = wanted
        query = dict.fromkeys(("kind", "class", "trueClass", "predictedClass"), "") | wanted.query()
        self._asked.update(query)
        self._view.remember(**query)
        self._pager.begin()
        await self._turn("")
        self._view.client.run_javascript("document.getElementById('findings')?.scrollIntoView({block: 'start'})")

    async def _turn(self, token: str) -> None:
        view, wanted = self._view, self._wanted
        given = {**self._query, **wanted.query(), "pageSize": SHOWN, "pageToken": token}
        found = await view.api.get(f"{self._path}/errors", **given)
        listed = found.get("findings", [])
        numbers = sorted({int(one["picture"]) for one in listed})
        pictures = await asyncio.gather(
            *(view.api.get(f"{self._path}/pictures/{number}", **self._query) for number in numbers)
        )
        self._draw(listed, dict(zip(numbers, pictures, strict=True)))
        total = int(found.get("totalSize", 0))
        self._said.text = view.text("evaluation.findings_of", n=total, what=self._what())
        self._all.set_visibility(bool(wanted.query()))
        self._pager.show(found.get("nextPageToken", ""))

    def _draw(self, listed: Sequence[Mapping[str, Any]], pictures: Mapping[int, Mapping[str, Any]]) -> None:
        self._place.clear()
        with self._place:
            if not listed:
                ui.label(self._view.text("evaluation.findings_none")).classes("note")
            for one in listed:
                self._card(one, pictures[int(one["picture"])])

    def _card(self, one: Mapping[str, Any], picture: Mapping[str, Any]) -> None:
        view, words = self._view, self._words(one)
        alt = view.text("evaluation.picture_of", name=str(one["source"]), what=words)
        src = f"{self._path}/pictures/{one['picture']}/image{_query(self._query)}"
        size = int(picture["width"]), int(picture["height"])
        shown = Shown(src, size, drawn(one, picture, self._names), alt)
        with ui.element("article").classes("finding"):
            BoxPicture(src, size, shown.boxes, alt=alt)
            with ui.element("div").classes("row-of"):
                with ui.element("div").classes("grow"):
                    with ui.element("h3"):
                        ui.label(view.text(f"evaluation.kind_{one['kind']}"))
                    ui.label(words)
                    ui.label(str(one["source"])).classes("note")
                label = view.text("evaluation.enlarge", name=str(one["source"]))
                parts.icon_button("zoom_in", label, lambda: enlarge(view, shown))

    def _words(self, one: Mapping[str, Any]) -> str:
        view, names = self._view, self._names
        true, predicted = int(one["trueClass"]), int(one["predictedClass"])
        key = "finding_missed" if predicted < 0 else "finding_alone" if true < 0 else "finding_pair"
        classes = {"true": names[true] if true >= 0 else "", "predicted": names[predicted] if predicted >= 0 else ""}
        told = [view.text(f"evaluation.{key}", **classes)]
        if one.get("score") is not None:
            told.append(f"{view.text('evaluation.score')} {view.number(one['score'], 2)}")
        if one.get("overlap") is not None:
            told.append(view.text("evaluation.overlap", overlap=view.number(one["overlap"], 2)))
        return ", ".join(told)

    def _what(self) -> str:
        view, wanted = self._view, self._wanted
        told = [view.text(f"evaluation.kind_{wanted.kind}")] if wanted.kind else []
        told += [self._names[wanted.label]] if wanted.label is not None else []
        for key, label in (("row", wanted.true_class), ("column", wanted.predicted_class)):
            if label is not None:
                name = self._names[label] if label >= 0 else view.text("evaluation.background")
                told.append(view.text(f"evaluation.{key}", name=name))
        return ", ".join(told) or view.text("evaluation.all_errors")


def drawn(one: Mapping[str, Any], picture: Mapping[str, Any], names: Sequence[str]) -> list[Box]:
    """All boxes of a picture; those that a finding is about are strong."""
    found = []
    for place, box in enumerate(picture.get("truth", ())):
        strong = place == one.get("truth")
        tone = "warn" if strong or box["kind"] == "MISSED" else "quiet"
        found.append(Box(box["box"], names[box["label"]], tone, dashed=True, strong=strong))
    for place, box in enumerate(picture.get("predictions", ())):
        tone, strong = TONES.get(box["kind"], "bad"), place == one.get("prediction")
        found.append(Box(box["box"], names[box["label"]], tone, box["score"], strong=strong))
    return found


def _query(query: Mapping[str, str]) -> str:
    given = "&".join(f"{name}={value}" for name, value in query.items() if value)
    return f"?{given}" if given else ""
