"""What a job leaves in time: watching for it, and choosing the trial of a search whose it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.api import Api
from boxwright.console.live import Draw, Subscriber
from boxwright.console.pages.job.standing import is_final
from boxwright.console.view import View

Job = Mapping[str, Any]

NOT_FOUND = 404


async def live_when_there(view: View, path: str, draw: Draw, *, every: float, **query: Any) -> None:
    """As `View.live`; while there is nothing at the path, `draw` is given an empty answer.

    Raises:
        ServerError: the API refuses the first look for another reason.
    """

    async def look(api: Api) -> dict[str, Any]:
        try:
            return await api.get(path, **query)
        except ServerError as error:
            if error.code != NOT_FOUND:
                raise
            return {}

    key = (view.role, "when there", path, tuple(sorted(query.items())))
    await view.feeds.join(key, look, every, Subscriber(view.api, ui.context.slot.parent, draw, view.lost))


async def nothing_yet(view: View, job: Job, noun: str, icon: str) -> None:
    """Where a tab has nothing to show: that it comes, or, once the job has ended, why it does not and what to do.

    Args:
        noun: of the texts job.no_NOUN and job.never_NOUN, each with a help.
    """
    place = ui.element("div")

    def draw(now: Job) -> None:
        place.clear()
        ended = is_final(now)
        again = (view.text("job.clone"), view.path("new", clone=str(job["jobId"]))) if view.may("trainer") else None
        key = f"job.never_{noun}" if ended else f"job.no_{noun}"
        with place:
            parts.empty(view.text(key), view.text(f"{key}_help"), action=again if ended else None, icon=icon)

    with ui.element("div").classes("unseen"):
        await view.live(view.resource("jobs", str(job["jobId"])), draw)


async def trials_of(view: View, job: Job) -> list[str]:
    """Numbers of a search's trials so far; empty for other jobs."""
    if not job.get("trainingInput", {}).get("hyperparameters"):
        return []
    try:
        study = await view.api.get(view.resource("jobs", str(job["jobId"]), "study"))
    except ServerError as error:
        if error.code != NOT_FOUND:
            raise
        return []
    return [str(one["trialId"]) for one in study["trials"]]


def choose_trial(view: View, trials: Sequence[str], value: str, chosen: Callable[[str], Any], best: str = "") -> None:
    """A list of trials to choose from.

    Args:
        chosen: is given the number of the one that was chosen, empty for the best.
        best: words of the entry for the best one, where there is to be one.
    """
    entries = {**({"": best} if best else {}), **{trial: trial for trial in trials}}
    select = ui.select(entries, value=value, label=view.text("evaluation.trial"))
    select.props("outlined dense").classes("short").on_value_change(lambda: chosen(str(select.value)))
