"""What is asked of the process itself: whether it is well, its measures, and what it answers."""

from fastapi import APIRouter
from fastapi.responses import Response

from boxwright.serving.given import Measures
from boxwright.serving.metrics import CONTENT_TYPE

router = APIRouter(tags=["process"])


@router.get("/metrics", summary="Measures for Prometheus", response_class=Response)
async def measures(metrics: Measures) -> Response:
    """Requests, seconds, sizes of batches, pictures that wait, in Prometheus's text format."""
    return Response(metrics.text(), media_type=CONTENT_TYPE)
