"""Versions: `projects.models.versions` of AI Platform Prediction v1."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic.alias_generators import to_camel

from boxwright.api.deps import (
    Body,
    Context,
    Given,
    ModelName,
    Project,
    Trainer,
    VersionName,
    Viewer,
    limits_of,
)
from boxwright.api.model_resources import VERSION_OUTPUT, Operation, Version, VersionList, version_json
from boxwright.api.operation_answers import answer_of
from boxwright.api.paging import UnfilteredPage
from boxwright.api.routes.models import read_mask
from boxwright.endpoints.admission import admit
from boxwright.spec.deployment import VersionRequest
from boxwright.store.model_records import VersionRecord

router = APIRouter(prefix="/v1/projects/{project}/models/{model}/versions", tags=["versions"])

CHANGED = ("description", "labels", "deploymentUri", "settings", "manualScaling", "autoScaling")
MASK_PATHS = (
    *CHANGED,
    *("deployment_uri", "manual_scaling", "auto_scaling"),
    *("manualScaling.nodes", "manual_scaling.nodes", "autoScaling.minNodes", "auto_scaling.min_nodes"),
)
"""What PATCH can name in its updateMask; for a part of a field the whole of it is taken."""

A_VERSION = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Version"}}}}}


@router.post("", summary="Deploy a version", response_model=Operation, openapi_extra=A_VERSION)
def create_version(_: Trainer, project: Project, model: ModelName, body: Body, context: Given) -> Any:
    """The operation is done when its worker processes answer, or with why they do not."""
    request = _admitted(project, context, {name: value for name, value in body.items() if name not in VERSION_OUTPUT})
    operation = context.deployed.versions.create(project, model, request.written())[1]
    context.deployed.fleet.look_again()
    return JSONResponse(answer_of(context, operation))


@router.get("", summary="List versions", response_model=VersionList)
def list_versions(_: Viewer, project: Project, model: ModelName, page: UnfilteredPage, context: Given) -> Any:
    """By name."""
    owner = context.deployed.models.get(project, model)

    def listed(size: int, token: str) -> Any:
        return context.deployed.versions.list(project, model, page_size=size, page_token=token)

    return page.answer("versions", listed, lambda one: version_json(owner, one))


@router.get("/{version}", summary="Describe a version", response_model=Version)
def get_version(_: Viewer, project: Project, model: ModelName, version: VersionName, context: Given) -> Any:
    """With its state, and why it failed."""
    record = context.deployed.versions.get(project, model, version)
    return _answer(context, project, model, record)


@router.patch("/{version}", summary="Change a version", response_model=Operation, openapi_extra=A_VERSION)
def update_version(
    *,
    _: Trainer,
    project: Project,
    model: ModelName,
    version: VersionName,
    body: Body,
    context: Given,
    mask: Annotated[str, Query(alias="updateMask", description=", ".join(CHANGED))] = "",
) -> Any:
    """What is served goes on until the new worker processes answer; if they do not, the change is undone."""
    paths = {to_camel(path.partition(".")[0]) for path in read_mask(mask, MASK_PATHS)}
    before = context.deployed.versions.get(project, model, version).request
    kept = {name: value for name, value in before.items() if name not in paths}
    given = {name: body[name] for name in paths if name in body}
    written = _admitted(project, context, {**kept, **given}).written()
    changes = {name: written[name] if name in written else _NOTHING[name] for name in paths}
    operation = context.deployed.versions.update(project, model, version, changes)[1]
    context.deployed.fleet.look_again()
    return JSONResponse(answer_of(context, operation))


_NOTHING: Mapping[str, Any] = {
    "description": "",
    "labels": {},
    "settings": {},
    "manualScaling": None,
    "autoScaling": None,
}
"""What a field is that updateMask names and the request leaves out."""


@router.post("/{version}:setDefault", summary="Make a version the default", response_model=Version)
def set_default(_: Trainer, project: Project, model: ModelName, version: VersionName, context: Given) -> Any:
    """All requests that name no version go to it from now on; a split of traffic ends."""
    context.deployed.models.update(project, model, default=version)
    context.deployed.fleet.look_again()
    return _answer(context, project, model, context.deployed.versions.get(project, model, version))


@router.delete("/{version}", summary="Undeploy a version", response_model=Operation)
def delete_version(_: Trainer, project: Project, model: ModelName, version: VersionName, context: Given) -> Any:
    """Requests under way are answered. The default version goes last."""
    operation = context.deployed.versions.delete(project, model, version)
    context.deployed.fleet.look_again()
    return JSONResponse(answer_of(context, operation))


def _admitted(project: str, context: Context, values: Mapping[str, Any]) -> VersionRequest:
    limits = limits_of(project, context)
    return admit(VersionRequest.read(values), (*limits.roots, limits.default_root))


def _answer(context: Context, project: str, model: str, record: VersionRecord) -> JSONResponse:
    return JSONResponse(version_json(context.deployed.models.get(project, model), record))
