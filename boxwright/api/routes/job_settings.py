"""What a job runs with, and why."""

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from boxwright import files
from boxwright.algorithms import ALGORITHMS
from boxwright.api.deps import Given, JobId, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.job_files import found
from boxwright.jobdir import Job
from boxwright.spec.resource import Resource

router = APIRouter(prefix="/v1/projects/{project}/jobs", tags=["jobs"])


Origin = Literal["GIVEN", "DERIVED", "DEFAULT"]


class Setting(Resource):
    """A value that a job runs with.

    Attributes:
        origin: GIVEN by who submitted it, DERIVED from data and machine for the `reason`, or the algorithm's DEFAULT.
    """

    name: str
    value: str = ""
    unit: str = ""
    origin: Origin = "GIVEN"
    reason: str = ""


class JobSettings(Resource):
    """All settings of a job, in the order of the algorithm's arguments; only those given where no more is known."""

    settings: tuple[Setting, ...] = ()


@router.get("/{job_id}/settings", summary="Tell what a job runs with, and why", response_model=JobSettings)
def get_settings(_: Viewer, project: Project, job_id: JobId, context: Given) -> Any:
    """Each argument with its value: given, derived with the reason, or the default."""
    record = context.jobs.get(project, job_id)
    place = found(record, "settings", "job.json")
    try:
        job = Job.model_validate_json(files.read_bytes(place))
    except ValidationError as error:
        raise Refusal("FAILED_PRECONDITION", f"job.json of job {job_id} cannot be read") from error
    told = JobSettings(settings=tuple(settings_of(job)))
    return JSONResponse(told.model_dump(mode="json", by_alias=True))


def settings_of(job: Job) -> Iterator[Setting]:
    """The settings of a job."""
    algorithm = ALGORITHMS.get(job.algorithm)
    if algorithm is None or job.spec is None:
        yield from (Setting(name=name, value=value) for name, value in job.arguments.items())
        return
    reasons = {one.name: one.reason for one in job.derived}
    for argument in algorithm.arguments:
        group, _, name = argument.path.partition(".")
        value = getattr(getattr(job.spec, group), name)
        given = argument.name in job.arguments and argument.path not in reasons
        origin: Origin = "DERIVED" if argument.path in reasons else "DEFAULT"
        extra: Any = argument.field.json_schema_extra
        yield Setting(
            name=argument.name,
            value=job.arguments[argument.name] if given else _text(argument.word(value)),
            unit=extra.get("unit", ""),
            origin="GIVEN" if given else origin,
            reason=reasons.get(argument.path, ""),
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, tuple | list) else str(value)
