"""Operations: `projects.operations` of AI Platform v1."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from boxwright.api.deps import Given, PageSize, PageToken, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.model_resources import Operation, OperationList
from boxwright.api.operation_answers import answer_of
from boxwright.api.routes.models import check_page

router = APIRouter(prefix="/v1/projects/{project}/operations", tags=["operations"])


@router.get("", summary="List operations", response_model=OperationList)
def list_operations(
    *,
    _: Viewer,
    project: Project,
    context: Given,
    filter: Annotated[str, Query(description="Not offered here; leave it out.")] = "",
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> Any:
    """By name, those that are done too."""
    check_page(filter, page_size)
    try:
        records, token = context.deployed.operations.list(project, page_size=page_size, page_token=page_token)
    except ValueError as error:
        raise Refusal.of_field("pageToken", str(error)) from error
    found = {"operations": [answer_of(context, one) for one in records], "nextPageToken": token}
    return JSONResponse({name: value for name, value in found.items() if value})


@router.get("/{operation}", summary="Tell how far an operation is", response_model=Operation)
def get_operation(
    _: Viewer,
    project: Project,
    operation: Annotated[str, Path(description="The operation's name.")],
    context: Given,
) -> Any:
    """`done` with `response` or `error`, or what it works on."""
    if "\0" in operation:
        raise Refusal("NOT_FOUND", f"project {project!r} has no operation {operation!r}")
    return JSONResponse(answer_of(context, context.deployed.operations.get(project, operation)))
