"""Estimates as the API gives them."""

from typing import Any

from pydantic import Field

from boxwright.estimates.estimate import Estimate, State
from boxwright.spec.resource import Resource

GOOGLE_CODES = {"CANCELLED": 1, "FAILED_PRECONDITION": 9}
"""Numbers of google.rpc.Code."""


class EstimateMetadata(Resource):
    """How far a measurement is."""

    state: State
    phase: str = Field("", description="data, model, steps or evaluation")
    measured_steps: int = 0
    other_jobs_running: bool = Field(
        False, description="whether jobs ran on the machine meanwhile: the figures are then too pessimistic"
    )


class EstimateError(Resource):
    """Why there is no estimate."""

    code: int
    message: str
    status: str


class Cost(Resource):
    """What a job will cost. Seconds of training are at most those where it may end early."""

    total_seconds: float = Field(description="of the whole job; of a study, of all its trials")
    low_seconds: float
    high_seconds: float
    run_seconds: float = Field(description="of one run, or of one trial")
    trials: int = 1
    parallel_trials: int = Field(1, description="that gain time: trials on the processor share its cores")
    preparation_seconds: float = Field(description="until the first step")
    step_seconds: float
    steps: int
    measured_steps: int
    evaluation_seconds: float = Field(description="of one evaluation, with its checkpoint")
    evaluations: int
    export_seconds: float = Field(description="an allowance, not measured")
    batch_size: int
    image_size: tuple[int, int] = Field(description="height, width")
    training_pictures: int
    accelerator: str
    may_end_early: bool = False
    memory_bytes: int = Field(description="most main memory at once, in training")
    device_memory_bytes: int = Field(0, description="most memory of a GPU at once")
    disk_bytes: int = Field(description="of checkpoints and models, those of all trials")


class EstimateAnswer(Resource):
    """An estimate that is made, or done."""

    name: str
    metadata: EstimateMetadata
    done: bool = False
    error: EstimateError | None = None
    response: Cost | None = None


def estimate_json(one: Estimate) -> dict[str, Any]:
    """An estimate as the API gives it."""
    answer = EstimateAnswer(
        name=f"projects/{one.project}/estimates/{one.id}",
        metadata=EstimateMetadata(
            state=one.state, phase=one.phase, measured_steps=one.measured_steps, other_jobs_running=one.busy
        ),
        done=one.done,
        error=_error(one) if one.done and one.error else None,
        response=_cost(one) if one.state == "SUCCEEDED" else None,
    )
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


def _error(one: Estimate) -> EstimateError:
    status = "CANCELLED" if one.state == "CANCELLED" else "FAILED_PRECONDITION"
    return EstimateError(code=GOOGLE_CODES[status], message=one.error, status=status)


def _cost(one: Estimate) -> Cost:
    values = {name: value for name, value in one.values.items() if name in Cost.model_fields}
    totals = {name: one.rounds * one.values[name] for name in ("total_seconds", "low_seconds", "high_seconds")}
    return Cost(
        **{
            **values,
            **totals,
            "run_seconds": one.values["total_seconds"],
            "trials": one.trials,
            "parallel_trials": -(-one.trials // one.rounds),
            "disk_bytes": one.trials * one.values["disk_bytes"],
        }
    )
