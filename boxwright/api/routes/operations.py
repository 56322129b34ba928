"""Operations: `projects.operations` of AI Platform v1."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from boxwright.api.deps import Given, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.model_resources import Operation, OperationList
from boxwright.api.operation_answers import answer_of
from boxwright.api.paging import UnfilteredPage

router = APIRouter(prefix="/v1/projects/{project}/operations", tags=["operations"])


@router.get("", summary="List operations", response_model=OperationList)
def list_operations(_: Viewer, project: Project, page: UnfilteredPage, context: Given) -> Any:
    """By name, those that are done too."""

    def listed(size: int, token: str) -> Any:
        return context.deployed.operations.list(project, page_size=size, page_token=token)

    return page.answer("operations", listed, lambda one: answer_of(context, one))


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
