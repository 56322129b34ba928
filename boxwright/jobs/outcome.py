"""How a job's worker ended, and what the API says of a job that is over."""

import platform
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from boxwright import files
from boxwright.store.records import JobRecord

MAX_BACKOFF = 300.0
"""Seconds; the longest wait before a job is tried again."""

TENSORFLOW = ("tensorflow", "tensorflow-cpu")


@dataclass(frozen=True)
class Ending:
    """How a worker ended.

    Attributes:
        result: what result.json holds; None where there is none.
        status: exit status, negative for a signal; None where nobody knows.
        out_of_memory: whether the kernel has ended processes for lack of memory meanwhile.
        printed: its last lines.
    """

    result: Mapping[str, Any] | None
    status: int | None
    out_of_memory: bool = False
    printed: str = ""

    @property
    def verdict(self) -> Literal["finished", "mistake", "fault"]:
        """A mistake would come again; after a fault another try may succeed."""
        if self.result and self.result["status"] == "finished":
            return "finished"
        return "mistake" if self.result and self.result.get("fault") == "user" else "fault"

    def __str__(self) -> str:
        if self.result and self.result.get("error"):
            return str(self.result["error"])
        reason = self._status()
        return f"{reason}; it printed last:\n{self.printed}" if self.printed else reason

    def _status(self) -> str:
        if self.status is None:
            return "the job's process is gone, and nobody saw why"
        if self.status >= 0:
            return f"the job's process ended with status {self.status} and left no result"
        name = signal.Signals(-self.status).name
        why = " for lack of memory" if self.out_of_memory and self.status == -signal.SIGKILL else ""
        return f"the job's process was killed{why} ({name})"


def backoff(first: float, faults: int) -> float:
    """Seconds to wait after the `faults`-th fault in a row: each doubles the wait, up to `MAX_BACKOFF`."""
    return min(MAX_BACKOFF, first * 2.0 ** min(faults - 1, 60))


def training_output(record: JobRecord, trials: list[dict[str, Any]], now: float) -> dict[str, Any]:
    """`trainingOutput` of a job.

    Args:
        trials: of a study, as the API writes them.
        now: the end of the job, or the present, in seconds since 1970.
    """
    hours = (now - record.start_time) / 3600 if record.start_time is not None else 0.0
    output: dict[str, Any] = {"consumedMLUnits": round(hours, 4), "isBuiltInAlgorithmJob": record.kind != "wait"}
    if record.kind == "tune":
        study = record.request["trainingInput"]["hyperparameters"]
        output |= {
            "isHyperparameterTuningJob": True,
            "completedTrialCount": str(sum(one.get("state") == "SUCCEEDED" for one in trials)),
            "hyperparameterMetricTag": study.get("hyperparameterMetricTag", "AP"),
            "trials": trials,
        }
    return output


def prediction_output(record: JobRecord, counts: Mapping[str, int], now: float) -> dict[str, Any]:
    """`predictionOutput` of a job.

    Args:
        counts: predictions and errors so far.
        now: the end of the job, or the present, in seconds since 1970.
    """
    hours = (now - record.start_time) / 3600 if record.start_time is not None else 0.0
    return {
        "outputPath": record.request["predictionInput"]["outputPath"],
        "predictionCount": str(counts.get("predictions", 0)),
        "errorCount": str(counts.get("errors", 0)),
        "nodeHours": round(hours, 6),
    }


def model_output(record: JobRecord) -> dict[str, Any]:
    """`builtInAlgorithmOutput` of a job that has left a model."""
    return {
        "framework": "TENSORFLOW",
        "runtimeVersion": ".".join(tensorflow_version().split(".")[:2]),
        "pythonVersion": ".".join(platform.python_version_tuple()[:2]),
        "modelPath": files.join(record.job_dir, "model"),
    }


def tensorflow_version() -> str:
    """Version of the installed TensorFlow, which writes SavedModels; empty without one."""
    for name in TENSORFLOW:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""
