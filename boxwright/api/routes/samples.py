"""Samples of a training job: what each evaluation finds in the same few validation pictures."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from boxwright import files
from boxwright.api.deps import Given, JobId, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.evaluation_answers import JPEG, image_answer
from boxwright.api.job_files import found, places
from boxwright.api.routes.metrics import TRIAL
from boxwright.evaluation import samples
from boxwright.evaluation.shown import SampleSet, SampleStep
from boxwright.store.records import JobRecord

router = APIRouter(prefix="/v1/projects/{project}/jobs/{job_id}/samples", tags=["samples"])

Trial = Annotated[str, Query(description="Number of a search's trial.", pattern=TRIAL)]


class Samples(SampleSet):
    """The pictures, and the evaluations that have been shown on them."""

    steps: tuple[int, ...] = Field(description="training steps at which there are predictions, rising")


@router.get("", summary="Give the sample pictures of a job", response_model=Samples)
def get_samples(_: Viewer, project: Project, job_id: JobId, context: Given, trial: Trial = "") -> Any:
    """With their labelled boxes, and the steps whose predictions can be asked for. While a job trains, they grow."""
    folder = _folder(context.jobs.get(project, job_id), trial)
    shown = samples.read_samples(folder).model_dump(mode="json", by_alias=True, exclude_none=True)
    return JSONResponse(shown | {"steps": samples.kept_steps(folder)})


@router.get("/{step}", summary="Give the predictions of an evaluation", response_model=SampleStep)
def get_sample_step(
    *,
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    step: Annotated[int, Path(ge=0, le=2**53, description="Training steps that were done.")],
    trial: Trial = "",
) -> Any:
    """In each sample picture, scores from 0.05 on, at most 50 boxes."""
    folder = _folder(context.jobs.get(project, job_id), trial)
    try:
        shown = samples.read_step(folder, step)
    except FileNotFoundError as error:
        steps = samples.kept_steps(folder)
        told = f"; there are those of {', '.join(map(str, steps[-10:]))}" if steps else ""
        raise Refusal("NOT_FOUND", f"job {job_id} has no samples of step {step}{told}") from error
    return JSONResponse(shown.model_dump(mode="json", by_alias=True, exclude_none=True))


@router.get("/pictures/{number}/image", summary="Show a sample picture", response_class=Response, responses=JPEG)
def show_sample(
    *,
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    number: Annotated[int, Path(ge=0, le=2**31, description="The picture's number, from 1.")],
    trial: Trial = "",
) -> Response:
    """Smaller than it is, without boxes; boxes are in its pixels."""
    folder = _folder(context.jobs.get(project, job_id), trial)
    return image_answer(folder, number, len(samples.read_samples(folder).pictures))


def _folder(record: JobRecord, trial: str) -> str:
    """Raises: Refusal: there are none."""
    inner = ("trials", trial) if trial else ()
    if record.kind == "tune" and not trial:
        trials = next((one for one in map(files.entries, places(record, "trials")) if one), [])
        named = f", such as trial={trials[0]}" if trials else ""
        raise Refusal("NOT_FOUND", f"job {record.job_id} is a search: name a trial of it{named}")
    if record.kind not in ("train", "tune"):
        raise Refusal("NOT_FOUND", f"job {record.job_id} trains nothing, so it has no samples")
    return files.parent(found(record, "samples", *inner, "samples", samples.SET))
