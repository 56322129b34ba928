"""The tab with a job's numbers over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.chart import chart, show
from boxwright.console.pages.job.asked import Asked, note
from boxwright.console.pages.job.lines import Looks, drawn_once, in_words
from boxwright.console.pages.job.presence import nothing_yet
from boxwright.console.slider import Slider
from boxwright.console.view import View

Job = Mapping[str, Any]

POINTS = 300
"""Of each line: a peak and a valley for every few pixels."""

EVERY = 6.0
"""Seconds between looks at the numbers, which come every ten steps of training: charts are the costliest of what is
sent to a browser again and again."""

SEPARATE = {
    "accuracy": ("AP", "AP50", "AP75"),
    "learning_rate": ("learning_rate",),
    "speed": ("images_per_second",),
    "memory": ("memory", "gpu_memory"),
    "waiting": ("waiting_share",),
}
"""Small charts and their numbers; those are not offered for the first chart unless they are asked for."""


def first_choice(names: Sequence[str]) -> list[str]:
    """What the first chart shows when nobody has chosen: losses, beside which shares of 1 would be a flat line."""
    wanted = [name for name in ("loss", "validation_loss") if name in names]
    return wanted or list(names[:1])


async def curves(view: View, job: Job) -> None:
    """Of one job; of a search, of one of its trials."""
    await Curves(view, job).build()


@dataclass
class Curves:
    """The charts and what is set above them."""

    view: View
    job: Job
    drawn: dict[str, ui.echart] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked: Asked = self.job["asked"]
        self.path = self.view.resource("jobs", str(self.job["jobId"]), "metrics")

    async def build(self) -> None:
        """Raises: ServerError: the numbers cannot be read."""
        self.place = ui.element("div").classes("page")
        trials = await self._trials()
        if trials and self.asked.get("trial") not in trials:
            self.asked["trial"] = trials[-1]
        if self.job.get("trainingInput", {}).get("hyperparameters") and not trials:
            await self._nothing()
            return
        await self._fill(trials)

    async def _trials(self) -> list[str]:
        if not self.job.get("trainingInput", {}).get("hyperparameters"):
            return []
        try:
            study = await self.view.api.get(self.view.resource("jobs", str(self.job["jobId"]), "study"))
        except ServerError as error:
            if error.code != 404:
                raise
            return []
        return [str(one["trialId"]) for one in study["trials"]]

    async def _fill(self, trials: Sequence[str]) -> None:
        found = await self.view.api.get(self.path, trial=self.asked.get("trial", ""))
        names = [str(one["name"]) for one in found["available"]]
        self.place.clear()
        with self.place:
            if trials:
                self._choose_trial(trials)
            if not names:
                await self._nothing()
                with ui.element("div"):
                    await self.view.live(self.path, self._begin, every=EVERY, trial=self.asked.get("trial", ""))
                return
            self._tools(names)
            self.charts = ui.element("div").classes("curves")
        await self._show(names)

    async def _begin(self, found: Mapping[str, Any]) -> None:
        """The first numbers have come."""
        if found["available"]:
            await self._fill(await self._trials())

    async def _nothing(self) -> None:
        with self.place:
            await nothing_yet(self.view, self.job, "curves", "show_chart")

    def _choose_trial(self, trials: Sequence[str]) -> None:
        async def choose() -> None:
            note(self.view, self.asked, trial=select.value)
            await self._fill(trials)

        select = ui.select(list(trials), value=self.asked.get("trial"), label=self.view.text("job.trial"))
        select.props("outlined dense").classes("short").on_value_change(choose)

    def _chosen(self, names: Sequence[str]) -> list[str]:
        given = [name for name in self.asked.get("metrics", "").split(",") if name in names]
        return given or first_choice(names)

    def _tools(self, names: Sequence[str]) -> None:
        view, asked = self.view, self.asked
        with ui.element("div").classes("row-of tools"):
            self.metrics = ui.select(
                list(names), value=self._chosen(names), multiple=True, label=view.text("job.metrics")
            ).props("outlined dense use-chips")
            self.metrics.classes("grow").on_value_change(lambda: self._choose(names))
            self.by_time = ui.switch(view.text("job.by_time"), value=asked.get("x") == "time")
            self.log = ui.switch(view.text("job.log_scale"), value=asked.get("log") == "1")
            with ui.element("div").classes("smooth"):
                ui.label(view.text("job.smoothing"))
                share = _share(asked.get("smooth", ""))
                self.smooth = Slider(
                    view.text("job.smoothing"), high=0.99, value=share, on_move=self._draw_smooth, on_release=self._set
                )
                self.smoothed = ui.label(view.number(share, 2)).classes("number")
        for one in (self.by_time, self.log):
            one.on_value_change(lambda: self._set())

    async def _choose(self, names: Sequence[str]) -> None:
        note(self.view, self.asked, metrics=",".join(self.metrics.value or []))
        await self._show(names)

    def _draw_smooth(self, weight: float) -> None:
        self.smoothed.text = self.view.number(weight, 2)
        self._draw(self.last)

    def _set(self, _: float = 0.0) -> None:
        time, log = "time" if self.by_time.value else "", "1" if self.log.value else ""
        note(self.view, self.asked, x=time, log=log, smooth=self.smooth.value or "")
        self._draw(self.last)

    async def _show(self, available: Sequence[str]) -> None:
        """Charts of the chosen names and of those that have a chart of their own."""
        self.chosen = [name for name in (self.metrics.value or []) if name in available]
        groups = {name: [one for one in wanted if one in available] for name, wanted in SEPARATE.items()}
        self.groups = {"chosen": self.chosen, **{name: found for name, found in groups.items() if found}}
        self.charts.clear()
        self.drawn = {}
        with self.charts:
            for name in self.groups:
                self._chart(name)
            asked = sorted({one for group in self.groups.values() for one in group})
            names, trial = ",".join(asked), self.asked.get("trial", "")
            with ui.element("div").classes("unseen"):
                await self.view.live(self.path, self._draw, every=EVERY, names=names, points=POINTS, trial=trial)

    def _chart(self, name: str) -> None:
        title = self.view.text(f"job.chart_{name}")
        with parts.panel(title) as panel:
            if name == "chosen":
                panel.classes("wide")
            self.drawn[name] = chart({"series": []}, label=title, height=360 if name == "chosen" else 220)

    def _draw(self, found: Mapping[str, Any]) -> None:
        self.last = found
        there = {str(one["name"]): one for one in found.get("series", ())}
        for name, shown in self.drawn.items():
            series = [there[one] for one in self.groups[name] if one in there]
            log = bool(self.log.value) and name == "chosen"
            smooth = float(self.smooth.value or 0) if name == "chosen" else 0.0
            looks = Looks(bool(self.by_time.value), log, smooth)
            shown.props["aria-label"] = in_words(self.view.text(f"job.chart_{name}"), series)
            show(shown, drawn_once(self.view, found, series, looks))


def _share(text: str) -> float:
    try:
        return min(0.99, max(0.0, float(text or 0)))
    except ValueError:
        return 0.0
