"""Estimates: what a job will cost, measured by some of its own steps."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from boxwright.admission import admit
from boxwright.api.deps import Body, Context, Given, Project, Trainer, Viewer, limits_of
from boxwright.api.errors import Refusal
from boxwright.api.estimate_resources import EstimateAnswer, estimate_json
from boxwright.api.resources import Empty
from boxwright.api.routes.drafts import without_output
from boxwright.api.routes.jobs import A_JOB
from boxwright.estimates.estimate import Estimate
from boxwright.runners.host import visible_gpus
from boxwright.spec.job import JobRequest

router = APIRouter(prefix="/v1/projects/{project}", tags=["jobs"])

EstimateId = Annotated[str, Path(description="Last part of the estimate's name.")]

KINDS = ("train", "tune")
"""Of jobs that can be measured."""

UNDER_WAY = ("RUNNING", "PREPARING")


@router.post(
    "/jobs:estimate", summary="Measure what a job will cost", response_model=EstimateAnswer, openapi_extra=A_JOB
)
def estimate_job(_: Trainer, project: Project, body: Body, context: Given) -> Any:
    """Some steps are made and a part of an evaluation, on this machine with this data, one estimate after the other.

    Ask for the estimate again until it is done: one that nobody asks after for 30 s is cancelled.
    """
    request = JobRequest.read(without_output(body))
    admitted = admit(request, limits_of(project, context))
    if admitted.job.kind not in KINDS:
        raise Refusal("INVALID_ARGUMENT", f"only training can be estimated, got a job of kind {admitted.job.kind}")
    devices = tuple(visible_gpus())[: admitted.assignment.devices] if admitted.assignment.devices else ()
    one = context.estimates.begin(project, admitted.job, devices, lambda: is_busy(context))
    return JSONResponse(estimate_json(one))


@router.get(
    "/estimates/{estimate}", summary="Tell how far an estimate is, and what it says", response_model=EstimateAnswer
)
def get_estimate(_: Viewer, project: Project, estimate: EstimateId, context: Given) -> Any:
    """`done` with `response` or `error`, or what is being measured."""
    return JSONResponse(estimate_json(_found(project, estimate, context)))


@router.post("/estimates/{estimate}:cancel", summary="End an estimate", response_model=Empty)
def cancel_estimate(_: Trainer, project: Project, estimate: EstimateId, context: Given) -> Any:
    """One that is done stays as it is, and that is no error."""
    context.estimates.cancel(_found(project, estimate, context))
    return JSONResponse({})


def is_busy(context: Context) -> bool:
    """Whether jobs run, of any project."""
    return any(number for (_, state), number in context.jobs.counts().items() if state in UNDER_WAY)


def _found(project: str, estimate: str, context: Context) -> Estimate:
    try:
        return context.estimates.get(project, estimate)
    except LookupError as error:
        raise Refusal("NOT_FOUND", str(error.args[0])) from error
