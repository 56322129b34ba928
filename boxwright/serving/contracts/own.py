"""Boxwright's own contract: pictures in, boxes in pixels with the names of their classes out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from boxwright.predictions import boxes_as_json
from boxwright.serving import docs_page
from boxwright.serving.answer import NUMBER, TEXT, WHOLE, Answer, a_list, an_object, told
from boxwright.serving.body import PICTURES, from_base64, kind_of, read_json, read_picture
from boxwright.serving.contracts import label_studio
from boxwright.serving.fetch import Fetcher
from boxwright.serving.found import Found, Selection
from boxwright.serving.given import OnShelf, Settings
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import OWN_ERROR, Rejection, errors_as, own_body
from boxwright.spec.serving import ServeSettings

router = APIRouter(tags=["boxwright"], dependencies=[Depends(errors_as(own_body))])

Named = tuple[str, bytes]
"""A picture's name, empty where it has none, and its encoded bytes."""

BOX = an_object(
    *("class_id", "class", "score", "xmin", "ymin", "xmax", "ymax"),
    **{"class_id": WHOLE, "class": TEXT, "score": NUMBER},
    **dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), NUMBER),
)
IMAGE = an_object("width", "height", "boxes", image=TEXT, width=WHOLE, height=WHOLE, boxes=a_list(BOX))
PREDICTED = an_object("model", "version", "images", model=TEXT, version=TEXT, images=a_list(IMAGE))
PREDICTED_OR_LABELLED = {"anyOf": [PREDICTED, label_studio.RESULTS]}

FILES = {"type": "object", "additionalProperties": a_list({"type": "string", "format": "binary"})}
GIVEN = an_object(
    urls=a_list(TEXT),
    images=a_list({"anyOf": [an_object("b64", b64=TEXT), an_object("url", url=TEXT)]}),
)
BODY: dict[str, Any] = {
    "requestBody": {
        "description": "One picture; several files; or JSON with `urls`, or with `images` as `b64` or `url` each. JSON "
        "with `tasks` is a request of Label Studio.",
        "required": True,
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {"schema": FILES},
            "application/json": {
                "schema": {"anyOf": [GIVEN, an_object("tasks", "label_config", tasks=a_list(an_object()))]}
            },
        },
    },
    docs_page.EXAMPLES: [
        "curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' '{url}/predict?threshold=0.5'",
        "curl -F a=@one.jpg -F b=@two.png '{url}/predict?limit=10'",
        "curl --json '{\"urls\": [\"https://example.com/photo.jpg\"]}' '{url}/predict?classes=cat,dog'",
    ],
}

TAKEN = (*PICTURES, "application/json", "multipart/form-data", "application/x-www-form-urlencoded")
"""Content types of /predict. The last one is what curl says where nobody has said anything."""

Threshold = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="Weakest score.")]
Limit = Annotated[int | None, Query(ge=0, le=1_000_000, description="Most boxes of a picture, best first.")]
Classes = Annotated[str, Query(description="Names or ids of the classes that count, between commas; all by default.")]


@router.head("/", include_in_schema=False)
@router.get("/", summary="Welcome", responses=told(an_object("status", "model", "version"), OWN_ERROR))
async def welcome(shelf: OnShelf) -> Answer:
    """Which models are served here, and where to read on."""
    model = shelf.first
    return Answer(
        {
            "status": "UP",
            "model_class": model.name,
            "model": model.name,
            "version": model.version,
            "classes": [one.name for one in model.card.classes],
            "models": [{"model": one.name, "version": one.version} for one in shelf.models],
            "docs": "/docs",
        }
    )


@router.get("/docs", summary="What can be asked for", response_class=HTMLResponse)
async def docs(request: Request, shelf: OnShelf) -> Response:
    """The routes of the OpenAPI document as a page without scripts, and without anything from elsewhere."""
    url = str(request.base_url).rstrip("/")
    page = docs_page.page_of(request.app.openapi(), shelf.first, url)
    return HTMLResponse(page, headers=docs_page.HEADERS)


@router.post(
    "/predict",
    summary="Find objects in pictures",
    responses={
        **told(PREDICTED_OR_LABELLED, OWN_ERROR, "Boxes of each picture in its pixels, best first."),
        415: {"description": "The body is no picture, form or JSON."},
    },
    openapi_extra=BODY,
)
async def predict(
    *,
    request: Request,
    shelf: OnShelf,
    settings: Settings,
    studios: Annotated[label_studio.Studios, Depends(label_studio.studios_of)],
    threshold: Threshold = 0.0,
    limit: Limit = None,
    classes: Classes = "",
) -> Answer:
    """Boxes are [xmin, ymin, xmax, ymax] in pixels of the upright picture, as `boxwright predict` writes them."""
    model = shelf.first
    selection = Selection(threshold, limit, _ids(classes, model))
    if kind_of(request) == "application/json":
        body = await read_json(request)
        if "tasks" in body:
            return Answer(await label_studio.predict(body, model, settings, studios))
        pictures = await _described(body, settings)
    else:
        pictures = await _sent(request, settings)
    found = await model.detect_all([encoded for _, encoded in pictures], selection)
    images = [_image(name, one) for (name, _), one in zip(pictures, found, strict=True)]
    return Answer({"model": model.name, "version": model.version, "images": images})


def _image(name: str, found: Found) -> dict[str, Any]:
    named = {"image": name} if name else {}
    return {**named, "width": found.width, "height": found.height, "boxes": boxes_as_json(found.prediction)}


async def _sent(request: Request, settings: ServeSettings) -> list[Named]:
    """Pictures that are the body, or files of a form."""
    if kind_of(request) != "multipart/form-data":
        return [("", await read_picture(request, TAKEN))]
    async with request.form(max_files=settings.max_pictures, max_fields=settings.max_pictures) as form:
        files = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
        pictures = [(one.filename or "", await one.read()) for one in files]
    if not pictures:
        raise Rejection(400, "the form holds no file; send pictures as -F name=@photo.jpg does")
    return pictures


async def _described(body: Mapping[str, Any], settings: ServeSettings) -> list[Named]:
    """Pictures that JSON names or holds."""
    unknown = set(body) - {"urls", "images"}
    if unknown or len(body) != 1:
        raise Rejection(400, f"the request must hold 'urls' or 'images', one of them, got {sorted(body)[:10]}")
    (name, listed), *_ = body.items()
    if not isinstance(listed, list) or not listed:
        raise Rejection(400, f"{name} must be a list of at least one picture")
    if len(listed) > settings.max_pictures:  # before anything is fetched
        raise Rejection(413, f"a request may hold at most {settings.max_pictures} (--max-pictures) pictures")
    given = [{"url": one} for one in listed] if name == "urls" else listed
    return await _fetched([_place(one, f"{name}[{number}]") for number, one in enumerate(given)], settings)


def _place(one: object, where: str) -> str | bytes:
    """A picture's URL, or its bytes."""
    match one:
        case {"url": str(url), **others} if not others:
            return url
        case {"b64": text, **others} if not others:
            return from_base64(text, f"{where}.b64")
    raise Rejection(400, f"{where} must be a URL as a text, or in images {{'b64': ...}} or {{'url': ...}}")


async def _fetched(places: Sequence[str | bytes], settings: ServeSettings) -> list[Named]:
    fetcher = Fetcher(settings.fetch, settings.max_request_bytes)
    fetched = iter(await fetcher.fetch_all([one for one in places if isinstance(one, str)]))
    return [(one[:2000], next(fetched)) if isinstance(one, str) else ("", one) for one in places]


def _ids(text: str, model: ServedModel) -> frozenset[int] | None:
    """Outer ids of classes by name or id; None for all."""
    if not text.strip():
        return None
    known = {str(one.id): one.id for one in model.card.classes} | {one.name: one.id for one in model.card.classes}
    asked = [one.strip() for one in text.split(",") if one.strip()]
    unknown = [one for one in asked if one not in known]
    if unknown:
        names = ", ".join(one.name for one in model.card.classes[:50])
        raise Rejection(400, f"classes: there is no {unknown[0][:100]!r}; the model knows {names}")
    return frozenset(known[one] for one in asked)
