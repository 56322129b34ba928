"""Label Studio's contract with ML backends. `POST /predict` with tasks comes here from `own`, which has that address.

`GET /metrics` is Prometheus's here: Label Studio does not read what its own backends answer there, `{}`.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urljoin

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from boxwright.serving.answer import NUMBER, TEXT, Answer, a_list, an_object, taken, told
from boxwright.serving.body import read_json
from boxwright.serving.fetch import Fetcher
from boxwright.serving.found import Found, Selection
from boxwright.serving.given import OnShelf
from boxwright.serving.label_config import BoxTag, left_out, read_label_config
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import OWN_ERROR, Rejection, errors_as, own_body
from boxwright.spec.serving import ServeSettings

THRESHOLD = 0.3
"""The weakest score that is drawn where the labelling interface says nothing, as in `boxwright predict --draw`."""

URL, TOKEN = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
"""Environment variables, as for Label Studio's own backends: where it is, and a token that may read its pictures."""

EVENTS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATION_DELETED", "START_TRAINING")

MOST_PROJECTS = 1000
"""Projects whose address is remembered; the oldest is forgotten first."""

VERSION = an_object("model_version", model_version=TEXT)
RESULTS = an_object(
    "results",
    results=a_list(an_object("result", result=a_list(an_object()), score=NUMBER, model_version=TEXT)),
    left_out=a_list(TEXT),
)

router = APIRouter(tags=["label studio"], dependencies=[Depends(errors_as(own_body))])


class Studios:
    """Where the pictures of projects are: what the environment says, else what Label Studio said in /setup."""

    def __init__(self) -> None:
        self._by_project: dict[str, tuple[str, str]] = {}

    def remember(self, project: str, hostname: str, token: str) -> None:
        """A project's Label Studio; the latest word counts."""
        self._by_project.pop(project, None)
        while len(self._by_project) >= MOST_PROJECTS:
            del self._by_project[next(iter(self._by_project))]
        self._by_project[project] = (hostname, token)

    def find(self, project: str) -> tuple[str, str]:
        """URL and token; empty where they are not known."""
        url = os.environ.get(URL, "")
        return (url, os.environ.get(TOKEN, "")) if url else self._by_project.get(project, ("", ""))


async def studios_of(request: Request) -> Studios:
    """The addresses that this process has been told."""
    found: Studios | None = getattr(request.app.state, "studios", None)
    if found is None:
        request.app.state.studios = found = Studios()
    return found


def version_of(model: ServedModel) -> str:
    """What Label Studio calls a model's version."""
    return f"{model.name}:{model.version}"


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="Tell that the model is loaded", responses=told(an_object("status"), OWN_ERROR))
async def health(shelf: OnShelf) -> Answer:
    """For Label Studio, and for load balancers."""
    return Answer({"status": "UP", "model_class": shelf.first.name, "model_version": version_of(shelf.first)})


@router.post(
    "/setup",
    summary="Connect a Label Studio project",
    responses=told(VERSION, OWN_ERROR),
    openapi_extra=taken(an_object(project=TEXT, schema=TEXT, hostname=TEXT, access_token=TEXT)),
)
async def setup(request: Request, shelf: OnShelf, studios: Annotated[Studios, Depends(studios_of)]) -> Answer:
    """Reads the project's labelling interface and remembers where its pictures are."""
    body = await read_json(request)
    hostname, token = _text(body, "hostname"), _text(body, "access_token")
    if hostname:
        studios.remember(_text(body, "project"), hostname, token)
    config = _text(body, "schema")
    missing = left_out(read_label_config(config), _names(shelf.first)) if config else []
    return Answer({"model_version": version_of(shelf.first), "left_out": missing})


@router.post(
    "/validate",
    summary="Check a labelling interface",
    responses=told(an_object("status"), OWN_ERROR),
    openapi_extra=taken(an_object("config", config=TEXT)),
)
async def validate(request: Request, shelf: OnShelf) -> Answer:
    """Whether the model's boxes can be drawn with it; `left_out` names the classes that it has no label for."""
    config = read_label_config(_text(await read_json(request), "config"))
    return Answer({"status": "ok", "left_out": left_out(config, _names(shelf.first))})


@router.post("/versions", summary="Versions of the model", responses=told(an_object("versions"), OWN_ERROR))
async def versions(shelf: OnShelf) -> Answer:
    """All that are served."""
    return Answer({"versions": [version_of(one) for one in shelf.models]})


@router.post(
    "/webhook",
    summary="An event of a Label Studio project",
    status_code=201,
    responses={201: {"description": "A known event."}, **told(an_object("status"), OWN_ERROR, "Another event.")},
    openapi_extra=taken(an_object(action=TEXT)),
)
async def webhook(request: Request) -> Response:
    """Events are taken note of, and change nothing: a served model does not learn."""
    action = _text(await read_json(request), "action")
    if action in EVENTS:
        return Answer({"result": {}, "status": "ok"}, 201)
    return Answer({"status": "Unknown event"}, 200)


async def predict(
    body: Mapping[str, Any], model: ServedModel, settings: ServeSettings, studios: Studios
) -> dict[str, Any]:
    """The predictions for the tasks of a request; one whose picture cannot be had is empty and says why.

    Raises:
        Rejection: 400 a request or labelling interface at fault, or no picture of it can be had.
    """
    config = read_label_config(_text(body, "label_config"))
    tasks = _tasks(body, settings.max_pictures)
    studio, token = studios.find(_text(body, "project"))
    pictures = await _pictures([_address(one, config, studio) for one in tasks], settings, studio, token)
    faults = [one for one in pictures if isinstance(one, Rejection)]
    if faults and len(faults) == len(pictures):
        raise faults[0]
    threshold = THRESHOLD if config.threshold is None else config.threshold
    found = iter(await model.detect_all([one for one in pictures if isinstance(one, bytes)], Selection(threshold)))
    results = [
        {"result": [], "score": 0.0, "model_version": version_of(model), "error": one.message}
        if isinstance(one, Rejection)
        else _prediction(next(found), config, version_of(model))
        for one in pictures
    ]
    return {"results": results, "left_out": left_out(config, _names(model))}


async def _pictures(
    addresses: Sequence[str | Rejection], settings: ServeSettings, studio: str, token: str
) -> list[bytes | Rejection]:
    trusted = studio if studio == os.environ.get(URL) else ""  # what a request names is an address like any other
    headers = {studio: {"Authorization": f"Token {token}"}} if studio and token else {}
    fetcher = Fetcher(settings.fetch, settings.max_request_bytes, trusted=trusted, headers=headers)
    fetched = iter(await fetcher.fetch_each([one for one in addresses if isinstance(one, str)]))
    return [next(fetched) if isinstance(one, str) else one for one in addresses]


def _tasks(body: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
    tasks = body.get("tasks")
    if not isinstance(tasks, list) or not all(isinstance(one, dict) for one in tasks):
        raise Rejection(400, "tasks must be a list of objects with id and data")
    if len(tasks) > most:
        raise Rejection(413, f"a request may hold at most {most} (--max-pictures) tasks, got {len(tasks)}")
    return tasks


def _address(task: Mapping[str, Any], config: BoxTag, studio: str) -> str | Rejection:
    """The URL of a task's picture, or why there is none."""
    data = task.get("data")
    url = data.get(config.key) if isinstance(data, dict) else None
    if not isinstance(url, str) or not url:
        return Rejection(400, f"task {task.get('id')}: data has no picture's address under {config.key!r}")
    if studio or not url.startswith("/"):
        return urljoin(studio, url)
    return Rejection(
        400,
        f"task {task.get('id')}: {url[:100]!r} is a path of Label Studio, and where that is is not known; set "
        f"{URL} and {TOKEN} for this server",
    )


def _prediction(found: Found, config: BoxTag, version: str) -> dict[str, Any]:
    """The boxes that the labelling interface has a label for; the score is their mean."""
    labels = [config.label(kind.name) for kind in found.prediction.classes]
    shares, scores = found.shares().tolist(), found.prediction.scores.tolist()
    drawn = [(label, score, box) for label, score, box in zip(labels, scores, shares, strict=True) if label is not None]
    return {
        "result": [_box(found, config, *one) for one in drawn],
        "score": round(sum(score for _, score, _ in drawn) / max(len(drawn), 1), 6),
        "model_version": version,
    }


def _box(found: Found, config: BoxTag, label: str, score: float, box: Sequence[float]) -> dict[str, Any]:
    """A region in percent of the picture as Label Studio shows it, which is upright, too."""
    xmin, ymin, xmax, ymax = (100 * value for value in box)
    sides = {"x": xmin, "y": ymin, "width": xmax - xmin, "height": ymax - ymin}
    return {
        "from_name": config.from_name,
        "to_name": config.to_name,
        "type": "rectanglelabels",
        "original_width": found.width,
        "original_height": found.height,
        "image_rotation": 0,
        "value": {
            **{name: round(value, 4) for name, value in sides.items()},
            "rotation": 0,
            "rectanglelabels": [label],
        },
        "score": round(score, 6),
    }


def _text(body: Mapping[str, Any], name: str) -> str:
    """A text of a request; empty where it is left out or null."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Rejection(400, f"{name} must be a text, got {type(value).__name__}")
    return value


def _names(model: ServedModel) -> list[str]:
    return [one.name for one in model.card.classes]
