"""The tab with the evaluation of a job's best model."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.console.evaluation.shown import Place, show_evaluation
from boxwright.console.pages.job.asked import note
from boxwright.console.pages.job.presence import choose_trial, live_when_there, nothing_yet, trials_of
from boxwright.console.view import View

Job = Mapping[str, Any]

EVERY = 5.0
"""Seconds between looks whether training is over."""


async def evaluation(view: View, job: Job) -> None:
    """Of one job; of a search, of its best model or of one of its trials."""
    asked = job["asked"]
    path = view.resource("jobs", str(job["jobId"]), "evaluation")
    trials = await trials_of(view, job)
    trial = asked.get("trial", "") if asked.get("trial") in trials else ""

    async def choose(number: str) -> None:
        note(view, asked, trial=number)
        await watch(number)

    async def watch(number: str) -> None:
        place.clear()
        query = {"trial": number} if number else {}

        async def draw(found: Mapping[str, Any]) -> None:
            shown.clear()
            with shown:
                if found:
                    await show_evaluation(view, Place(path, query, asked), found)
                else:
                    await nothing_yet(view, job, "evaluation", "fact_check")

        with place:
            shown = ui.element("div").classes("page")
            with ui.element("div").classes("unseen"):
                await live_when_there(view, path, draw, every=EVERY, **query)

    if trials:
        choose_trial(view, trials, trial, choose, view.text("evaluation.best_trial"))
    place = ui.element("div")
    await watch(trial)
