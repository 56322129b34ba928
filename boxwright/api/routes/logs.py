"""Logs of jobs, also while they are written."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from boxwright.api.curve_resources import LogMatches, LogPage
from boxwright.api.deps import Credentials, Given, JobId, Project, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, ErrorStatus, Refusal
from boxwright.api.logfile import log_of
from boxwright.api.logpages import LogReader
from boxwright.spec.job import State

router = APIRouter(prefix="/v1/projects/{project}/jobs", tags=["logs"])

NDJSON = "application/x-ndjson"


class LogLine(BaseModel):
    """One line of the answer. The very last has `state`, or `error`; those before it have the other three."""

    offset: int = Field(0, description="byte after this line: where to go on")
    time: str = Field("", description="RFC 3339 in UTC; empty for a line without a time")
    text: str = ""
    state: State | None = Field(None, description="of the job; nothing follows")
    error: ErrorStatus | None = Field(None, description="why the stream ends before the job; nothing follows")


@router.get(
    "/{job_id}/log",
    summary="Read a job's log, or follow it until the job has ended",
    response_class=StreamingResponse,
    responses=DESCRIBED_BESIDE
    | {200: {"content": {NDJSON: {"schema": LogLine.model_json_schema()}}, "description": "a line each"}},
)
async def read_log(
    *,
    _: Viewer,
    credentials: Credentials,
    project: Project,
    job_id: JobId,
    context: Given,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=2**62, description="Byte to begin with.")] = 0,
    follow: Annotated[bool, Query(description="Go on until the job has ended.")] = False,
) -> StreamingResponse:
    """Empty lines come in between when there is nothing else to say, so that the connection is seen to be alive.

    A log that does not exist yet is waited for. One that was replaced or cut short is read from its start.
    """
    record = await run_in_threadpool(context.jobs.get, project, job_id)
    assert credentials, "checked with the role"
    lines = request.app.state.followers.stream(record, credentials.credentials, offset, follow)
    return StreamingResponse(lines, media_type=NDJSON, headers={"X-Accel-Buffering": "no"})


@router.get("/{job_id}/log:page", summary="Read some lines of a job's log", response_model=LogPage)
def read_log_page(
    *,
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    before: Annotated[
        int | None, Query(ge=0, le=2**62, description="The lines that end at or before this byte.")
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="The lines from this byte on.")] = None,
    lines: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 200,
) -> Any:
    """The last ones, or those `before` or `after` a byte; whole lines only, and long ones are cut."""
    if before is not None and after is not None:
        raise Refusal.of_field("after", "before and after exclude each other; leave one out")
    reader = LogReader(log_of(context.jobs.get(project, job_id).job_dir))
    return JSONResponse(reader.before(before, lines) if after is None else reader.after(after, lines))


@router.get("/{job_id}/log:search", summary="Find a text in a job's log", response_model=LogMatches)
def search_log(
    *,
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    query: Annotated[str, Query(min_length=1, max_length=200, description="Part of a line, whatever its case.")],
    offset: Annotated[int, Query(ge=0, le=2**62, description="Byte to begin with.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many lines.")] = 100,
) -> Any:
    """The lines in which it stands. Where `complete` is false, `offset` of the answer is where to go on."""
    reader = LogReader(log_of(context.jobs.get(project, job_id).job_dir))
    return JSONResponse(reader.search(query, offset, limit))
