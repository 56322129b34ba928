"""What a job leaves behind, to take home: model, report, config.yaml, events."""

import base64
import hashlib
import os
from collections.abc import Iterator
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from boxwright import files, modeldir
from boxwright.api.deps import Given, JobId, Project, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.job_files import found
from boxwright.api.routes.logs import NDJSON
from boxwright.api.routes.metrics import TRIAL
from boxwright.api.zipping import zipped
from boxwright.spec.study_state import StudyState
from boxwright.store.records import JobRecord
from boxwright.study_report.style import SCRIPT

router = APIRouter(prefix="/v1/projects/{project}/jobs", tags=["jobs"])

CHUNK = 2**20

SCRIPT_HASH = base64.b64encode(
    hashlib.sha256(SCRIPT.removeprefix("<script>").removesuffix("</script>").encode()).digest()
).decode()
"""Of the one script that a report of ours may hold; whatever else stands there is not run."""

REPORT_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{SCRIPT_HASH}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox allow-scripts"
)


def binary(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    """An answer that is a file, for the API's description."""
    return DESCRIBED_BESIDE | {200: {"content": {kind: {}}, "description": what}}


def attached(name: str) -> dict[str, str]:
    """Headers of an answer that is to be saved under this name, of letters, digits, dots and dashes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get(
    "/{job_id}/model:download",
    summary="Download a job's model",
    response_class=StreamingResponse,
    responses=binary("application/zip", "the model's folder as a zip archive"),
)
def download_model(
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    trial: Annotated[
        str, Query(description="Number of a search's trial; the best where left out.", pattern=TRIAL)
    ] = "",
) -> StreamingResponse:
    """The archive is made while it is sent, so its size is not known beforehand."""
    record = context.jobs.get(project, job_id)
    inner = ("model", *((f"trial_{trial}",) if trial else ()))
    folder = files.parent(found(record, "model", *inner, modeldir.CARD))
    names = [name for name in files.walk(folder) if not name.startswith("trial_") and not _is_link(folder, name)]
    top = f"{job_id}_{trial}" if trial else job_id
    entries = [(f"{top}/{name}", files.join(folder, name)) for name in names]
    return StreamingResponse(zipped(entries), media_type="application/zip", headers=attached(f"{top}.zip"))


def _is_link(folder: str, name: str) -> bool:
    return files.is_local(folder) and os.path.islink(files.join(folder, name))


@router.get(
    "/{job_id}/report",
    summary="Show a job's report",
    response_class=Response,
    responses=binary("text/html", "one page with everything in it"),
)
def show_report(_: Viewer, project: Project, job_id: JobId, context: Given) -> Response:
    """Of its model, or of a search. It runs nothing but the script that reports of searches come with."""
    record = context.jobs.get(project, job_id)
    names = ("study.html",) if record.kind == "tune" else ("model", modeldir.REPORT)
    page = files.read_bytes(found(record, "report", *names))
    return Response(page, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": REPORT_POLICY})


@router.get(
    "/{job_id}/config",
    summary="Give a job as config.yaml",
    response_class=Response,
    responses=binary("application/yaml", "what `boxwright jobs submit training --config` takes"),
)
def download_config(_: Viewer, project: Project, job_id: JobId, context: Given) -> Response:
    """What was submitted, so that it can be submitted again."""
    record = context.jobs.get(project, job_id)
    given = {"jobId": job_id, **record.request, "labels": record.labels}
    text = yaml.safe_dump({name: value for name, value in given.items() if value and name != "etag"}, sort_keys=False)
    return Response(text, media_type="application/yaml", headers=attached(f"{job_id}.yaml"))


@router.get(
    "/{job_id}/events",
    summary="Download what happened in a job",
    response_class=StreamingResponse,
    responses=binary(NDJSON, "events.jsonl of the job's folder"),
)
def download_events(
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    trial: Annotated[str, Query(description="Number of a search's trial.", pattern=TRIAL)] = "",
) -> StreamingResponse:
    """One JSON object a line: time, kind, step, values."""
    record = context.jobs.get(project, job_id)
    place = found(record, "events", *(("trials", trial) if trial else ()), "events.jsonl")
    name = f"{job_id}_{trial}" if trial else job_id
    return StreamingResponse(_parts(place), media_type=NDJSON, headers=attached(f"{name}.jsonl"))


@router.get(
    "/{job_id}/log:text",
    summary="Download a job's log",
    response_class=StreamingResponse,
    responses=binary("text/plain", "log.txt of the job's folder"),
)
def download_log(_: Viewer, project: Project, job_id: JobId, context: Given) -> StreamingResponse:
    """The whole of it, as it was written."""
    place = found(context.jobs.get(project, job_id), "log", "log.txt")
    return StreamingResponse(_parts(place), media_type="text/plain", headers=attached(f"{job_id}.txt"))


def _parts(place: str) -> Iterator[bytes]:
    with files.open_binary(place) as file:
        while data := file.read(CHUNK):
            yield data


@router.get("/{job_id}/study", summary="Tell how far a search is", response_model=StudyState)
def get_study(_: Viewer, project: Project, job_id: JobId, context: Given) -> Any:
    """Its trials with every evaluation, and how much each parameter matters."""
    record = context.jobs.get(project, job_id)
    if record.kind != "tune":
        raise Refusal("FAILED_PRECONDITION", f"job {job_id} is no search: it has no hyperparameters")
    return JSONResponse(_state(record).model_dump(mode="json", by_alias=True))


def _state(record: JobRecord) -> StudyState:
    """Raises: Refusal: it has not begun."""
    place = found(record, "trials", "study.json")
    try:
        return StudyState.model_validate_json(files.read_bytes(place))
    except ValidationError as error:
        raise Refusal("FAILED_PRECONDITION", f"study.json of job {record.job_id} cannot be read") from error
