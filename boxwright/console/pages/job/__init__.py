"""One job: how far it is, and tabs with all that is known of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from boxwright.console.pages.job.asked import asked_of, note
from boxwright.console.pages.job.curves import curves
from boxwright.console.pages.job.evaluation import evaluation
from boxwright.console.pages.job.header import Header
from boxwright.console.pages.job.log import log
from boxwright.console.pages.job.overview import overview
from boxwright.console.pages.job.samples import samples
from boxwright.console.pages.job.trials import trials
from boxwright.console.tabs import tabs
from boxwright.console.view import View

Job = Mapping[str, Any]
Tab = Callable[[View, Job], Awaitable[None]]

TABS: dict[str, Tab] = {
    "overview": overview,
    "curves": curves,
    "samples": samples,
    "evaluation": evaluation,
    "trials": trials,
    "log": log,
}
"""Name, whose words are the text job.tab_NAME, to what builds the tab from the job as the API describes it. `asked` is
added to the job: the query of the page (see `asked.note`)."""


def is_search(job: Job) -> bool:
    """Whether a job is a search over arguments."""
    return bool(job.get("trainingInput", {}).get("hyperparameters"))


def is_training(job: Job) -> bool:
    """Whether a job trains something."""
    return job.get("algorithm") not in ("wait", "batch_prediction")


ONLY: dict[str, Callable[[Job], bool]] = {"trials": is_search, "samples": is_training, "evaluation": is_training}
"""Tabs that not every job has."""


async def job(view: View, job_id: str, tab: str = "") -> None:
    """Of one job; `tab` is one of `TABS`."""
    described = await view.api.get(view.resource("jobs", job_id))
    found = {**described, "asked": asked_of(view)}
    names = [name for name in TABS if name not in ONLY or ONLY[name](found)]
    chosen = tab if tab in names else names[0]
    await Header(view, job_id).follow()
    labels = {name: view.text(f"job.tab_{name}") for name in names}

    def turned(name: str) -> None:
        note(view, found["asked"], tab="" if name == names[0] else name)

    await tabs(labels, chosen, lambda name: TABS[name](view, found), turned)
