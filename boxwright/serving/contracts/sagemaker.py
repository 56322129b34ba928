"""SageMaker's contract with containers, and that of its runtime with clients such as boto3.

A model of the TensorFlow algorithm answers as the TensorFlow detectors of SageMaker do, every other one as its MXNet
detector does. Classes are counted from 0, in both; boxes are [xmin, ymin, xmax, ymax]. AWS's page of the TensorFlow
algorithm names another order, and its own notebook unpacks this one.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response

from boxwright.serving.accept import MediaType, accepted
from boxwright.serving.answer import NUMBER, SHARE, TEXT, WHOLE, Answer, a_list, an_object, told
from boxwright.serving.body import PICTURE_BODY, PICTURES, read_picture
from boxwright.serving.found import Found, Selection
from boxwright.serving.given import OnShelf
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import OWN_ERROR, Rejection, errors_as, own_body

TENSORFLOW = "sagemaker_object_detection_tensorflow"
"""The algorithm whose models answer in the form of SageMaker's TensorFlow detectors."""

ANSWERS = ("application/json", "application/jsonlines")

VARIANT = "x-amzn-sagemaker-target-variant"

RETRIED = {429: "ThrottlingException", 503: "ServiceUnavailable"}
"""Errors of the runtime that its clients send again by themselves."""

ASKED_WRONGLY = {401: "AccessDeniedException", 404: "ValidationError"}
"""Errors of the runtime itself; everything else is one of the model."""


def runtime_error(one: Rejection) -> Response:
    """A rejection as SageMaker's runtime writes it: boto3 raises the class that the header names."""
    content: dict[str, Any]
    message = one.message[:2048]  # the longest that the service's own description allows
    kind = RETRIED.get(one.status) or ASKED_WRONGLY.get(one.status)
    if kind:
        status, content = {404: 400, 401: 403}.get(one.status, one.status), {"Message": message}
    elif one.status >= 500:
        kind, status, content = "InternalFailure", 500, {"Message": message}
    else:
        text = f"Received client error ({one.status}) from the model with message {message!r}"[:2048]
        kind, status, content = "ModelError", 424, {"Message": text, "OriginalMessage": message, "LogStreamArn": ""}
        content["OriginalStatusCode"] = one.status
    headers = {"x-amzn-ErrorType": kind, "x-amzn-RequestId": str(uuid4()), **one.headers}
    return Answer(content, status, headers)


router = APIRouter(tags=["sagemaker"], dependencies=[Depends(errors_as(own_body))])

Accept = Annotated[
    str,
    Header(
        description="`application/json`; `application/jsonlines`; with `;verbose` class names and the network's own "
        "outputs as well; with `;annotation=1` boxes in pixels; with `;n_predictions=K` only the best K."
    ),
]

FOUND = {
    "anyOf": [
        an_object("prediction", prediction=a_list(a_list(NUMBER, minItems=6, maxItems=6))),
        an_object(
            "normalized_boxes", "classes", "scores", normalized_boxes=a_list(a_list(SHARE)), classes=a_list(WHOLE)
        ),
        an_object("image_size", "annotations", image_size=a_list(an_object()), annotations=a_list(an_object())),
    ]
}
"""What every form of an answer has."""


@router.head("/ping", include_in_schema=False)
@router.get("/ping", summary="Tell that the model is loaded", response_class=Response)
async def ping() -> Response:
    """200 and nothing else, as SageMaker and load balancers want it."""
    return Response()


@router.post(
    "/invocations",
    summary="Find objects in the picture that is the body",
    responses=told(FOUND, OWN_ERROR, "What was found, best first."),
    openapi_extra=PICTURE_BODY,
    response_class=Response,
)
async def invocations(request: Request, shelf: OnShelf, accept: Accept = "") -> Response:
    """As SageMaker calls a container."""
    return await _answer(request, shelf.first, accept)


@router.post(
    "/endpoints/{name}/invocations",
    summary="InvokeEndpoint of SageMaker's runtime",
    dependencies=[Depends(errors_as(runtime_error))],
    responses=told(FOUND, an_object("Message", Message=TEXT), "What was found, best first."),
    openapi_extra=PICTURE_BODY,
    response_class=Response,
)
async def invoke_endpoint(
    request: Request,
    shelf: OnShelf,
    name: Annotated[str, Path(description="The model's name.")],
    accept: Accept = "",
    variant: Annotated[str, Header(alias=VARIANT, description="The model's version.")] = "",
) -> Response:
    """As boto3's `sagemaker-runtime` calls an endpoint; the signature of the request is not looked at."""
    model = shelf.find(name, variant or None)
    answer = await _answer(request, model, accept)
    answer.headers["x-Amzn-Invoked-Production-Variant"] = model.version
    answer.headers["x-amzn-RequestId"] = str(uuid4())
    return answer


async def _answer(request: Request, model: ServedModel, accept: str) -> Response:
    wanted = accepted(accept, ANSWERS)
    selection = Selection(limit=_count(wanted))
    found = await model.detect(await read_picture(request, PICTURES), selection)
    content = _form(wanted, model)(found, model)
    if wanted.name == "application/jsonlines":
        return Response(json.dumps(content) + "\n", media_type=wanted.name)
    return Answer(content)


def _count(wanted: MediaType) -> int | None:
    text = wanted.parameters.get("n_predictions")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Rejection(400, f"n_predictions must be a whole number from 0 on, got {text!r}")
    return int(text)


def _form(wanted: MediaType, model: ServedModel) -> Callable[[Found, ServedModel], dict[str, Any]]:
    if wanted.parameters.get("annotation") == "1":
        return annotations
    if "verbose" in wanted.parameters:
        return verbose
    return tensorflow if model.card.algorithm == TENSORFLOW else mxnet


def mxnet(found: Found, _: ServedModel) -> dict[str, Any]:
    """The answer of the MXNet detector: class, score and box, in shares of the picture's sides."""
    rows = zip(found.prediction.labels.tolist(), _scores(found), _shares(found), strict=True)
    return {"prediction": [[label, score, *box] for label, score, box in rows]}


def tensorflow(found: Found, _: ServedModel) -> dict[str, Any]:
    """The answer of TensorFlow detectors: boxes in shares of the picture's sides."""
    return {
        "normalized_boxes": _shares(found),
        "classes": found.prediction.labels.tolist(),
        "scores": _scores(found),
    }


def verbose(found: Found, model: ServedModel) -> dict[str, Any]:
    """With the names of all classes, `labels[classes[i]]`, and the SavedModel's own outputs for this one picture."""
    outputs = {name: [value] for name, value in found.slots(model.slots).items()}
    names = [one.name for one in model.card.classes]
    return {**tensorflow(found, model), "labels": names, "tensorflow_model_output": outputs}


def annotations(found: Found, _: ServedModel) -> dict[str, Any]:
    """Boxes in pixels, as SageMaker writes annotations."""
    rows = zip(found.prediction.labels.tolist(), _scores(found), found.prediction.boxes.tolist(), strict=True)
    return {
        "image_size": [{"width": found.width, "height": found.height, "depth": 3}],
        "annotations": [
            {
                "class_id": label,
                "score": score,
                "left": round(xmin, 2),
                "top": round(ymin, 2),
                "width": round(xmax - xmin, 2),
                "height": round(ymax - ymin, 2),
            }
            for label, score, (xmin, ymin, xmax, ymax) in rows
        ],
    }


def _scores(found: Found) -> list[float]:
    return [round(score, 6) for score in found.prediction.scores.tolist()]


def _shares(found: Found) -> list[list[float]]:
    return [[round(value, 6) for value in box] for box in found.shares().tolist()]
