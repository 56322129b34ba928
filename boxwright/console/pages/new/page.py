"""The page of the wizard: what it begins with."""

import asyncio
import datetime
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.pages.new import storage
from boxwright.console.pages.new.algorithm import draw as draw_algorithm
from boxwright.console.pages.new.arguments import draw as draw_arguments
from boxwright.console.pages.new.cloning import clone, proposed_id
from boxwright.console.pages.new.data import draw as draw_data
from boxwright.console.pages.new.data import use
from boxwright.console.pages.new.draft import Draft
from boxwright.console.pages.new.fields import STEPS
from boxwright.console.pages.new.machine import draw as draw_machine
from boxwright.console.pages.new.source import Source
from boxwright.console.pages.new.summary import draw as draw_summary
from boxwright.console.pages.new.wizard import Known, Wizard
from boxwright.console.view import View

DRAWN = {
    "algorithm": draw_algorithm,
    "data": draw_data,
    "arguments": draw_arguments,
    "machine": draw_machine,
    "summary": draw_summary,
}


async def new(view: View, clone: str = "", dataset: str = "", step: str = "") -> None:
    """The page.

    Args:
        clone: id of a job whose values are taken.
        dataset: name of the data set to train on.
        step: that is shown.
    """
    if not view.may("trainer"):
        parts.heading(view.text("wizard.title"), back=(view.text("shell.jobs"), view.path("jobs")))
        parts.empty(view.text("wizard.viewer"), view.text("wizard.viewer_help", role=view.role), icon="lock")
        return
    known = await _known(view)
    draft = await _draft(view, known, clone, dataset)
    with parts.heading(view.text("wizard.title"), back=(view.text("shell.jobs"), view.path("jobs"))):
        parts.button(view.text("wizard.afresh"), lambda: _afresh(view), icon="restart_alt")
    if clone:
        parts.banner(view.text("wizard.cloned", job=clone), "active")
    first = step if step in STEPS else STEPS[0]
    wizard = Wizard(view, known, draft, DRAWN, step=first, seen=set(STEPS[: STEPS.index(first)]))
    with ui.element("div").classes("wizard"):
        await wizard.begin()
    view.remember(clone="", dataset="")


async def _known(view: View) -> Known:
    """What the server tells beforehand; data sets are a help only."""
    algorithms, machine, datasets = await asyncio.gather(
        view.api.get("/v1/algorithms"),
        view.api.get(f"/v1/projects/{view.project}:getConfig"),
        _datasets(view),
    )
    return Known(algorithms["algorithms"], datasets, machine)


async def _datasets(view: View) -> list[dict[str, Any]]:
    try:
        found = await view.api.get(view.resource("datasets"), pageSize=100)
    except ServerError:
        return []
    return [one for one in found.get("datasets", ()) if one.get("state") == "READY" and one.get("trainingDataPath")]


async def _draft(view: View, known: Known, cloned: str, dataset: str) -> Draft:
    """The draft of a job to clone, of a data set, or what was kept in this tab."""
    names = tuple(one["name"] for one in known.algorithms)
    moment = datetime.datetime.now(view.zone).strftime("%Y%m%d_%H%M%S")
    if cloned:
        draft = clone(await view.api.get(view.resource("jobs", cloned)), names)
        draft.job_id = proposed_id(cloned, moment)
        return draft
    kept = None if dataset else await storage.recall(view.client, storage.key_of(view.project))
    try:
        if kept:
            return Draft.read(kept)
    except TypeError:
        pass  # of another version of this page
    draft = Draft(algorithm=names[0], job_id=proposed_id(dataset or names[0], moment))
    if not known.datasets:
        draft.training.kind = "file"
    chosen = next((one for one in known.datasets if one["name"] == dataset), None)
    if chosen:
        draft.training = Source("dataset", name=dataset)
        use(draft, chosen)
    return draft


def _afresh(view: View) -> None:
    """Forget everything and begin again."""
    storage.keep(view.client, storage.key_of(view.project), None)
    view.client.run_javascript("location.assign(location.pathname)")
