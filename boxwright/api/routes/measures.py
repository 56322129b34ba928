"""What Prometheus reads."""

from fastapi import APIRouter
from fastapi.responses import Response

from boxwright.api.deps import Context, Given, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE
from boxwright.endpoints.meter import CONTENT_TYPE

router = APIRouter(tags=["server"])

SHOWN = DESCRIBED_BESIDE | {200: {"content": {"text/plain": {"schema": {}}}, "description": "Prometheus's text format"}}


@router.get("/metrics", summary="Measures for Prometheus", response_class=Response, responses=SHOWN)
def measures(_: Viewer, context: Given) -> Response:
    """Requests to endpoints, their seconds, worker processes that answer, and jobs by state."""
    _count(context)
    return Response(context.deployed.meter.text(), media_type=CONTENT_TYPE)


def _count(context: Context) -> None:
    """What is counted only when it is asked for."""
    meter = context.deployed.meter
    meter.workers.clear()
    for (project, model), endpoint in context.deployed.fleet.endpoints.items():
        for name, (_, deployment) in endpoint.versions.items():
            meter.workers.labels(project, model, name).set(len(deployment.usable()))
    meter.jobs.clear()
    for (project, state), number in context.jobs.counts().items():
        meter.jobs.labels(project, state).set(number)
