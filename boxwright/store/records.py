"""What the store keeps of a job, as frozen values, and what can go wrong with it."""

from dataclasses import dataclass, field
from typing import Any, TypedDict

from boxwright.spec.job import State

ACTIVE_STATES: tuple[State, ...] = ("PREPARING", "RUNNING", "CANCELLING")
"""States in which a runner owns a job."""


class StoreUnavailable(OSError):
    """The database cannot be reached or does not answer. Nothing was changed, or it is not known whether it was."""


class JobExists(ValueError):
    """The job's id was used before, or another unfinished job works in its folder."""


class JobMissing(LookupError):
    """There is no such job."""


class EtagMismatch(ValueError):
    """The job has changed since the caller read it."""


class LeaseLost(RuntimeError):
    """The job is no longer the caller's to change: it has ended, or another runner took it over."""


@dataclass(frozen=True)
class NewJob:
    """A job to be queued; the attributes are those of `JobRecord`."""

    project: str
    job_id: str
    kind: str
    request: dict[str, Any]
    job_dir: str
    algorithm: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    priority: int = 0
    note: str = ""
    max_wait: float | None = None
    max_running: float = 7 * 24 * 3600.0


@dataclass(frozen=True)
class JobRecord:
    """A job as it was when it was read. Times are in seconds since 1970, durations in seconds.

    Attributes:
        uid: grows from job to job; unique across projects.
        job_id: the user's name for it, unique in its project.
        kind: "train", "tune", "prediction" or "wait".
        request: what was submitted, as `JobRequest.written()` gives it.
        etag: another one after each change that a user can see; base64.
        priority: a larger one starts earlier.
        error_message: why it failed or was cancelled.
        note: why a queued job waits, and how the machines asked for were mapped.
        output: `trainingOutput` or `predictionOutput` of the API.
        faults: machine faults in a row, without progress between them.
        progress: the last step known to be saved.
        not_before: a queued job is not claimed earlier.
        owner: the runner that may change it; empty for none.
        lease_until: afterwards another runner may adopt it.
        host, pid, pid_started: machine, process and start of that process of its worker; pid 0 for none.
        cancel_requested: whether anybody asked for it to end.
        max_wait: longest time in the queue before it starts; None for no limit.
        max_running: longest time from `start_time` on.
        algorithm: name of the built-in algorithm; "batch_prediction" or "wait" where none is trained.
        standing: `progress` and `machine` of the API, as the runner saw them last.
        best_value: the number in `progress` that tells how good the job's model is; None before there is one.
    """

    uid: int
    project: str
    job_id: str
    kind: str
    state: State
    request: dict[str, Any]
    labels: dict[str, str]
    etag: str
    priority: int
    create_time: float
    start_time: float | None
    end_time: float | None
    job_dir: str
    error_message: str
    note: str
    output: dict[str, Any]
    faults: int
    progress: int
    not_before: float
    owner: str
    lease_until: float
    host: str
    pid: int
    pid_started: float
    cancel_requested: bool
    max_wait: float | None
    max_running: float
    algorithm: str
    standing: dict[str, Any]
    best_value: float | None


class Changes(TypedDict, total=False):
    """What the owner of a job may change."""

    state: State
    start_time: float | None
    end_time: float | None
    error_message: str
    note: str
    output: dict[str, Any]
    faults: int
    progress: int
    not_before: float
    lease_until: float
    host: str
    pid: int
    pid_started: float
    standing: dict[str, Any]
    best_value: float | None


VISIBLE = frozenset({"state", "start_time", "end_time", "error_message", "note", "output", "labels"})
"""Fields of which a change changes the etag. A running job's progress is none: its labels could never be changed."""
