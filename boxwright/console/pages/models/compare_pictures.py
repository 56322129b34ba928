"""What two models find in each picture, beside what is labelled there."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import KeyEventArguments

from boxwright.console import parts
from boxwright.console.boxes import Box, BoxPicture, key
from boxwright.console.slider import Slider
from boxwright.console.view import View

CHOICES = ("ALL", "DIFFERENT", "FIRST_BETTER", "SECOND_BETTER", "BOTH_WRONG", "BOTH_RIGHT")

TONES = {"CORRECT": "good", "IGNORED": "quiet", "DUPLICATE": "warn"}
"""Kind of a prediction to its colour; all others are errors."""

GROUP = "compare-models"

LOWEST = 0.05


class Pictures:
    """The pictures, one after another.

    Args:
        view: of the page.
        ids: of the two evaluations.
        names: of the two models.
        asked: what the address says: which pictures, from which score on, and which of them.
        threshold: score from which predictions count where the address says nothing.
    """

    def __init__(
        self, view: View, ids: Sequence[str], names: Sequence[str], asked: tuple[str, str, str], threshold: float
    ) -> None:
        self._view, self._ids, self._names = view, ids, names
        show, score, place = asked
        self._show = show if show in CHOICES else "ALL"
        self._threshold = min(1.0, max(LOWEST, _number(score, round(threshold, 2))))
        self._place = max(0, int(_number(place, 0)))
        self._total = 0

    async def build(self) -> None:
        """Draw it."""
        view = self._view
        with ui.element("div").classes("row-of"):
            self._choice = ui.select([], label=view.text("compare_models.show")).props("outlined dense")
            self._choice.classes("compare-choice")
            self._score()
        with ui.element("div").classes("row-of"):
            parts.icon_button("chevron_left", view.text("parts.previous"), lambda: self._step(-1))
            self._line = ui.label().props("role=status")
            parts.icon_button("chevron_right", view.text("parts.next"), lambda: self._step(1))
            self._name = ui.label().classes("note grow")
        words = (
            ("correct", "good", False),
            ("wrong", "bad", False),
            ("duplicate", "warn", False),
            ("labelled", "truth", True),
        )
        key([(view.text(f"compare_models.{name}"), tone, dashed) for name, tone, dashed in words])
        self._stage = ui.element("div").classes("compare-pair")
        ui.keyboard(on_key=self._pressed)
        await self._look()
        self._choice.on_value_change(self._choose)

    def _score(self) -> None:
        words = self._view.text("compare_models.threshold")
        with ui.element("div").classes("boxes-threshold compare-score"):
            ui.label(words)
            slider = Slider(words, low=LOWEST, value=self._threshold, on_move=self._tell, on_release=self._from)
            self._said = ui.label(self._view.number(slider.value, 2)).classes("number")

    def _tell(self, score: float) -> None:
        self._said.text = self._view.number(score, 2)

    async def _from(self, score: float) -> None:
        self._threshold, self._place = score, 0
        await self._look()

    async def _choose(self) -> None:
        if self._choice.value and self._choice.value != self._show:
            self._show, self._place = str(self._choice.value), 0
            await self._look()

    async def _pressed(self, event: KeyEventArguments) -> None:
        if event.action.keydown and not event.modifiers.ctrl and not event.modifiers.meta and not event.modifiers.alt:
            if event.key.arrow_left:
                await self._step(-1)
            elif event.key.arrow_right:
                await self._step(1)

    async def _step(self, by: int) -> None:
        place = self._place + by
        if 0 <= place < self._total:
            self._place = place
            await self._look()

    async def _look(self) -> None:
        """Ask for the picture and draw it."""
        view = self._view
        asked = {"evaluations": ",".join(self._ids), "show": self._show, "threshold": self._threshold}
        path = view.resource("evaluations:compare")
        answer = await parts.attempt(view, view.api.get(path, **asked, start=self._place, pageSize=1))
        if answer is None:
            return
        counts = answer["counts"]
        self._total = counts[self._show]
        self._choice.set_options({one: self._words(one, counts[one]) for one in CHOICES}, value=self._show)
        view.remember(show=self._show, threshold=f"{self._threshold:.2f}", picture=self._place)
        self._stage.clear()
        pictures = answer.get("pictures", [])
        self._line.text = view.text("compare_models.place", n=min(self._place + 1, self._total), total=self._total)
        self._name.text = pictures[0]["source"] if pictures else ""
        with self._stage:
            if not pictures:
                ui.label(view.text("compare_models.no_pictures")).classes("note")
            for one in pictures:
                self._pair(one, answer["classes"])

    def _words(self, choice: str, count: int) -> str:
        names = {"first_name": self._names[0], "second_name": self._names[1]}
        return f"{self._view.text(f'compare_models.show_{choice}', **names)} ({count})"

    def _pair(self, one: Mapping[str, Any], classes: Sequence[str]) -> None:
        view = self._view
        for name, side in zip(self._names, one["sides"], strict=True):
            with ui.element("section"):
                with ui.element("h3"):
                    ui.label(name)
                counts = {count: side[count] for count in ("correct", "wrong", "missed")}
                ui.label(view.text("compare_models.counts", **counts)).classes("note")
                boxes = boxes_of(one, side, classes)
                alt = view.text("compare_models.picture_alt", source=one["source"], name=name)
                BoxPicture(
                    one["image"],
                    (one["width"], one["height"]),
                    boxes,
                    alt=alt,
                    group=GROUP,
                    threshold=self._threshold,
                )


def boxes_of(picture: Mapping[str, Any], side: Mapping[str, Any], classes: Sequence[str]) -> list[Box]:
    """What is labelled, and what one model predicts, coloured by what became of it."""
    truth = [Box(box["box"], classes[box["label"]], "truth", dashed=True) for box in picture["truth"]]
    predicted = [
        Box(box["box"], classes[box["label"]], TONES.get(box.get("kind", ""), "bad"), float(box["score"]))
        for box in side["predictions"]
    ]
    return [*truth, *predicted]


def _number(text: str, otherwise: float) -> float:
    try:
        return float(text)
    except ValueError:
        return otherwise
