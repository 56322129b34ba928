"""The numbers of a job over time: losses, accuracies, speed, memory."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from boxwright.api.curve_resources import JobMetrics
from boxwright.api.deps import Given, JobId, Project, Viewer
from boxwright.api.job_files import events_of

router = APIRouter(prefix="/v1/projects/{project}/jobs", tags=["jobs"])

TRIAL = "^([1-9][0-9]{0,5})?$"


@router.get("/{job_id}/metrics", summary="Give the numbers of a job over time", response_model=JobMetrics)
def get_metrics(
    *,
    _: Viewer,
    project: Project,
    job_id: JobId,
    context: Given,
    request: Request,
    names: Annotated[str, Query(description="Such as loss,AP50; without, only what there is is told.")] = "",
    trial: Annotated[str, Query(description="Number of a search's trial.", pattern=TRIAL)] = "",
    points: Annotated[int, Query(description="At most so many of each series.", ge=4, le=10_000)] = 1000,
    since: Annotated[int, Query(description="Only what comes after this step.", ge=-1, le=2**62)] = -1,
) -> Any:
    """Long series are thinned out; the highest and lowest points stay.

    `generation` changes when the series began anew, as after a run went on from a checkpoint: what was read with
    `since` is then void.
    """
    record = context.jobs.get(project, job_id)
    curves = request.app.state.curves.of(f"{record.job_dir}\0{trial}", lambda: events_of(record, trial))
    found = curves.answer([name.strip() for name in names.split(",") if name.strip()], since, points)
    return JSONResponse(found)
