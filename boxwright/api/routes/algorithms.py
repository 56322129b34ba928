"""Algorithms: what can be trained, with every argument, for people and programs that fill in a job."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from boxwright.algorithms import ALGORITHMS
from boxwright.api.algorithm_resources import AlgorithmDescription, AlgorithmList, algorithm_json
from boxwright.api.deps import Viewer
from boxwright.api.errors import Refusal

router = APIRouter(prefix="/v1/algorithms", tags=["algorithms"])


@router.get("", summary="List the built-in algorithms", response_model=AlgorithmList)
def list_algorithms(_: Viewer) -> Any:
    """With their arguments, the algorithm to begin with first."""
    return JSONResponse({"algorithms": [algorithm_json(name) for name in ALGORITHMS]})


@router.get("/{algorithm}", summary="Describe a built-in algorithm", response_model=AlgorithmDescription)
def get_algorithm(_: Viewer, algorithm: Annotated[str, Path(description="The algorithm's name.")]) -> Any:
    """Its arguments: type, unit, published default, limits, and what is derived where they are left out."""
    if algorithm not in ALGORITHMS:
        raise Refusal("NOT_FOUND", f"there is no algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}")
    return JSONResponse(algorithm_json(algorithm))
