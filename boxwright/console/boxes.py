"""A picture with boxes over it, drawn by the browser from data, and the tools that change what all of a page show."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.element import Element

from boxwright.console.slider import Slider
from boxwright.console.view import View

TONES = 8
"""Colours of classes, in turns: those of the series of charts."""

Corners = Sequence[float]
"""xmin, ymin, xmax, ymax in pixels of the picture that is shown."""


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        corners: in pixels of the picture.
        text: what stands beside it; the score is added.
        tone: "0" to "7", or a verdict: "good", "bad", "warn", "quiet"; in keys "ink".
        score: of a predicted box; None makes it a labelled one, which no threshold hides.
        dashed: how labelled boxes are drawn, so that they are told from others without colours.
        strong: others become faint beside it, and only it keeps its words.
    """

    corners: Corners
    text: str
    tone: str = "0"
    score: float | None = None
    dashed: bool = False
    strong: bool = False

    def data(self) -> dict[str, Any]:
        """For the browser."""
        shown = {"box": list(self.corners), "text": self.text, "tone": self.tone, "score": self.score}
        return {**shown, "dashed": self.dashed, "strong": self.strong}


def tone_of(label: int) -> str:
    """The colour of a class by its place in the list of classes."""
    return str(label % TONES)


def truth_boxes(boxes: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[Box]:
    """Labelled boxes of an answer of the API, `{"box", "label", "crowd"}` each, dashed and coloured by class."""
    return [Box(one["box"], names[one["label"]], tone_of(one["label"]), dashed=True) for one in boxes]


def predicted_boxes(boxes: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[Box]:
    """Predicted boxes of an answer of the API, `{"box", "label", "score"}` each, coloured by class."""
    return [Box(one["box"], names[one["label"]], tone_of(one["label"]), float(one["score"])) for one in boxes]


class BoxPicture(Element, component="static/boxes.js"):
    """A picture with boxes; it is as wide as its place.

    Args:
        src: address of the picture, such as a path of the API.
        size: its width and height in pixels, in which the boxes are given.
        boxes: to draw.
        alt: what the picture shows, for who does not see it; the boxes' words follow by themselves.
        group: of pictures that `threshold` and `layers` act on together.
        threshold: score below which predicted boxes are hidden.
        truth, predictions: whether labelled and predicted boxes are shown at first.
        labels: whether words stand at the boxes; hints have them all the same.
        hint: what is said where the threshold hides every prediction; {n} is how many, {best} the best of their scores.
    """

    def __init__(
        self,
        src: str,
        size: tuple[int, int],
        boxes: Sequence[Box],
        *,
        alt: str,
        group: str = "",
        threshold: float = 0.0,
        truth: bool = True,
        predictions: bool = True,
        labels: bool = True,
        hint: str = "",
    ) -> None:
        super().__init__()
        self.props.update(src=src, width=size[0], height=size[1], alt=alt, group=group, threshold=threshold)
        self.props.update(truth=truth, predictions=predictions, labels=labels, hint=hint)
        self.draw(boxes)

    def draw(self, boxes: Sequence[Box]) -> None:
        """Show other boxes."""
        self.props["boxes"] = [one.data() for one in boxes]
        self.update()


def threshold(
    view: View, group: str, value: float, *, low: float = 0.0, told: Callable[[float], Any] | None = None
) -> Slider:
    """A slider of the score from which on the pictures of a group show boxes; the browser does it by itself.

    Args:
        low: the smallest score that can be chosen.
        told: is given the score when the slider is let go.
    """
    words = view.text("evaluation.threshold")
    with ui.element("div").classes("boxes-threshold"):
        ui.label(words)
        slider = Slider(words, low=low, value=value, on_release=told)
        ui.label(f"{value:.2f}").classes("number")
    says = "event.target.nextElementSibling.textContent = Number(event.target.value).toFixed(2);"
    slider.on("input", js_handler=f"(event) => {{ {says} {_asks(group, 'threshold', 'Number(event.target.value)')} }}")
    return slider


def layers(view: View, group: str) -> None:
    """Switches that show and hide the labelled and the predicted boxes of a group of pictures."""
    for name in ("truth", "predictions"):
        layer(group, name, view.text(f"evaluation.{name}"))


def layer(group: str, name: str, words: str) -> None:
    """A switch that shows and hides the labelled boxes, "truth", or the "predictions" of a group of pictures."""
    switch = ui.switch(words, value=True)
    switch.on("update:model-value", js_handler=f"(value) => {{ {_asks(group, name, 'value')} }}")


def _asks(group: str, name: str, value: str) -> str:
    """JavaScript that tells the pictures of a group, those too that come later."""
    shown = json.dumps(group).replace("<", "\\u003c")
    kept = f"((window.boxesAsked ??= {{}})[{shown}] ??= {{}}).{name} = {value};"
    return f"{kept} window.dispatchEvent(new CustomEvent('boxes', {{detail: {{group: {shown}, {name}: {value}}}}}));"


def key(entries: Sequence[tuple[str, str, bool]]) -> None:
    """What colours and lines mean: words, tone, and whether the line is dashed."""
    with ui.element("ul").classes("boxes-key"):
        for words, tone, dashed in entries:
            with ui.element("li"):
                ui.element("span").classes(f"boxes-sign tone-{tone}{' boxes-dashed' if dashed else ''}")
                ui.label(words)
