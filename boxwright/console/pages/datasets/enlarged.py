"""One picture of a data set, as large as the window: its boxes, what is wrong with it, and the ones beside it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.console import boxes, parts
from boxwright.console.boxes import BoxPicture, tone_of
from boxwright.console.pages.datasets.drawn import address, boxes_of
from boxwright.console.view import View

WIDTH = 1280

GROUP = "enlarged"
"""Of pictures whose boxes are hidden and shown together."""

Known = Mapping[str, Any]


class Enlarged:
    """A dialog; the arrow keys go to the picture before and after.

    Args:
        known: the data set.
        asked: filters, among whose pictures it goes back and forth.
        on_show: is given the number of each picture that is shown.
    """

    def __init__(self, view: View, known: Known, asked: Mapping[str, str], on_show: Callable[[int], None]) -> None:
        self._view, self._known, self._asked, self._on_show = view, known, asked, on_show
        self._beside: dict[str, int | None] = {"previous": None, "next": None}

    async def open(self, number: int) -> None:
        """Show a picture until the dialog is closed."""
        view = self._view
        with ui.dialog().props("maximized") as dialog, ui.card().classes("enlarged"):
            with ui.element("div").classes("enlarged-head"):
                self._title = ui.element("h2")
                self._at = ui.label().classes("note number").props("role=status")
                boxes.layer(GROUP, "truth", view.text("datasets.show_boxes"))
                self._buttons = {
                    name: parts.icon_button(icon, view.text(f"datasets.{name}_picture"), self._going(name))
                    for name, icon in (("previous", "chevron_left"), ("next", "chevron_right"))
                }
                parts.icon_button("close", view.text("parts.close"), dialog.close)
            with ui.element("div").classes("enlarged-body"):
                self._place = ui.element("div").classes("enlarged-picture")
                self._side = ui.element("div").classes("enlarged-side")
            ui.keyboard(on_key=self._key, repeating=False)
        if await self._show(number):
            await parts.answered(dialog)
        else:
            dialog.delete()

    def _going(self, name: str) -> Any:
        return lambda: self._go(name)

    async def _go(self, name: str) -> None:
        number = self._beside[name]
        if number is not None:
            await self._show(number)

    async def _key(self, event: Any) -> None:
        if event.action.keydown and event.key.arrow_left:
            await self._go("previous")
        elif event.action.keydown and event.key.arrow_right:
            await self._go("next")

    async def _show(self, number: int) -> bool:
        view = self._view
        path = view.resource("datasets", str(self._known["name"]), "pictures", str(number))
        found = await parts.attempt(view, view.api.get(path, **self._asked))
        if found is None:
            return False
        self._on_show(number)
        self._beside = {name: found.get(f"{name}Number") for name in self._beside}
        for name, button in self._buttons.items():
            button.set_enabled(self._beside[name] is not None)
        self._title.clear()
        with self._title:
            ui.label(found["source"])
        self._at.text = view.text(
            "datasets.position", n=view.number(found["position"]), of=view.number(found["totalSize"])
        )
        self._draw(found)
        return True

    def _draw(self, found: Known) -> None:
        view = self._view
        self._place.clear()
        with self._place:
            if found["readable"]:
                self._picture = BoxPicture(
                    address(view, self._known, found["number"], WIDTH),
                    (found["width"], found["height"]),
                    boxes_of(found),
                    alt=found["source"],
                    group=GROUP,
                )
                shape = found["width"] / max(1, found["height"])
                self._picture.style(f"max-width: min(100%, calc((100vh - 130px) * {shape:.4f}))")
            else:
                parts.empty(
                    view.text("datasets.unreadable"), view.said(found["problems"][0]["reason"]), icon="broken_image"
                )
        self._side.clear()
        with self._side:
            self._draw_side(found)

    def _draw_side(self, found: Known) -> None:
        view = self._view
        size = f"{view.number(found['width'])} × {view.number(found['height'])} px"
        parts.facts([(view.text("datasets.part"), found["part"]), (view.text("datasets.size"), size)])
        for one in found["problems"]:
            self._problem(one["problem"], one["reason"])
        with ui.element("h3"):
            ui.label(view.text("datasets.n_boxes", n=len(found["boxes"])))
        with ui.element("ul").classes("box-list"):
            for box in found["boxes"]:
                with ui.element("li").props("tabindex=0") as row:
                    self._draw_box(box)
                if found["readable"]:
                    row.on("mouseenter", self._marking(found, box["box"])).on("focus", self._marking(found, box["box"]))
                    row.on("mouseleave", self._marking(found, None)).on("blur", self._marking(found, None))
        parts.link(view.text("datasets.original"), address(view, self._known, found["number"]), new_tab=True)

    def _marking(self, found: Known, box: int | None) -> Any:
        return lambda: self._picture.draw(boxes_of(found, lambda one: one["box"] == box))

    def _draw_box(self, box: Known) -> None:
        view = self._view
        looks = "bad boxes-dashed" if "problem" in box else tone_of(box["label"])
        ui.element("span").classes(f"boxes-sign tone-{looks}")
        with ui.element("div").classes("grow"):
            ui.label(box["className"])
            said = [self._extent(box["corners"]), *([view.text("datasets.crowd")] if box.get("crowd") else [])]
            ui.label(" · ".join(said)).classes("note")
            if "problem" in box:
                self._problem(box["problem"], box["reason"])

    def _extent(self, corners: Sequence[float | None]) -> str:
        """How large a box is and where, as one would measure it; as it is stated where it has no extent."""
        if None in corners:
            return ", ".join("?" if value is None else self._view.number(value) for value in corners)
        left, top, right, bottom = (value or 0.0 for value in corners)
        names = {"width": right - left, "height": bottom - top, "x": left, "y": top}
        return self._view.text("datasets.extent", **{name: self._view.number(value) for name, value in names.items()})

    def _problem(self, problem: str, reason: str) -> None:
        with ui.element("div").classes("gallery-fault"):
            ui.icon("warning").props("aria-hidden=true")
            ui.label(f"{self._view.text(f'datasets.problem_{problem}')}: {self._view.said(reason)}")
