"""Models: `projects.models` of AI Platform Prediction v1."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from boxwright.api.deps import Body, Context, Given, ModelName, Project, Trainer, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.model_resources import MODEL_OUTPUT, Model, ModelList, Operation, model_json
from boxwright.api.operation_answers import answer_of
from boxwright.api.paging import UnfilteredPage
from boxwright.spec.deployment import ModelRequest
from boxwright.store.model_records import ModelMissing, ModelRecord, VersionRecord

router = APIRouter(prefix="/v1/projects/{project}/models", tags=["models"])

DEFAULT_VERSION = ("defaultVersion.name", "default_version.name")
DESCRIBED = ("description", "labels")
MASK_PATHS = (*DESCRIBED, "traffic", "etag", *DEFAULT_VERSION)
"""What PATCH can name in its updateMask."""

A_MODEL = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Model"}}}}}


@router.post("", summary="Make a model", response_model=Model, openapi_extra=A_MODEL)
def create_model(_: Trainer, project: Project, body: Body, context: Given) -> Any:
    """A name under which versions are served; the first version becomes its default."""
    request = ModelRequest.read({name: value for name, value in body.items() if name not in MODEL_OUTPUT})
    record = context.deployed.models.create(project, request.written())
    context.deployed.fleet.look_again()
    return JSONResponse(model_json(record, None))


@router.get("", summary="List models", response_model=ModelList)
def list_models(_: Viewer, project: Project, page: UnfilteredPage, context: Given) -> Any:
    """By name, each with its default version."""

    def listed(size: int, token: str) -> Any:
        return context.deployed.models.list(project, page_size=size, page_token=token)

    return page.answer("models", listed, lambda one: model_json(one, default_of(context, one)))


@router.get("/{model}", summary="Describe a model", response_model=Model)
def get_model(_: Viewer, project: Project, model: ModelName, context: Given) -> Any:
    """With its default version and how its traffic is split."""
    record = context.deployed.models.get(project, model)
    return JSONResponse(model_json(record, default_of(context, record)))


@router.patch("/{model}", summary="Change a model", response_model=Operation, openapi_extra=A_MODEL)
def update_model(
    *,
    _: Trainer,
    project: Project,
    model: ModelName,
    body: Body,
    context: Given,
    mask: Annotated[str, Query(alias="updateMask", description=", ".join(MASK_PATHS[:5]))] = "",
) -> Any:
    """The operation is done at once. `traffic` splits requests between versions that are READY."""
    paths = read_mask(mask, MASK_PATHS)
    described = ModelRequest.read({"name": model, **{path: body[path] for path in DESCRIBED if path in body}})
    fields: dict[str, Any] = {path: getattr(described, path) for path in DESCRIBED if path in paths}
    operation = context.deployed.models.update(
        project,
        model,
        fields=fields,
        traffic=_traffic(body) if "traffic" in paths else None,
        default=_default(body) if set(paths) & {*DEFAULT_VERSION} else None,
        etag=str(body.get("etag", "")) if "etag" in paths else "",
    )[1]
    context.deployed.fleet.look_again()
    return JSONResponse(answer_of(context, operation))


@router.delete("/{model}", summary="Delete a model", response_model=Operation)
def delete_model(_: Trainer, project: Project, model: ModelName, context: Given) -> Any:
    """It must have no versions. The operation is done at once."""
    operation = context.deployed.models.delete(project, model)
    context.deployed.fleet.look_again()
    return JSONResponse(answer_of(context, operation))


def default_of(context: Context, record: ModelRecord) -> VersionRecord | None:
    """The default version of a model, where it has one."""
    if not record.default_version:
        return None
    try:
        return context.deployed.versions.get(record.project, record.name, record.default_version)
    except ModelMissing:  # deleted a moment ago
        return None


def read_mask(mask: str, known: tuple[str, ...]) -> list[str]:
    """Paths of an updateMask. Raises: Refusal: none, or some that cannot change."""
    paths = [path.strip() for path in mask.split(",") if path.strip()]
    if not paths or not set(paths) <= {*known}:
        rule = f"must name some of {', '.join(known)}; nothing else can change"
        raise Refusal.of_field("updateMask", f"{rule}; got {mask!r}")
    return paths


def _traffic(body: Mapping[str, Any]) -> dict[str, int]:
    traffic = body.get("traffic", {})
    if not isinstance(traffic, dict) or not all(type(percent) is int for percent in traffic.values()):
        raise Refusal.of_field("traffic", f'must be an object such as {{"v1": 90, "v2": 10}}, got {traffic!r}')
    return traffic


def _default(body: Mapping[str, Any]) -> str:
    version = body.get("defaultVersion")
    name = version.get("name") if isinstance(version, dict) else None
    if not isinstance(name, str) or not name:
        raise Refusal.of_field("defaultVersion.name", f"updateMask names it, so it must be given, got {name!r}")
    return name.rpartition("/")[2]
