"""The evaluation of a job's best model: figures, errors, and pictures."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import Field

from boxwright import files
from boxwright.api import evaluation_answers as answers
from boxwright.api.deps import Given, JobId, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.job_files import found
from boxwright.api.lineage import dataset_of
from boxwright.api.paging import AskedPage
from boxwright.api.routes.metrics import TRIAL
from boxwright.evaluation.read import RESULTS, read_evaluation
from boxwright.evaluation.results import Evaluation, JudgedPicture

router = APIRouter(prefix="/v1/projects/{project}/jobs/{job_id}/evaluation", tags=["evaluations of jobs"])


def _folder(
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    trial: Annotated[str, Query(description="A trial of a search; the best where left out.", pattern=TRIAL)] = "",
) -> str:
    """Raises: Refusal: there is none."""
    record = context.jobs.get(project, job_id)
    if record.kind not in ("train", "tune"):
        raise Refusal("NOT_FOUND", f"job {job_id} trains nothing, so it has no evaluation")
    inner = ("trials", trial) if trial else ()
    return files.parent(found(record, "evaluation", *inner, "evaluation", RESULTS))


Folder = Annotated[str, Depends(_folder)]
Number = Annotated[int, Path(ge=0, le=2**31, description="The picture's number, from 1.")]


class JobEvaluation(Evaluation):
    """A model's figures, with what the server knows of the pictures."""

    dataset: str = Field(default="", description="name of the project's data set that the pictures are of")


@router.get("", summary="Give the evaluation of a job's best model", response_model=JobEvaluation)
def get_evaluation(folder: Folder, project: Project, context: Given) -> Any:
    """Metrics, classes with their curves, the confusion matrix, and how many errors of which kind there are."""
    found = read_evaluation(folder)
    return answers.resource_answer(JobEvaluation(**dict(found), dataset=dataset_of(context, project, found.data)))


@router.get("/errors", summary="List errors in the kept pictures", response_model=answers.FindingList)
def list_errors(folder: Folder, wanted: answers.AskedFindings, page: AskedPage) -> Any:
    """Where a row or a column of the confusion matrix is named, all boxes that are counted there, right ones too."""
    return answers.findings_answer(folder, wanted, page)


@router.get("/pictures", summary="List the kept pictures", response_model=answers.PictureSummaryList)
def list_pictures(folder: Folder, page: AskedPage) -> Any:
    """At most 200, the worst first, some without an error last."""
    return answers.pictures_answer(folder, page)


@router.get("/pictures/{number}", summary="Give a kept picture with its boxes", response_model=JudgedPicture)
def get_picture(folder: Folder, number: Number) -> Any:
    """Labelled boxes, predictions from the threshold on, and what became of each."""
    return answers.picture_answer(folder, number)


@router.get("/pictures/{number}/image", summary="Show a kept picture", response_class=Response, responses=answers.JPEG)
def show_picture(folder: Folder, number: Number) -> Response:
    """Smaller than it is, without boxes; boxes are in its pixels."""
    return answers.image_answer(folder, number, answers.kept_count(folder))
