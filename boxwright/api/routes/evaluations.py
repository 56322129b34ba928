"""Evaluations: trained models measured on labelled data, and two of them compared picture by picture."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from boxwright.api.cards import KnownCards
from boxwright.api.deps import Body, Given, Project, Trainer, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.evaluation_resources import (
    OUTPUT,
    ComparedPictures,
    Evaluation,
    EvaluationList,
    FullEvaluation,
    NewEvaluation,
)
from boxwright.api.evaluations import compared, evaluation_json, figures_of, found_of, picture_json, question_of
from boxwright.api.paging import Page, UnfilteredPage
from boxwright.api.resources import Empty
from boxwright.bench.compare import Show
from boxwright.bench.pictures import picture
from boxwright.bench.record import Evaluation as Record
from boxwright.files import confined
from boxwright.spec.resource import describe

router = APIRouter(prefix="/v1/projects/{project}/evaluations", tags=["evaluations"])

EvaluationId = Annotated[str, Path(description="The evaluation's id.")]

MOST = 100
USUAL = 20
"""Entries of a page."""

AN_EVALUATION = {"requestBody": {"content": {"application/json": {"schema": NewEvaluation.model_json_schema()}}}}
JPEG: dict[int | str, dict[str, Any]] = DESCRIBED_BESIDE | {
    200: {"content": {"image/jpeg": {}}, "description": "the picture"}
}


@router.post(
    "", summary="Measure a trained model on labelled data", response_model=Evaluation, openapi_extra=AN_EVALUATION
)
def create_evaluation(_: Trainer, project: Project, body: Body, context: Given, cards: KnownCards) -> Any:
    """The same question is answered by the same evaluation: nothing is computed twice. One after another is made."""
    asked = NewEvaluation.read({name: value for name, value in body.items() if name not in OUTPUT})
    one = context.bench.ask(project, question_of(context, cards, project, asked))
    return JSONResponse(evaluation_json(context, one))


@router.get("", summary="List evaluations, the newest first", response_model=EvaluationList)
def list_evaluations(
    _: Viewer,
    project: Project,
    page: UnfilteredPage,
    context: Given,
    model: Annotated[str, Query(description="Id of a trained model; all where empty.")] = "",
) -> Any:
    """Of this server."""

    def listed(size: int, token: str) -> tuple[list[Record], str]:
        found = [one for one in context.bench.shelf.list(project) if model in ("", one.question.model)]
        return cut(found, size, token)

    return page.answer("evaluations", listed, lambda one: evaluation_json(context, one))


@router.get(":compare", summary="Compare two evaluations picture by picture", response_model=ComparedPictures)
def compare_evaluations(
    *,
    _: Viewer,
    project: Project,
    page: UnfilteredPage,
    context: Given,
    evaluations: Annotated[str, Query(description="Two ids with a comma between them; made on the same data.")],
    show: Annotated[Show, Query(description="Which pictures.")] = "ALL",
    threshold: Annotated[float, Query(ge=0.05, le=1, description="Score from which predictions count.")] = 0.5,
    start: Annotated[
        int, Query(ge=0, le=2**31, description="Place of the first picture, from 0, without pageToken.")
    ] = 0,
) -> Any:
    """Errors are counted as `boxwright evaluate` counts them; a model without any in a picture is right there."""
    ids = [one.strip() for one in evaluations.split(",")]
    if len(ids) != 2:
        raise Refusal.of_field("evaluations", f"must be two ids with a comma between them, got {evaluations!r}")
    comparison = compared(context, [context.bench.shelf.get(project, one) for one in ids], round(threshold, 3))
    numbers, token = _picked(page, start, comparison.pictures(show).tolist())
    place = f"/v1/projects/{project}/evaluations/{ids[0]}/pictures"
    shown = {
        "evaluations": ids,
        "threshold": comparison.threshold,
        "classes": list(comparison.classes),
        "counts": comparison.counts(),
        "pictures": [picture_json(comparison, number, f"{place}/{number}/image") for number in numbers],
    }
    return JSONResponse(shown | ({"nextPageToken": token} if token else {}))


@router.get("/{evaluation}", summary="Describe an evaluation", response_model=FullEvaluation)
def get_evaluation(_: Viewer, project: Project, evaluation: EvaluationId, context: Given) -> Any:
    """With all its figures once it has succeeded."""
    one = context.bench.shelf.get(project, evaluation)
    figures = figures_of(context, one) if one.state == "SUCCEEDED" else {}
    return JSONResponse(evaluation_json(context, one) | ({"figures": figures} if figures else {}))


@router.get(
    "/{evaluation}/pictures/{number}/image", summary="Look at a picture", response_class=Response, responses=JPEG
)
def get_picture(
    *,
    _: Viewer,
    project: Project,
    evaluation: EvaluationId,
    number: Annotated[int, Path(ge=0, le=2**31, description="The picture's number, from 0.")],
    context: Given,
    width: Annotated[int, Query(ge=16, le=4096, description="Most pixels of the longer side.")] = 1280,
) -> Response:
    """As JPEG, as it is stored: boxes refer to it so."""
    one = context.bench.shelf.get(project, evaluation)
    found = found_of(context, one)
    if number >= len(found):
        raise Refusal("NOT_FOUND", f"evaluation {one.id} has {len(found)} pictures, numbered from 0, and no {number}")
    try:
        with confined(context.bench.roots):
            data = picture(one.question, number, found.sources[number], len(found), width)
    except (OSError, ValueError, LookupError) as error:
        raise Refusal("NOT_FOUND", describe(error)) from error
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.post("/{evaluation}:cancel", summary="Cancel an evaluation", response_model=Evaluation)
def cancel_evaluation(_: Trainer, project: Project, evaluation: EvaluationId, context: Given) -> Any:
    """One that is over stays as it is, and that is no error. Asking for it again makes it anew."""
    return JSONResponse(evaluation_json(context, context.bench.cancel(context.bench.shelf.get(project, evaluation))))


@router.delete("/{evaluation}", summary="Delete an evaluation", response_model=Empty)
def delete_evaluation(_: Trainer, project: Project, evaluation: EvaluationId, context: Given) -> Any:
    """It is ended if need be, and what was found is deleted."""
    context.bench.remove(context.bench.shelf.get(project, evaluation))
    return JSONResponse({})


def cut(found: list[Record], size: int, token: str) -> tuple[list[Record], str]:
    """A page of a list that new entries may stand before. Raises: ValueError: no such token."""
    first = 0
    if token:
        after = _unwritten(token)
        first = next((place for place, one in enumerate(found) if one.id == after), len(found) - 1) + 1
    end = first + min(size or USUAL, MOST)
    return found[first:end], _written(found[end - 1].id) if end < len(found) else ""


def _picked(page: Page, start: int, numbers: list[int]) -> tuple[list[int], str]:
    try:
        first = int(_unwritten(page.token)) if page.token else start
    except ValueError as error:
        rule = f"must be the nextPageToken of the page before, got {page.token!r}"
        raise Refusal.of_field("pageToken", rule) from error
    end = first + min(page.size or USUAL, MOST)
    return numbers[first:end], _written(str(end)) if end < len(numbers) else ""


def _written(place: str) -> str:
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()


def _unwritten(token: str) -> str:
    try:
        word, _, place = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word != "after":
            raise ValueError(word)
    except ValueError as error:
        raise ValueError(f"pageToken must be the nextPageToken of the page before, got {token!r}") from error
    return place
