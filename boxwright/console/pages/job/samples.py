"""The tab with sample predictions beside the truth, evaluation after evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import boxes, parts
from boxwright.console.boxes import BoxPicture, predicted_boxes, truth_boxes
from boxwright.console.large import Shown, enlarge
from boxwright.console.pages.job.asked import Asked, note
from boxwright.console.pages.job.presence import choose_trial, live_when_there, nothing_yet, trials_of
from boxwright.console.slider import Slider
from boxwright.console.view import View

Job = Mapping[str, Any]

EVERY = 3.0
"""Seconds between looks for a new evaluation."""

THRESHOLD = 0.3
LOWEST = 0.05
"""Scores: from which on boxes are shown at first, and from which on they are kept."""


async def samples(view: View, job: Job) -> None:
    """Of one job; of a search, of one of its trials."""
    await Samples(view, job).build()


@dataclass
class Samples:
    """The pictures and the tools above them.

    Attributes:
        known: what the API tells of the pictures and steps.
        step: the one that is shown; 0 for none yet.
        follow: whether the newest step is shown when it comes.
        large: what is shown of each picture, by its number, for who wants to see it large.
    """

    view: View
    job: Job
    known: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    follow: bool = True
    shown: list[BoxPicture] = field(default_factory=list)
    large: dict[int, Shown] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked: Asked = self.job["asked"]
        self.path = self.view.resource("jobs", str(self.job["jobId"]), "samples")
        self.over = self.asked.get("mode") == "over"
        self.step = _number(self.asked.get("step", ""))
        self.follow = not self.step

    async def build(self) -> None:
        """Raises: ServerError: the samples cannot be read."""
        trials = await trials_of(self.view, self.job)
        if trials and self.asked.get("trial") not in trials:
            self.asked["trial"] = trials[-1]
        if trials:
            choose_trial(self.view, trials, self.asked["trial"], self._choose)
        self.place = ui.element("div").classes("page")
        self.group = f"samples-{self.place.id}"
        await self._watch()

    async def _watch(self) -> None:
        self.place.clear()
        self.known = {}
        with self.place:
            self.tools, self.pictures = ui.element("div"), ui.element("div").classes("samples")
            with ui.element("div").classes("unseen"):
                await live_when_there(self.view, self.path, self._heard, every=EVERY, trial=self.asked.get("trial", ""))

    async def _choose(self, trial: str) -> None:
        self.step, self.follow = 0, True
        note(self.view, self.asked, trial=trial, step="")
        await self._watch()

    async def _heard(self, found: Mapping[str, Any]) -> None:
        """What there is has changed: there is something at last, or a further step."""
        before, self.known = self.known, found
        steps = found.get("steps", [])
        if not steps:
            await self._nothing()
            return
        if self.follow or self.step not in steps:
            self.step = steps[-1]
        if before.get("pictures") != found["pictures"]:
            self._draw_tools()
            self._draw_pictures()
        self._stand()
        await self._fill()

    async def _nothing(self) -> None:
        self.tools.clear()
        self.pictures.clear()
        with self.tools:
            await nothing_yet(self.view, self.job, "samples", "image_search")

    def _draw_tools(self) -> None:
        self.tools.clear()
        with self.tools, parts.panel():
            with ui.element("div").classes("samples-steps"):
                self._draw_steps()
            with ui.element("div").classes("boxes-tools"):
                self._draw_looks()
            truth, found = self.view.text("samples.labelled"), self.view.text("samples.predicted")
            boxes.key([(truth, "ink", True), (found, "ink", False)])

    def _draw_steps(self) -> None:
        view = self.view
        parts.icon_button("chevron_left", view.text("samples.earlier"), lambda: self._move(-1))
        self.slider = Slider(view.text("samples.step"), high=1, step=1, value=0, on_move=lambda at: self._show(int(at)))
        parts.icon_button("chevron_right", view.text("samples.later"), lambda: self._move(1))
        self.said = ui.label().classes("number").props("role=status")
        self.following = ui.switch(view.text("samples.follow"), value=self.follow)
        self.following.on_value_change(lambda: self._set_follow(bool(self.following.value)))

    def _draw_looks(self) -> None:
        view, score = self.view, _share(self.asked.get("score", ""))
        boxes.threshold(view, self.group, score, low=LOWEST, told=lambda one: note(view, self.asked, score=one))
        modes = {"": view.text("samples.beside"), "over": view.text("samples.over")}
        mode = ui.radio(modes, value="over" if self.over else "").props("inline")
        mode.props["aria-label"] = view.text("samples.mode")
        mode.on_value_change(lambda: self._set_mode(str(mode.value)))
        with ui.element("div").classes("row-of") as self.layers:
            boxes.layers(view, self.group)
        self.layers.set_visibility(self.over)

    def _draw_pictures(self) -> None:
        self.pictures.clear()
        self.shown = []
        with self.pictures:
            for number, one in enumerate(self.known["pictures"], 1):
                with ui.element("section").classes("panel sample"):
                    with ui.element("div").classes("row-of"):
                        with ui.element("h2").classes("grow"):
                            ui.label(str(one["source"]))
                        larger = self.view.text("evaluation.enlarge", name=str(one["source"]))
                        parts.icon_button("zoom_in", larger, partial(self._enlarge, number))
                    with ui.element("div").classes("sample-over" if self.over else "sample-beside"):
                        self.shown.append(self._picture(number, one))

    def _picture(self, number: int, one: Mapping[str, Any]) -> BoxPicture:
        """The picture for predictions, with one for the truth before it where both stand beside each other."""
        trial = f"?trial={self.asked['trial']}" if self.asked.get("trial") else ""
        src, size = f"{self.path}/pictures/{number}/image{trial}", (int(one["width"]), int(one["height"]))
        score, group = _share(self.asked.get("score", "")), self.group
        hint = self.view.text("samples.hidden", n="{n}", best="{best}")
        found = BoxPicture(src, size, [], alt="", group=group, threshold=score, hint=hint)
        if self.over:
            return found
        alt = self.view.text("samples.labelled_in", name=str(one["source"]))
        truth = BoxPicture(src, size, truth_boxes(one.get("truth", ()), self._names()), alt=alt, group=group)
        truth.move(target_index=0)
        return found

    def _enlarge(self, number: int) -> None:
        """Truth and predictions over each other, from the score on that was chosen."""
        if shown := self.large.get(number):
            enlarge(self.view, replace(shown, threshold=_share(self.asked.get("score", ""))))

    def _names(self) -> list[str]:
        return [str(one["name"]) for one in self.known["classes"]]

    async def _fill(self) -> None:
        """Show the predictions of the step."""
        step, steps = self.step, self.known["steps"]
        found = await self.view.api.get(f"{self.path}/{step}", trial=self.asked.get("trial", ""))
        if step != self.step:
            return  # another one was asked for meanwhile
        for number, predicted in enumerate(found["predictions"], 1):
            self._predict(number, predicted)
        self.said.text = self.view.text("samples.at", step=step, n=steps.index(step) + 1, all=len(steps))

    def _predict(self, number: int, predicted: Sequence[Mapping[str, Any]]) -> None:
        """Show what the step finds in one picture."""
        one, picture, names = self.known["pictures"][number - 1], self.shown[number - 1], self._names()
        found = predicted_boxes(predicted, names)
        both = [*truth_boxes(one.get("truth", ()), names), *found]
        given = {"name": str(one["source"]), "step": self.step}
        alt = self.view.text("samples.both_in", **given)
        picture.props["alt"] = alt if self.over else self.view.text("samples.predicted_in", **given)
        picture.draw(both if self.over else found)
        self.large[number] = Shown(str(picture.props["src"]), (int(one["width"]), int(one["height"])), both, alt)

    def _stand(self) -> None:
        """Let the slider stand at the step that is shown."""
        steps = self.known["steps"]
        self.slider.show(steps.index(self.step), high=max(1, len(steps) - 1), enabled=len(steps) > 1)

    async def _move(self, by: int) -> None:
        await self._show(self.known["steps"].index(self.step) + by)

    async def _show(self, place: int) -> None:
        """Somebody has chosen a step by its place: it stays when newer ones come."""
        steps = self.known["steps"]
        place = min(len(steps) - 1, max(0, place))
        if steps[place] == self.step:
            return
        self.step, self.follow = steps[place], False
        self.following.set_value(False)
        self._stand()
        note(self.view, self.asked, step=self.step)
        await self._fill()

    async def _set_follow(self, follow: bool) -> None:
        if follow == self.follow:
            return
        self.follow, steps = follow, self.known["steps"]
        self.step = steps[-1] if follow else self.step
        self._stand()
        note(self.view, self.asked, step="" if follow else self.step)
        await self._fill()

    async def _set_mode(self, mode: str) -> None:
        self.over = mode == "over"
        note(self.view, self.asked, mode=mode)
        self.layers.set_visibility(self.over)
        self._draw_pictures()
        await self._fill()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _share(text: str) -> float:
    try:
        return min(1.0, max(LOWEST, float(text or THRESHOLD)))
    except ValueError:
        return THRESHOLD
