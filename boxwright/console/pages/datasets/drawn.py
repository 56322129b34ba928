"""Pictures of a data set with their boxes, as pages draw them."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from nicegui import ui

from boxwright.console.boxes import Box, BoxPicture, tone_of
from boxwright.console.view import View

THUMBNAIL = 320
"""Width of small pictures in pixels."""

Known = Mapping[str, Any]


def address(view: View, known: Known, number: int, width: int = 0) -> str:
    """Of a picture, so wide; of the picture itself where `width` is 0."""
    path = view.resource("datasets", str(known["name"]), "pictures", str(number), "image")
    return f"{path}?width={width}&v={quote(known['etag'], safe='')}" if width else path


def boxes_of(picture: Known, strong: Callable[[Known], bool] = lambda _: False) -> list[Box]:
    """Its boxes as they are drawn: by class, faulty ones red and dashed; those that are `strong` above all others."""
    return [
        Box(
            one["corners"],
            one["className"],
            "bad" if "problem" in one else tone_of(one["label"]),
            dashed="problem" in one,
            strong=strong(one),
        )
        for one in picture["boxes"]
        if None not in one["corners"]
    ]


def thumbnail(view: View, known: Known, picture: Known, problem: str = "") -> BoxPicture | None:
    """A small picture with its boxes, those with a problem above the others; nothing where it cannot be read."""
    if not picture["readable"]:
        with ui.element("div").classes("gallery-broken"):
            ui.icon("broken_image").props("aria-hidden=true")
            ui.label(view.text("datasets.unreadable"))
        return None
    size = (picture["width"], picture["height"])
    src = address(view, known, picture["number"], THUMBNAIL)
    boxes = boxes_of(picture, lambda one: bool(problem) and "problem" in one and problem in (one["problem"], "any"))
    return BoxPicture(src, size, boxes, alt=picture["source"], labels=False)
