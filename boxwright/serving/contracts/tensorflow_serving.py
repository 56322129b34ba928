"""TensorFlow Serving's REST interface: predict, status and metadata of a model.

Its versions are whole numbers there; here they are any text, and may be asked for as labels.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from boxwright.serving.answer import TEXT, Answer, Schema, a_list, an_object, taken, told
from boxwright.serving.body import read_json
from boxwright.serving.given import OnShelf, Settings
from boxwright.serving.instances import (
    B64,
    INSTANCE,
    NAMES,
    PICTURE,
    PREDICTION,
    SIGNATURE,
    Instance,
    bytes_of,
    check_signature,
    prediction,
    read_instances,
)
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import Rejection, errors_as

ERROR = an_object("error", error=TEXT)


def error_body(one: Rejection) -> dict[str, Any]:
    """TensorFlow Serving's form of an error."""
    return {"error": one.message}


router = APIRouter(tags=["tensorflow serving"], dependencies=[Depends(errors_as(error_body))])

COLUMNS = an_object(PICTURE, encoded_image=a_list(B64), key=a_list(TEXT))
REQUEST: Schema = {
    "anyOf": [
        an_object("instances", instances=a_list(INSTANCE, minItems=1), signature_name=TEXT),
        an_object("inputs", inputs={"anyOf": [COLUMNS, a_list(B64, minItems=1)]}, signature_name=TEXT),
    ]
}
OUTPUTS = an_object(**{name: a_list(one) for name, one in PREDICTION["properties"].items()})
PREDICTED: Schema = {
    "anyOf": [an_object("predictions", predictions=a_list(PREDICTION)), an_object("outputs", outputs=OUTPUTS)]
}
STATE = an_object(version=TEXT, state=TEXT, status=an_object(error_code=TEXT, error_message=TEXT))
STATUS = an_object("model_version_status", model_version_status=a_list(STATE))
METADATA = an_object("model_spec", "metadata", model_spec=an_object(), metadata=an_object())


async def _latest(shelf: OnShelf, model: str) -> list[ServedModel]:
    return _found(shelf, model, None)


async def _version(shelf: OnShelf, model: str, version: str) -> list[ServedModel]:
    return _found(shelf, model, version)


async def _label(shelf: OnShelf, model: str, label: str) -> list[ServedModel]:
    return _found(shelf, model, label)


def _found(shelf: OnShelf, name: str, version: str | None) -> list[ServedModel]:
    """What a path names, the one that answers last. Raises: Rejection: 404, in words that clients look for."""
    try:
        return shelf.versions(name) if version is None else [shelf.find(name, version)]
    except Rejection as error:
        asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
        raise Rejection(404, f"Servable not found for request: {asked}; {error.message}") from error


def _add_routes(path: str, find: Any) -> None:
    @router.post(
        f"{path}:predict",
        summary="Find objects in pictures, in the outputs of the SavedModel",
        responses=told(PREDICTED, ERROR),
        openapi_extra=taken(REQUEST),
    )
    async def predict(request: Request, models: Annotated[Any, Depends(find)], settings: Settings) -> Answer:
        """Rows: `instances` are answered by `predictions`; columns: `inputs` are answered by `outputs`."""
        return Answer(await _predict(models[-1], await read_json(request), settings.max_pictures))

    @router.get(path, summary="State of a model's versions", responses=told(STATUS, ERROR))
    async def status(models: Annotated[Any, Depends(find)]) -> Answer:
        """Versions that are served here are available."""
        return Answer({"model_version_status": [_state(one) for one in models]})

    @router.get(f"{path}/metadata", summary="The signature of a model", responses=told(METADATA, ERROR))
    async def metadata(models: Annotated[Any, Depends(find)]) -> Answer:
        """Inputs and outputs of its SavedModel, with types, shapes and names of tensors."""
        return Answer(_metadata(models[-1]))


for _path, _find in {"": _latest, "/versions/{version}": _version, "/labels/{label}": _label}.items():
    _add_routes("/v1/models/{model}" + _path, _find)


async def _predict(model: ServedModel, body: Mapping[str, Any], limit: int) -> dict[str, Any]:
    check_signature(body)
    if ("instances" in body) == ("inputs" in body):
        raise Rejection(400, "Missing 'inputs' or 'instances' key; a request has one of them, and not both")
    rows = "instances" in body
    instances = read_instances(body, limit) if rows else _from_columns(body["inputs"], limit)
    keys = [_key(one.key, number) for number, one in enumerate(instances)]
    found = await model.detect_all([one.encoded for one in instances])
    answers = [prediction(one, model.slots, key) for one, key in zip(found, keys, strict=True)]
    return (
        {"predictions": answers} if rows else {"outputs": {name: [one[name] for one in answers] for name in answers[0]}}
    )


def _from_columns(inputs: object, limit: int) -> list[Instance]:
    columns = inputs if isinstance(inputs, dict) and "b64" not in inputs else {PICTURE: inputs}
    name = next((one for one in NAMES if one in columns), PICTURE)
    if unknown := columns.keys() - {name, "key"}:
        raise Rejection(
            400, f"'inputs' has {', '.join(map(repr, sorted(unknown)))}; the model takes {PICTURE!r} and 'key'"
        )
    pictures = _listed(columns.get(name))
    if not pictures or len(pictures) > limit:
        raise Rejection(
            413 if pictures else 400, f"'inputs' must hold 1 to {limit} pictures (--max-pictures) in {name!r}"
        )
    keys = _listed(columns.get("key", [""] * len(pictures)))
    if len(keys) != len(pictures):
        raise Rejection(400, f"'inputs' has {len(pictures)} pictures and {len(keys)} keys; give as many, or no keys")
    read = [bytes_of(one, f"inputs.{name}[{number}]") for number, one in enumerate(pictures)]
    return [Instance(*one) for one in zip(read, keys, strict=True)]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _key(key: object, number: int) -> Any:
    """A key as the tensor of texts gives it back: a text, or bytes in base64 where they are none."""
    if isinstance(key, str):
        return key
    if not isinstance(key, dict):
        raise Rejection(400, f"key {number} is of type {type(key).__name__}, not of expected type: string")
    try:
        return bytes_of(key, f"key {number}").decode("utf-8")
    except UnicodeDecodeError:
        return key


def _state(model: ServedModel) -> dict[str, Any]:
    return {"version": model.version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


def _metadata(model: ServedModel) -> dict[str, Any]:
    inputs = {"encoded_image": ("STRING", "encoded_image_string_tensor:0", ()), "key": ("STRING", "key:0", ())}
    outputs = {
        "detection_boxes": ("FLOAT", "detection_boxes:0", (model.slots, 4)),
        "detection_classes": ("FLOAT", "detection_classes:0", (model.slots,)),
        "detection_scores": ("FLOAT", "detection_scores:0", (model.slots,)),
        "key": ("STRING", "Identity:0", ()),
        "num_detections": ("FLOAT", "num_detections:0", ()),
    }
    signature = {
        "inputs": {name: _tensor(*one) for name, one in inputs.items()},
        "outputs": {name: _tensor(*one) for name, one in outputs.items()},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": model.name, "signature_name": "", "version": model.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _tensor(kind: str, name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    sizes = [{"size": str(size), "name": ""} for size in (-1, *shape)]
    return {"dtype": f"DT_{kind}", "tensor_shape": {"dim": sizes, "unknown_rank": False}, "name": name}
