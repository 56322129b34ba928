"""Projects, which exist as soon as they are named."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from boxwright.api.deps import Given, Project, Viewer, limits_of
from boxwright.api.resources import ProjectConfig, ProjectList

router = APIRouter(prefix="/v1/projects", tags=["projects"])


@router.get("", summary="List projects", response_model=ProjectList)
def list_projects(_: Viewer, context: Given) -> Any:
    """All that hold jobs, models or data sets, and the one that the command line uses."""
    names = sorted({context.default_project, *context.jobs.projects()})
    return JSONResponse({"projects": [{"name": name} for name in names]})


@router.get("/{project}:getConfig", summary="Tell what a project's jobs run on", response_model=ProjectConfig)
def get_config(_: Viewer, project: Project, context: Given) -> Any:
    """The machine, the folders that jobs may write below, and whether jobs that ask for more are run all the same."""
    limits = limits_of(project, context)
    found = {"config": {}, "machine": str(limits.machine), "roots": [*limits.roots, limits.default_root]}
    return JSONResponse({**found, "allowSubstitute": limits.allow_substitute})
