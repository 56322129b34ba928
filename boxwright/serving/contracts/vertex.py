"""Vertex AI: the routes of its custom containers, and the one that its clients call.

A container is told its routes by environment variables, which `boxwright serve` reads; without them they have the form
that Vertex AI gives them by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request

from boxwright.serving.answer import (
    NUMBER,
    SHARE,
    TEXT,
    WHOLE,
    Answer,
    Schema,
    a_list,
    an_object,
    any_text,
    taken,
    told,
)
from boxwright.serving.body import as_number, as_whole, from_base64, read_json
from boxwright.serving.found import EVERYTHING, Found, Selection
from boxwright.serving.given import OnShelf, Settings
from boxwright.serving.google_error import ERROR, error_body
from boxwright.serving.instances import INSTANCE, PREDICTION, Instance, prediction, read_instance, read_list
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import Rejection, errors_as
from boxwright.spec.serving import ServeSettings

MAX_PREDICTIONS = 10
"""Detections of an AutoML instance where `maxPredictions` is left out, as the service has it."""

AUTOML = an_object("content", content={**TEXT, "format": "byte"}, mimeType=TEXT)
PARAMETERS = an_object(confidenceThreshold=SHARE, maxPredictions={**WHOLE, "minimum": 0})
REQUEST = an_object("instances", instances=a_list({"anyOf": [AUTOML, INSTANCE]}, minItems=1), parameters=PARAMETERS)
DETECTIONS = an_object(
    *("ids", "displayNames", "confidences", "bboxes"),
    ids=a_list(TEXT),
    displayNames=a_list(TEXT),
    confidences=a_list(SHARE),
    bboxes={**a_list(a_list(NUMBER, minItems=4, maxItems=4)), "description": "[xMin, xMax, yMin, yMax], shares"},
)
PREDICTED = an_object("predictions", predictions=a_list({"anyOf": [DETECTIONS, PREDICTION]}))
RESOURCE: Schema = an_object(
    "predictions",
    **PREDICTED["properties"],
    **dict.fromkeys(("deployedModelId", "model", "modelDisplayName", "modelVersionId"), TEXT),
)


def _new() -> APIRouter:
    return APIRouter(tags=["vertex ai"], dependencies=[Depends(errors_as(error_body))])


router = _new()


@router.get(
    "/v1/endpoints/{endpoint}/deployedModels/{deployed}",
    summary="Whether a custom container is well",
    responses=told(an_object(), ERROR),
    openapi_extra=any_text("endpoint", "deployed"),
)
async def default_health() -> Answer:
    """The route where AIP_HEALTH_ROUTE is left to Vertex AI."""
    return Answer({})


@router.post(
    "/v1/endpoints/{endpoint}/deployedModels/{deployed}:predict",
    summary="Find objects in pictures, as a custom container",
    responses=told(PREDICTED, ERROR),
    openapi_extra=taken(REQUEST, "endpoint", "deployed"),
)
async def default_predict(request: Request, shelf: OnShelf, settings: Settings) -> Answer:
    """The route of a custom container where AIP_PREDICT_ROUTE is left to Vertex AI."""
    return await _predict(request, shelf.first, settings)


@router.post(
    "/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:predict",
    summary="Find objects in pictures, as an endpoint that clients call",
    responses=told(RESOURCE, ERROR),
    openapi_extra=taken(REQUEST, "project", "location"),
)
async def endpoint_predict(request: Request, endpoint: str, shelf: OnShelf, settings: Settings) -> Answer:
    """The endpoint is a model's name; the project and the location may be any."""
    model = shelf.find(endpoint)
    place = "projects/{project}/locations/{location}".format_map(request.path_params)
    named = {
        "deployedModelId": model.version,
        "model": f"{place}/models/{model.name}",
        "modelDisplayName": model.name,
        "modelVersionId": model.version,
    }
    return await _predict(request, model, settings, named)


def routes_of(settings: ServeSettings) -> APIRouter:
    """The routes that a container is told to have: `health_route` and `predict_route`, each where it is given."""
    routes = _new()

    async def told_health() -> Answer:
        """Whether the container is well."""
        return Answer({})

    async def told_predict(request: Request, shelf: OnShelf, settings: Settings) -> Answer:
        """Find objects in pictures, as a custom container."""
        return await _predict(request, shelf.first, settings)

    if settings.health_route:
        routes.get(settings.health_route, responses=told(an_object(), ERROR))(told_health)
    if settings.predict_route:
        answers = told(PREDICTED, ERROR)
        routes.post(settings.predict_route, responses=answers, openapi_extra=taken(REQUEST))(told_predict)
    return routes


@dataclass(frozen=True)
class _Given:
    """An instance, and whether it is written as AutoML's."""

    instance: Instance
    automl: bool


async def _predict(
    request: Request, model: ServedModel, settings: ServeSettings, named: Mapping[str, str] | None = None
) -> Answer:
    body = await read_json(request)
    threshold, limit = _parameters(body.get("parameters"))
    given = [_read(one, f"instances[{number}]") for number, one in enumerate(read_list(body, settings.max_pictures))]
    found = await model.detect_all([one.instance.encoded for one in given], Selection(threshold))
    answers = [_answer(*pair, model.slots, limit) for pair in zip(found, given, strict=True)]
    return Answer({"predictions": answers, **(named or {})})


def _parameters(given: object) -> tuple[float, int | None]:
    """Least score and most detections. Raises: Rejection: 400."""
    if not isinstance(given, dict | None):
        raise Rejection(400, "parameters must be an object with confidenceThreshold and maxPredictions")
    values = given or {}
    threshold, limit = values.get("confidenceThreshold"), values.get("maxPredictions")
    least = EVERYTHING.threshold if threshold is None else as_number(threshold, "parameters.confidenceThreshold")
    most = None if limit is None else as_whole(limit, "parameters.maxPredictions")
    Selection(least, most)  # refuses what is out of range
    return least, most


def _read(given: object, place: str) -> _Given:
    if isinstance(given, dict) and "content" in given:
        return _Given(Instance(from_base64(given["content"], f"{place}.content")), automl=True)
    return _Given(read_instance(given, place), automl=False)


def _answer(found: Found, given: _Given, slots: int, limit: int | None) -> dict[str, Any]:
    if not given.automl:
        return prediction(found.select(Selection(limit=limit)), slots, given.instance.key)
    kept = found.select(Selection(limit=MAX_PREDICTIONS if limit is None else limit))
    rows = kept.rows()
    return {
        "ids": [str(kind.id) for kind, _, _ in rows],
        "displayNames": [kind.name for kind, _, _ in rows],
        "confidences": [score for _, score, _ in rows],
        "bboxes": kept.shares()[:, [0, 2, 1, 3]].tolist(),
    }
