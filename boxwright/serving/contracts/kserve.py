"""KServe's protocol of version 2, the Open Inference Protocol, with Triton's extension for binary tensors."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

import boxwright
from boxwright.imaging import Picture
from boxwright.serving import tensors
from boxwright.serving.answer import NUMBER, TEXT, WHOLE, Answer, Schema, a_list, an_object, told
from boxwright.serving.body import LARGE, as_number, as_whole
from boxwright.serving.found import Found, Selection
from boxwright.serving.given import exact, latest
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import Rejection, errors_as
from boxwright.serving.tensors import JSON_LENGTH, Tensor

PICTURES, PIXELS = "encoded_image", "image"

OUTPUTS = {
    "detection_boxes": ((4,), "[ymin, xmin, ymax, xmax] in shares of the upright picture's height and width"),
    "detection_classes": ((), "ids of the classes, from the model's labels"),
    "detection_scores": ((), "from 0 to 1, best first; slots without a detection hold 0"),
    "num_detections": (None, "slots that hold a detection"),
    "detection_class_names": ((), "names of the classes; empty in slots without a detection"),
}
"""Sizes after (pictures, slots), None where there are no slots, and what the numbers are."""

NAMES = "detection_class_names"

PARAMETERS = an_object(score_threshold=NUMBER, max_detections=WHOLE, binary_data_output={"type": "boolean"})
ERROR = an_object("error", error=TEXT)
TENSOR: Schema = an_object(
    "name", "shape", "datatype", name=TEXT, shape=a_list(WHOLE), datatype=TEXT, data={"type": "array"}
)
REQUEST = an_object(
    "inputs",
    id=TEXT,
    parameters=PARAMETERS,
    inputs=a_list(TENSOR, minItems=1),
    outputs=a_list(an_object("name", name=TEXT)),
)
INFERRED = an_object("model_name", "outputs", model_name=TEXT, model_version=TEXT, id=TEXT, outputs=a_list(TENSOR))
METADATA = an_object(
    "name",
    "inputs",
    "outputs",
    name=TEXT,
    versions=a_list(TEXT),
    platform=TEXT,
    inputs=a_list(TENSOR),
    outputs=a_list(TENSOR),
)
SERVER = an_object("name", "version", "extensions", name=TEXT, version=TEXT, extensions=a_list(TEXT))
YES = {"type": "boolean"}


def error_body(one: Rejection) -> dict[str, Any]:
    """The protocol's form of an error."""
    return {"error": one.message}


router = APIRouter(tags=["kserve v2"], dependencies=[Depends(errors_as(error_body))])


@router.get("/v2", summary="What server this is", responses=told(SERVER, ERROR))
async def server() -> Answer:
    """Name, version, and extensions of the protocol."""
    return Answer({"name": "boxwright", "version": boxwright.__version__, "extensions": ["binary_tensor_data"]})


@router.get("/v2/health/live", summary="Whether the process answers", responses=told(an_object(live=YES), ERROR))
async def live() -> Answer:
    """200."""
    return Answer({"live": True})


@router.get("/v2/health/ready", summary="Whether all models are loaded", responses=told(an_object(ready=YES), ERROR))
async def ready() -> Answer:
    """200: nothing is answered before."""
    return Answer({"ready": True})


def _add_routes(path: str, find: Any) -> None:
    @router.get(path, summary="Inputs and outputs of a model", responses=told(METADATA, ERROR))
    async def metadata(model: Annotated[Any, Depends(find)]) -> Answer:
        """Names, types and shapes; -1 stands for any size."""
        return Answer(_metadata(model))

    @router.get(
        f"{path}/ready", summary="Whether a model is loaded", responses=told(an_object(name=TEXT, ready=YES), ERROR)
    )
    async def model_ready(model: Annotated[Any, Depends(find)]) -> Answer:
        """200, or 404 where there is no such model."""
        return Answer({"name": model.name, "ready": True})

    @router.post(f"{path}/infer", summary="Find objects in pictures given as tensors", **_INFER)
    async def infer(request: Request, model: Annotated[Any, Depends(find)]) -> Response:
        """Encoded pictures as BYTES, in JSON or binary, or RGB pixels as UINT8."""
        return await _infer(request, model)


_BINARY: Schema = {"schema": {"type": "string", "format": "binary"}}
_INFER: dict[str, Any] = {
    "responses": told(INFERRED, ERROR),
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": REQUEST},
                "application/octet-stream": _BINARY,
                "image/jpeg": _BINARY,
            },
        }
    },
}
_INFER["responses"][200]["content"]["application/octet-stream"] = _BINARY

for _path, _find in {"": latest, "/versions/{version}": exact}.items():
    _add_routes("/v2/models/{model}" + _path, _find)


async def _infer(request: Request, model: ServedModel) -> Response:
    body, length = await _body(request), request.headers.get(JSON_LENGTH)
    if _is_picture(request, length):
        asked, pictures = dict[str, Any](), _pictures([Tensor(PICTURES, (1,), [body])])
    else:
        asked, given = await _read(body, length)
        pictures = _pictures(given)
    wanted = _wanted(asked)
    found = await model.detect_all(pictures, _selection(asked.get("parameters")))
    values = _values(found, model.slots)
    parts = [tensors.output(name, values[name], binary=binary) for name, binary in wanted.items()]
    named = {"id": asked["id"]} if isinstance(asked.get("id"), str) else {}
    answer = {"model_name": model.name, "model_version": model.version, **named, "outputs": [one for one, _ in parts]}
    if not any(wanted.values()):
        return Answer(answer)
    head = json.dumps(answer, separators=(",", ":")).encode()
    content = b"".join([head, *(raw for _, raw in parts)])
    return Response(content, media_type="application/octet-stream", headers={JSON_LENGTH: str(len(head))})


async def _read(body: bytes, length: str | None) -> tuple[dict[str, Any], list[Tensor]]:
    if len(body) < LARGE:
        return tensors.read(body, length)
    return await asyncio.to_thread(tensors.read, body, length)


async def _body(request: Request) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise Rejection(415, f"the body must come as it is; content encoding {encoding!r} is not read")
    return await request.body()


def _is_picture(request: Request, length: str | None) -> bool:
    """Whether the body is one picture: its type says so, or that it holds no JSON."""
    return length == "0" or (length is None and request.headers.get("content-type", "").startswith("image/"))


def _pictures(given: Sequence[Tensor]) -> list[bytes | Picture]:
    """The pictures of a request's only input."""
    names = [one.name for one in given]
    if len(given) != 1 or names[0] not in (PICTURES, PIXELS):
        raise Rejection(400, f"a request has one input: {PICTURES!r} of BYTES or {PIXELS!r} of UINT8; got {names}")
    (tensor,) = given
    if isinstance(tensor.values, list):
        found: list[bytes | Picture] = [*tensor.values]
    elif len(tensor.shape) not in (3, 4) or tensor.shape[-1] != 3 or 0 in tensor.shape:
        raise Rejection(400, f"UINT8 is RGB: (height, width, 3) or (pictures, height, width, 3); got {tensor.shape}")
    else:
        found = [*tensor.values.reshape(-1, *tensor.shape[-3:])]
    if not found:
        raise Rejection(400, f"the input {tensor.name!r} holds no picture")
    return found


def _wanted(asked: Mapping[str, Any]) -> dict[str, bool]:
    """Names of the outputs that are asked for, and whether each is to be binary."""
    binary = tensors.wants_binary(asked.get("parameters"), "binary_data_output", False)
    given = asked.get("outputs") or [{"name": name} for name in OUTPUTS]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Rejection(400, "outputs must be a list of objects with a name")
    if unknown := [one.get("name") for one in given if one.get("name") not in tuple(OUTPUTS)]:
        raise Rejection(400, f"there is no output {unknown[0]!r}; there is {', '.join(OUTPUTS)}")
    return {one["name"]: tensors.wants_binary(one.get("parameters"), "binary_data", binary) for one in given}


def _selection(parameters: object) -> Selection:
    given = parameters if isinstance(parameters, dict) else {}
    limit = given.get("max_detections")
    threshold = as_number(given.get("score_threshold", 0.0), "parameters.score_threshold")
    return Selection(threshold, None if limit is None else as_whole(limit, "parameters.max_detections"))


def _values(found: Sequence[Found], slots: int) -> dict[str, Any]:
    rows = [one.slots(slots) for one in found]
    values: dict[str, Any] = {
        name: np.array([row[name] for row in rows], np.float32) for name in OUTPUTS if name != NAMES
    }
    names = [[kind.name for kind in one.prediction.classes] for one in found]
    return {**values, NAMES: [row + [""] * (slots - len(row)) for row in names]}


def _metadata(model: ServedModel) -> dict[str, Any]:
    inputs = [
        {"name": PICTURES, "datatype": "BYTES", "shape": [-1], "parameters": {"content": "JPEG, PNG, GIF or BMP"}},
        {"name": PIXELS, "datatype": "UINT8", "shape": [-1, -1, -1, 3], "parameters": {"content": "RGB"}},
    ]
    outputs = [
        {
            "name": name,
            "datatype": "BYTES" if name == NAMES else "FP32",
            "shape": [-1] if sizes is None else [-1, model.slots, *sizes],
            "parameters": {"content": text},
        }
        for name, (sizes, text) in OUTPUTS.items()
    ]
    return {
        "name": model.name,
        "versions": [model.version],
        "platform": "onnxruntime_onnx",
        "inputs": inputs,
        "outputs": outputs,
    }
