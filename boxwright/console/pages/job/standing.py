"""How far a job is, in words and bars."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.figures import moment
from boxwright.console.view import View

Job = Mapping[str, Any]

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


def is_final(job: Job) -> bool:
    """Whether a job has ended."""
    return job["state"] in FINAL


def progress_bar(view: View, job: Job) -> Callable[[Job], None] | None:
    """Steps done of all, and the time left; gives what moves the bar, where there is one."""
    if not (job.get("progress") or {}).get("maxSteps"):
        if job.get("jobPosition"):
            ui.label(view.text("job.position", n=int(job["jobPosition"])))
        return None
    bar, left = parts.progress(*_steps(view, job)), ui.label(time_left(view, job)).classes("number")

    def move(later: Job) -> None:
        parts.show_progress(bar, *_steps(view, later))
        left.text = time_left(view, later)

    return move


def _steps(view: View, job: Job) -> tuple[float, str]:
    step, total = int(job["progress"].get("step", 0)), int(job["progress"]["maxSteps"])
    share = (100 * step // total) / 100  # never 100 % before the end
    return share, view.text("job.steps", step=step, total=total, share=view.percent(share))


def shown_progress(view: View, job: Job) -> None:
    """Bar and time left as a cell of a table has them."""
    with ui.element("div").classes("job-progress"):
        progress_bar(view, job)


def time_left(view: View, job: Job) -> str:
    """Such as "3 min 20 s left"; empty where nobody knows."""
    eta = (job.get("progress") or {}).get("etaSeconds")
    return "" if eta is None else view.text("job.left", time=view.duration(eta))


def best(view: View, job: Job) -> str:
    """Name and value of the best number so far, such as "AP 0.512"; empty before there is one."""
    progress = job.get("progress") or {}
    value = progress.get("bestValue")
    return "" if value is None else f"{progress.get('bestMetric', '')} {view.number(value, 3)}"


def run_time(job: Job) -> float | None:
    """Seconds from start to end, or to the last sign of a job that runs; None before it has begun."""
    start = moment(job.get("startTime", ""))
    end = moment(job.get("endTime", "") or (job.get("progress") or {}).get("updateTime", ""))
    return max(0.0, (end - start).total_seconds()) if start and end else None
