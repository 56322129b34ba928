"""Predictions: requests of every serving contract, brought to the worker processes of a model."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, Response

from boxwright.api.answers import response_of
from boxwright.api.deps import Given, ModelName, Project, VersionName, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, Form, Refusal, errors_as
from boxwright.api.sagemaker_form import INVOKED, VARIANT, refused
from boxwright.endpoints.message import NOT_TO_WORKERS, Call, header, without
from boxwright.spec.deployment import read_endpoint

router = APIRouter(tags=["predictions"])

NAMED_VERSION = re.compile(r"(?:^|/)versions/([^/:]+)")
"""A version in the path of TensorFlow Serving and KServe."""

PLAIN_ERRORS = ("v1/models/", "v2/")
"""Contracts whose errors are {"error": "words"}."""

OF_ANY_KIND: dict[str, Any] = {"requestBody": {"content": {"*/*": {"schema": {}}}}}
ANSWERED = DESCRIBED_BESIDE | {200: {"content": {"*/*": {"schema": {}}}, "description": "what the model answers"}}


async def read_call(request: Request, target: bytes) -> Call:
    """A request as a worker gets it.

    Args:
        target: path, as it is written in the request's first line.
    """
    query = request.scope["query_string"]
    headers = without(request.scope["headers"], NOT_TO_WORKERS)
    return Call(request.method, target + (b"?" + query if query else b""), headers, await request.body())


@router.post(
    "/v1/projects/{project}/models/{model}:predict",
    summary="Ask a model, as AI Platform Prediction is asked",
    response_class=Response,
    responses=ANSWERED,
    openapi_extra=OF_ANY_KIND,
)
async def predict(_: Viewer, project: Project, model: ModelName, request: Request, context: Given) -> Response:
    """The default version answers, or those that share the traffic."""
    call = await read_call(request, request.scope["raw_path"])
    return response_of(await context.deployed.gateway.forward(project, model, call))


@router.post(
    "/v1/projects/{project}/models/{model}/versions/{version}:predict",
    summary="Ask a version of a model, as AI Platform Prediction is asked",
    response_class=Response,
    responses=ANSWERED,
    openapi_extra=OF_ANY_KIND,
)
async def predict_with_version(
    *, _: Viewer, project: Project, model: ModelName, version: VersionName, request: Request, context: Given
) -> Response:
    """That version answers, whatever its share of the traffic is."""
    call = await read_call(request, request.scope["raw_path"])
    return response_of(await context.deployed.gateway.forward(project, model, call, version))


def _form(request: Request) -> Form:
    """The form of errors that the client of an endpoint expects."""
    rest = request.path_params.get("rest", "invocations")
    if rest == "invocations":
        return refused
    return _plainly if rest.startswith(PLAIN_ERRORS) else Refusal.response


def _plainly(refusal: Refusal) -> Response:
    return JSONResponse({"error": refusal.message}, refusal.code, refusal.headers)


endpoints = APIRouter(prefix="/endpoints/{endpoint}", tags=["predictions"], dependencies=[Depends(errors_as(_form))])

EndpointName = Annotated[str, Path(description="A model's name; with PROJECT-- before it outside the project local.")]


@endpoints.post(
    "/invocations",
    summary="Ask an endpoint, as SageMaker's runtime is asked",
    response_class=Response,
    responses=ANSWERED,
    openapi_extra=OF_ANY_KIND,
)
async def invoke_endpoint(_: Viewer, endpoint: EndpointName, request: Request, context: Given) -> Response:
    """`X-Amzn-SageMaker-Target-Variant` names a version."""
    project, model = read_endpoint(endpoint, context.default_project)
    call = await read_call(request, f"/endpoints/{model}/invocations".encode())
    answer = await context.deployed.gateway.forward(project, model, call, header(call.headers, VARIANT))
    response = response_of(answer)
    response.headers[INVOKED] = answer.version
    return response


async def pass_on(
    _: Viewer,
    endpoint: EndpointName,
    rest: Annotated[str, Path(description="Path that the model's process knows.")],
    request: Request,
    context: Given,
) -> Response:
    """Any other path of `boxwright serve`: TensorFlow Serving's, KServe's, Label Studio's, our own."""
    project, model = read_endpoint(endpoint, context.default_project)
    target = b"/" + request.scope["raw_path"].split(b"/", 3)[3]
    call = await read_call(request, target)
    named = NAMED_VERSION.search(rest)
    version = named[1] if named else header(call.headers, VARIANT)
    return response_of(await context.deployed.gateway.forward(project, model, call, version))


for method, summary, extra in (("GET", "Look at", {}), ("POST", "Ask", OF_ANY_KIND)):
    endpoints.add_api_route(
        "/{rest:path}",
        pass_on,
        methods=[method],
        summary=f"{summary} an endpoint in any other way that `boxwright serve` knows",
        response_class=Response,
        responses=ANSWERED,
        openapi_extra=extra,
        operation_id=f"pass_on_{method.lower()}",
    )

router.include_router(endpoints)
