"""Drafts: jobs that are looked at and written down in other ways, and not submitted."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from boxwright.api.deps import Body, Context, Given, Project, Trainer, Viewer, limits_of
from boxwright.api.resources import OUTPUT_ONLY
from boxwright.api.routes.jobs import A_JOB
from boxwright.drafts import Draft, argument_of, look, recognise_data
from boxwright.job_text import command_line, config_yaml
from boxwright.spec.job import JOB_ID, JobRequest
from boxwright.spec.resource import Fault, InvalidResource, Resource
from boxwright.store.records import JobMissing

router = APIRouter(prefix="/v1/projects/{project}", tags=["jobs"])


class DraftFault(Resource):
    """One thing that is wrong."""

    field: str = Field(description="such as trainingInput.args")
    argument: str = Field("", description="of the algorithm, where the fault is that of one")
    description: str


class DraftData(Resource):
    """Data that an argument names."""

    argument: str
    path: str
    format: str
    splits: tuple[str, ...] = Field((), description="names of the sets in it")
    files: int = Field(0, description="that the path names; left out for a folder")


class Validation(Resource):
    """What would become of a job."""

    valid: bool = False
    faults: tuple[DraftFault, ...] = ()
    machines: tuple[str, ...] = Field((), description="how each machine that is asked for was mapped")
    job_dir: str = Field("", description="folder that the job would have")
    data: tuple[DraftData, ...] = ()


class JobTexts(Resource):
    """A job as people write it."""

    config: str = Field(description="of config.yaml; the command names the file where options cannot say all")
    command: str = Field(description="`boxwright jobs submit training ...`, quoted for a shell")


@router.post(
    "/jobs:validate", summary="Look at a job without submitting it", response_model=Validation, openapi_extra=A_JOB
)
def validate_job(_: Trainer, project: Project, body: Body, context: Given) -> Any:
    """All that submitting it would look at, and every fault by its field. Nothing is queued or written."""
    draft = look(without_output(body), limits_of(project, context))
    faults = (*_taken(project, body, context), *draft.faults)
    answer = Validation(
        valid=not faults,
        faults=tuple(DraftFault(field=one.path, argument=argument_of(one), description=one.message) for one in faults),
        machines=draft.admitted.assignment.lines if draft.admitted else (),
        job_dir=draft.admitted.job_dir if draft.admitted else "",
        data=_data(draft),
    )
    return JSONResponse(answer.model_dump(mode="json", by_alias=True, exclude_defaults=True))


@router.post(
    "/jobs:config", summary="Write a job as config.yaml and as a command", response_model=JobTexts, openapi_extra=A_JOB
)
def job_config(_: Viewer, project: Project, body: Body) -> Any:
    """Both submit the very same job. The data and the arguments are not looked at."""
    request = JobRequest.read(without_output(body))
    if request.training_input is None:
        fault = Fault("trainingInput", "is required; predictions are submitted with other options")
        raise InvalidResource((fault,))
    texts = JobTexts(config=config_yaml(request), command=command_line(request, project))
    return JSONResponse(texts.written())


def without_output(body: dict[str, Any]) -> dict[str, Any]:
    """A job's JSON without what only the server writes."""
    return {name: value for name, value in body.items() if name not in OUTPUT_ONLY}


def _taken(project: str, body: dict[str, Any], context: Context) -> tuple[Fault, ...]:
    """That the id is in use."""
    job_id = body.get("jobId")
    if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
        return ()
    try:
        context.jobs.get(project, job_id)
    except JobMissing:
        return ()
    return (Fault("jobId", f"project {project} has a job {job_id!r} already; choose another id"),)


def _data(draft: Draft) -> tuple[DraftData, ...]:
    found = recognise_data(draft.request) if draft.request else ()
    return tuple(
        DraftData(argument=one.argument, path=one.path, format=one.format, splits=one.splits, files=one.files)
        for one in found
    )
