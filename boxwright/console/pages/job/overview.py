"""The tab that says what a job is: its times, why it failed and what to do, and what it runs with."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.pages.job.standing import best, is_final, run_time
from boxwright.console.view import View

Job = Mapping[str, Any]


async def overview(view: View, job: Job) -> None:
    """Of one job."""
    job_id = str(job["jobId"])
    outcome = ui.element("div").classes("page")
    with parts.panel(view.text("job.facts")):
        shown = ui.element("div")

    def draw(now: Job) -> None:
        outcome.clear()
        with outcome:
            trouble(view, now)
        shown.clear()
        with shown:
            parts.facts([(view.text(f"job.fact_{name}"), value) for name, value in facts(view, now) if value])

    await view.live(view.resource("jobs", job_id), draw)
    await settings(view, job)


def trouble(view: View, job: Job) -> None:
    """Why a job failed or waits, in the server's words, and what to do."""
    job_id, message = str(job["jobId"]), str(job.get("errorMessage", ""))
    if job["state"] == "FAILED":
        with ui.element("div").classes("failure").props("role=alert"):
            ui.icon("error").props("aria-hidden=true")
            with ui.element("div"):
                with ui.element("h2"):
                    ui.label(view.text("job.failed"))
                ui.label(view.said(message)).classes("told")
                ui.label(view.text("job.failed_help")).classes("note")
                with ui.element("div").classes("actions"):
                    parts.link(view.text("job.failed_log"), view.path("jobs", job_id, tab="log"))
                    if view.may("trainer"):
                        parts.link(view.text("job.failed_clone"), view.path("new", clone=job_id))
    elif message:
        parts.banner(view.said(message), "warn")
    if job.get("note") and job["state"] in ("QUEUED", "PREPARING"):
        parts.banner(view.said(str(job["note"])), "quiet")


def facts(view: View, job: Job) -> list[tuple[str, str]]:
    """What is to be said of a job in a word or two; those without a value are left out."""
    given = job.get("trainingInput") or job.get("predictionInput") or {}
    output = job.get("trainingOutput", {}).get("builtInAlgorithmOutput", {})
    labels = ", ".join(f"{name}={value}" for name, value in sorted(job.get("labels", {}).items()))
    seconds, eta = run_time(job), (job.get("progress") or {}).get("etaSeconds")
    return [
        ("algorithm", str(job.get("algorithm", ""))),
        ("best_final" if is_final(job) else "best", best(view, job)),
        ("left", "" if eta is None else view.duration(eta)),
        ("created", view.time(job.get("createTime", ""))),
        ("started", view.time(job["startTime"]) if job.get("startTime") else ""),
        ("ended", view.time(job["endTime"]) if job.get("endTime") else ""),
        ("duration", "" if seconds is None else view.duration(seconds)),
        ("machine", view.said(str(job.get("machine", "")))),
        ("region", str(given.get("region", ""))),
        ("labels", labels),
        ("folder", str(given.get("jobDir") or given.get("outputPath", ""))),
        ("model", str(output.get("modelPath", ""))),
        ("note", view.said(str(job.get("note", "")))),
    ]


async def settings(view: View, job: Job) -> None:
    """What a job runs with: what was derived and why, what was given, and the defaults."""
    try:
        found = await view.api.get(view.resource("jobs", str(job["jobId"]), "settings"))
    except ServerError as error:
        if error.code != 404:
            raise
        found = {"settings": [{"name": name, "value": value, "origin": "GIVEN"} for name, value in arguments(job)]}
    rows = found.get("settings", [])
    for origin, reasons in (("GIVEN", False), ("DERIVED", True), ("DEFAULT", False)):
        chosen = [one for one in rows if one["origin"] == origin]
        if chosen:
            _settings(view, origin, chosen, reasons)


def arguments(job: Job) -> list[tuple[str, str]]:
    """Names and values of the arguments that a job was submitted with."""
    given = job.get("trainingInput", {}).get("args", ())
    pairs = [str(one).removeprefix("--").partition("=") for one in given]
    return [(name, value) for name, _, value in pairs]


def _settings(view: View, origin: str, rows: Sequence[Mapping[str, Any]], reasons: bool) -> None:
    title = view.text(f"job.settings_{origin}")
    columns = [
        Column(view.text("job.setting"), lambda row: str(row["name"])),
        Column(
            view.text("job.value"),
            lambda row: " ".join(filter(None, (row.get("value"), view.said(row.get("unit", ""))))),
        ),
    ]
    if reasons:
        columns.append(Column(view.text("job.reason"), lambda row: view.said(str(row.get("reason", "")))))
    with ui.element("details").classes("panel settings") as block:
        if origin != "DEFAULT":
            block.props("open")
        with ui.element("summary"), ui.element("h2"):
            ui.label(f"{title} ({view.number(len(rows))})")
        Listing(columns, lambda row: str(row["name"]), label=title).show(rows)
