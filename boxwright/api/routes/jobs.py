"""Jobs: `projects.jobs` of AI Platform Training v1."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from boxwright.admission import Admitted, admit
from boxwright.api.deps import Body, Given, JobId, Project, Trainer, Viewer, limits_of
from boxwright.api.errors import Refusal
from boxwright.api.paging import AskedPage
from boxwright.api.resources import OUTPUT_ONLY, Empty, Job, JobList, job_json, job_row
from boxwright.spec.job import JobRequest, Scheduling, check_labels
from boxwright.spec.resource import Fault, InvalidResource
from boxwright.store.conditions import All, Condition
from boxwright.store.filters import parse_filter
from boxwright.store.listing import NEWEST, ORDERS, Order, Words
from boxwright.store.records import NewJob

router = APIRouter(prefix="/v1/projects/{project}/jobs", tags=["jobs"])

MASK_PATHS = ("labels", "etag")
"""What PATCH can name in its updateMask."""

A_JOB = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}}


@dataclass(frozen=True)
class Asked:
    """Which jobs a list is to hold, in which order, and how much of each."""

    filter: Annotated[str, Query(description="Such as: jobId:rnn* AND state:FAILED")] = ""
    query: Annotated[str, Query(description="Words that are part of id, algorithm, state or labels.")] = ""
    order_by: Annotated[str, Query(alias="orderBy", description=f"{', '.join(ORDERS)}; then desc or nothing.")] = ""
    view: Annotated[Literal["FULL", "BASIC"], Query(description="BASIC leaves out the trials of searches.")] = "FULL"

    def condition(self) -> Condition | None:
        """Raises: Refusal: a filter that is none, or a query that is too long."""
        found = [read_filter(self.filter)] if self.filter.strip() else []
        try:
            found += [Words.read(self.query)] if self.query.strip() else []
        except ValueError as error:
            raise Refusal.of_field("query", str(error)) from error
        return All(tuple(found)) if found else None

    def order(self) -> str:
        """Raises: Refusal: no such order."""
        try:
            return str(Order.read(self.order_by or NEWEST))
        except ValueError as error:
            raise Refusal.of_field("orderBy", str(error)) from error


@router.post("", summary="Submit a job", response_model=Job, openapi_extra=A_JOB)
def create_job(_: Trainer, project: Project, body: Body, context: Given) -> Any:
    """Everything that can be known beforehand is looked at, and every fault told: arguments, data, folder, machines."""
    request = JobRequest.read({name: value for name, value in body.items() if name not in OUTPUT_ONLY})
    admitted = admit(request, limits_of(project, context))
    record = context.jobs.submit(new_job(project, admitted))
    return JSONResponse(job_json(record, context.jobs.position(record)))


@router.get("", summary="List jobs, the newest first", response_model=JobList)
def list_jobs(
    *, _: Viewer, project: Project, page: AskedPage, context: Given, asked: Annotated[Asked, Depends()]
) -> Any:
    """Jobs submitted between two pages do not shift them."""
    where, order = asked.condition(), asked.order()

    def listed(size: int, token: str) -> Any:
        return context.jobs.list(project, where=where, order=order, page_size=size, page_token=token)

    return page.answer("jobs", listed, job_row if asked.view == "BASIC" else job_json)


@router.get("/{job_id}", summary="Describe a job", response_model=Job)
def get_job(_: Viewer, project: Project, job_id: JobId, context: Given) -> Any:
    """With its results so far."""
    record = context.jobs.get(project, job_id)
    return JSONResponse(job_json(record, context.jobs.position(record)))


@router.post("/{job_id}:cancel", summary="Cancel a job", response_model=Empty)
def cancel_job(token: Trainer, project: Project, job_id: JobId, body: Body, context: Given) -> Any:
    """A job that has ended stays as it is, and that is no error."""
    if body:
        raise unknown_keys(body, ())
    context.jobs.cancel(project, job_id, f"cancelled by {token.name}")
    return JSONResponse({})


@router.patch("/{job_id}", summary="Change a job's labels", response_model=Job, openapi_extra=A_JOB)
def update_job(
    *,
    _: Trainer,
    project: Project,
    job_id: JobId,
    body: Body,
    context: Given,
    mask: Annotated[str, Query(alias="updateMask", description="labels, or labels,etag")] = "",
) -> Any:
    """The labels are replaced by those given. With etag in the mask only if nobody has changed the job since."""
    paths = [path.strip() for path in mask.split(",") if path.strip()]
    if "labels" not in paths or not set(paths) <= {*MASK_PATHS}:
        raise Refusal.of_field("updateMask", f"must be labels, or labels,etag; nothing else can change; got {mask!r}")
    etag = read_etag(body) if "etag" in paths else ""
    record = context.jobs.relabel(project, job_id, read_labels(body), etag)
    return JSONResponse(job_json(record, context.jobs.position(record)))


def new_job(project: str, admitted: Admitted) -> NewJob:
    """An admitted job as it enters the queue."""
    request = admitted.request
    scheduling = request.training_input.scheduling if request.training_input else Scheduling()
    return NewJob(
        project=project,
        job_id=request.job_id,
        kind=admitted.job.kind,
        request=request.written(),
        job_dir=admitted.job_dir,
        algorithm=admitted.job.algorithm,
        labels=request.labels,
        priority=scheduling.priority,
        note="; ".join(admitted.assignment.lines),
        max_wait=scheduling.max_wait_time,
        max_running=scheduling.max_running_time,
    )


def read_filter(text: str) -> Condition:
    """Raises: Refusal: a filter that is none."""
    try:
        if "\0" in text:  # no database takes it
            raise ValueError("a filter holds no NUL characters")
        return parse_filter(text)
    except ValueError as error:
        raise Refusal.of_field("filter", str(error)) from error


def read_labels(body: Mapping[str, Any]) -> dict[str, str]:
    """Labels of a job's JSON, none where they are left out. Raises: Refusal."""
    known = OUTPUT_ONLY | {"jobId", "trainingInput", "predictionInput", *MASK_PATHS}
    if not body.keys() <= known:
        raise unknown_keys(body, known)
    labels = body.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise Refusal.of_field("labels", f"must be an object of texts, got {labels!r}")
    try:
        check_labels(labels)
    except ValueError as error:
        raise Refusal.of_field("labels", str(error)) from error
    return labels


def read_etag(body: Mapping[str, Any]) -> str:
    """Raises: Refusal: no etag where updateMask names it."""
    etag = body.get("etag")
    if not isinstance(etag, str) or not etag:
        raise Refusal.of_field("etag", f"updateMask names it, so it must be given, got {etag!r}")
    return etag


def unknown_keys(body: Mapping[str, Any], known: Collection[str]) -> InvalidResource:
    """All keys of a body that are not known."""
    return InvalidResource(tuple(Fault(name, "unknown key") for name in sorted({*body} - {*known})))
