"""Records of the store as the JSON that the API gives, and the shape of it for the API's description."""

import datetime
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from boxwright.spec.job import State, TrainingInput
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import Resource
from boxwright.store.records import JobRecord

OUTPUT_ONLY = frozenset(
    {
        "createTime",
        "startTime",
        "endTime",
        "state",
        "errorMessage",
        "trainingOutput",
        "predictionOutput",
        "jobPosition",
        "note",
        "algorithm",
        "machine",
        "progress",
    }
)
"""Fields of a job that only the server writes. A job that was described and is submitted again still has them."""

INT64 = ("completedTrialCount", "trainingStep")


class Metric(Resource):
    """A number that an evaluation found."""

    training_step: str = Field("", description="int64 as text")
    objective_value: float = 0.0


class ModelOutput(Resource):
    """What a built-in algorithm leaves behind."""

    framework: str = ""
    runtime_version: str = ""
    python_version: str = ""
    model_path: str = ""


class Trial(Resource):
    """One trial of a study."""

    trial_id: str = ""
    hyperparameters: dict[str, str] = {}
    state: State = "QUEUED"
    start_time: str = ""
    end_time: str = ""
    final_metric: Metric | None = None
    all_metrics: tuple[Metric, ...] = ()
    is_trial_stopped_early: bool = False
    built_in_algorithm_output: ModelOutput | None = None


class TrainingOutput(Resource):
    """Results so far."""

    completed_trial_count: str = Field("", description="int64 as text")
    trials: tuple[Trial, ...] = ()
    is_hyperparameter_tuning_job: bool = False
    is_built_in_algorithm_job: bool = False
    built_in_algorithm_output: ModelOutput | None = None
    hyperparameter_metric_tag: str = ""


class PredictionOutput(Resource):
    """Results of a batch prediction so far."""

    output_path: str = ""
    prediction_count: str = Field("", description="int64 as text")
    error_count: str = Field("", description="int64 as text; inputs in which nothing could be looked for")
    node_hours: float = 0.0


class Progress(Resource):
    """How far a job is, and how good its model, as its runner saw it last. Of a search the steps are its trials."""

    step: int = 0
    max_steps: int = Field(0, description="0 where it is not known yet")
    eta_seconds: float | None = Field(None, description="until the last step, at `updateTime`; only of running jobs")
    best_metric: str = Field("", description="which number decides, such as AP")
    best_value: float | None = None
    best_step: int = Field(0, description="at which it was measured; of a search, the trial")
    update_time: str = ""


class Job(Resource):
    """A job, of training or of prediction. Times are RFC 3339 in UTC; fields that hold nothing are left out."""

    job_id: str = Field(description="1 to 128 letters, digits and underscores, the first a letter")
    training_input: TrainingInput | None = None
    prediction_input: PredictionInput | None = Field(None, description="instead of trainingInput")
    labels: dict[str, str] = {}
    etag: str = Field("", description="changes with every change of the job; base64")
    create_time: str = Field("", description="output only")
    start_time: str = Field("", description="output only")
    end_time: str = Field("", description="output only")
    state: State = Field("QUEUED", description="output only")
    error_message: str = Field("", description="output only; why the job failed or was cancelled")
    training_output: TrainingOutput | None = Field(None, description="output only")
    prediction_output: PredictionOutput | None = Field(None, description="output only")
    job_position: str = Field("", description="output only; place in the queue from 1, int64 as text; not in lists")
    note: str = Field("", description="output only; how machines were mapped, and what a queued job waits for")
    algorithm: str = Field("", description="output only; its name; batch_prediction or wait where none is trained")
    machine: str = Field("", description="output only; where it runs, or ran last")
    progress: Progress | None = Field(None, description="output only; how far it is")


class JobList(Resource):
    """A page of jobs, the newest first."""

    jobs: tuple[Job, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class ProjectConfig(Resource):
    """What a project's jobs run on. The service accounts of the managed service have no counterpart."""

    config: dict[str, str] = {}
    machine: str = Field("", description="what the server's machine has")
    roots: tuple[str, ...] = Field((), description="folders that jobs may write below")
    allow_substitute: bool = Field(False, description="whether jobs that ask for more are run here all the same")


class ProjectName(Resource):
    """A project."""

    name: str


class ProjectList(Resource):
    """Projects by name."""

    projects: tuple[ProjectName, ...] = ()


class Empty(Resource):
    """Nothing: it is done."""


def job_json(record: JobRecord, position: int = 0) -> dict[str, Any]:
    """A job as the API gives it.

    Args:
        record: from the store.
        position: place in the queue from 1; 0 leaves it out.
    """
    given: dict[str, Any] = {
        "jobId": record.job_id,
        **{name: record.request[name] for name in ("trainingInput", "predictionInput") if name in record.request},
        "createTime": time_text(record.create_time),
        "startTime": time_text(record.start_time),
        "endTime": time_text(record.end_time),
        "state": record.state,
        "errorMessage": record.error_message,
        "predictionOutput" if record.kind == "prediction" else "trainingOutput": _with_int64(record.output),
        "labels": record.labels,
        "etag": record.etag,
        "jobPosition": str(position) if position else "",
        "note": record.note,
        "algorithm": record.algorithm,
        "machine": record.standing.get("machine", ""),
        "progress": _progress(record),
    }
    return {name: value for name, value in given.items() if value not in ("", {})}


def job_row(record: JobRecord) -> dict[str, Any]:
    """A job as a long list shows it: without the trials of a search."""
    found = job_json(record)
    output = {name: value for name, value in found.pop("trainingOutput", {}).items() if name != "trials"}
    return {**found, "trainingOutput": output} if output else found


def _progress(record: JobRecord) -> dict[str, Any]:
    found = dict(record.standing.get("progress", {}))
    if record.state not in ("RUNNING", "CANCELLING"):
        found.pop("etaSeconds", None)
    if "updateTime" in found:
        found["updateTime"] = time_text(found["updateTime"])
    return found


def time_text(seconds: float | None) -> str:
    """Seconds since 1970 as RFC 3339 in UTC with milliseconds; empty for None."""
    if seconds is None:
        return ""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _with_int64(value: Any) -> Any:
    """Whole numbers of 64 bits as texts, as Google's JSON has them."""
    if isinstance(value, Mapping):
        return {
            name: str(one) if name in INT64 and isinstance(one, int) else _with_int64(one)
            for name, one in value.items()
        }
    return [_with_int64(one) for one in value] if isinstance(value, list) else value
