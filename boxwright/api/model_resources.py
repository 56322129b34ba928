"""Models, versions and operations as the API gives them, and the shape of it for the API's description."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from boxwright.api.resources import time_text
from boxwright.spec.deployment import ModelRequest, VersionRequest, VersionState
from boxwright.spec.resource import Resource
from boxwright.store.model_records import ModelRecord, OperationKind, OperationRecord, VersionRecord

MODEL_OUTPUT = frozenset({"defaultVersion", "etag", "traffic"})
VERSION_OUTPUT = frozenset({"isDefault", "createTime", "lastUseTime", "state", "errorMessage", "etag"})
"""Fields that only the server writes when a resource is made; they are read and left out."""

TYPES = "type.googleapis.com/"
FAILED_PRECONDITION = 9
"""Of google.rpc.Code."""


class Version(VersionRequest):
    """A version of a model. Times are RFC 3339 in UTC; fields that hold nothing are left out."""

    is_default: bool = Field(False, description="output only; whether it answers where no version is named")
    create_time: str = Field("", description="output only")
    last_use_time: str = Field("", description="output only; to the minute")
    state: VersionState = Field("CREATING", description="output only")
    error_message: str = Field("", description="output only; why it failed, or why the last update was undone")
    etag: str = ""


class Model(ModelRequest):
    """A model, which is an endpoint: a name under which versions are served."""

    default_version: Version | None = Field(None, description="output only; `versions.setDefault` changes it")
    traffic: dict[str, int] = Field(
        {}, description="ours: percentage of requests by version; all to the default where empty"
    )
    etag: str = Field("", description="changes with every change of the model; base64")


class ModelList(Resource):
    """A page of models by name."""

    models: tuple[Model, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class VersionList(Resource):
    """A page of versions by name."""

    versions: tuple[Version, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class Metadata(Resource):
    """What an operation does."""

    create_time: str
    start_time: str
    end_time: str = ""
    operation_type: OperationKind
    model_name: str
    version: Version | None = None


class OperationError(Resource):
    """Why an operation failed; `code` is google.rpc.Code's number."""

    code: int
    message: str


class Operation(Resource):
    """Something that takes a while."""

    name: str
    metadata: Metadata
    done: bool = False
    error: OperationError | None = None
    response: dict[str, Any] | None = Field(None, description="what it made, where it is done without an error")


class OperationList(Resource):
    """A page of operations by name."""

    operations: tuple[Operation, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


def model_name(project: str, model: str) -> str:
    """Full name of a model."""
    return f"projects/{project}/models/{model}"


def model_json(record: ModelRecord, default: VersionRecord | None) -> dict[str, Any]:
    """A model as the API gives it.

    Args:
        default: its default version, where it has one.
    """
    given = {
        **record.request,
        "name": model_name(record.project, record.name),
        "defaultVersion": version_json(record, default) if default else {},
        "traffic": record.traffic,
        "etag": record.etag,
    }
    return _filled(given)


def version_json(model: ModelRecord, record: VersionRecord) -> dict[str, Any]:
    """A version as the API gives it."""
    given = {
        **record.request,
        "name": f"{model_name(model.project, model.name)}/versions/{record.name}",
        "isDefault": model.default_version == record.name,
        "createTime": time_text(record.create_time),
        "lastUseTime": time_text(record.last_use_time),
        "state": record.state,
        "errorMessage": record.error_message,
        "etag": record.etag,
    }
    return _filled(given)


def operation_json(record: OperationRecord, model: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """An operation as the API gives it.

    Args:
        model, version: what it works on as it is now, empty where it is not there.
    """
    done = record.end_time is not None
    metadata = {
        "@type": f"{TYPES}google.cloud.ml.v1.OperationMetadata",
        "createTime": time_text(record.create_time),
        "startTime": time_text(record.create_time),
        "endTime": time_text(record.end_time),
        "operationType": record.kind,
        "modelName": model_name(record.project, record.model),
        "version": version,
    }
    given: dict[str, Any] = {
        "name": f"projects/{record.project}/operations/{record.name}",
        "metadata": _filled(metadata),
        "done": done,
    }
    if done and record.error_message:
        return {**given, "error": {"code": FAILED_PRECONDITION, "message": record.error_message}}
    if not done:
        return _filled(given)
    return {**given, "response": _response(record.kind, model, version)}


def _response(kind: OperationKind, model: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    if kind.startswith("DELETE"):
        return {"@type": f"{TYPES}google.protobuf.Empty"}
    resource, made = ("Model", model) if kind == "UPDATE_MODEL" else ("Version", version)
    return {"@type": f"{TYPES}google.cloud.ml.v1.{resource}", **made}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", {}, [], None, False)}
