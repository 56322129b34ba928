"""The folder of one job: its request, its events, its checkpoints and its model. All that travels between processes.

job.json          what was asked for, and the complete spec that is run
events.jsonl      one JSON object a line: time, kind, step, values
log.txt           the same in words, for people
checkpoints/      the last few, each written to a temporary name, synced and renamed
tensorboard/      the same numbers for TensorBoard
samples/          what each evaluation found in a few pictures (see `boxwright.evaluation.samples`)
evaluation/       every figure and error of the best model (see `boxwright.evaluation.write`)
model/            the best model so far (see `boxwright.modeldir`)
result.json       how the job ended
worker.json       the process that works here, or did last
worker.log        what it printed
stop.json         asks a run to end early and export its best
"""

import errno
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import Field

from boxwright import files
from boxwright.spec.knob import Frozen
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.study import Study
from boxwright.spec.training import TrainSpec

Values = Mapping[str, Any]

USER_STATUS = 1
"""Exit status of a job that ended by a mistake that a person can mend; result.json says which."""

BUSY_STATUS = 69
"""Exit status where another process works in the folder (EX_UNAVAILABLE)."""

FAULT_STATUS = 70
"""Exit status of a job that failed in another way (EX_SOFTWARE); it may succeed when it is run again."""

STOPPED_STATUS = 75
"""Exit status of a job that was asked to stop and saved its place (EX_TEMPFAIL: try again)."""


class Derived(Frozen):
    """A value that the user left out: its name in the spec, what it became, and why."""

    name: str
    value: Any
    reason: str


class Job(Frozen):
    """What job.json holds.

    Attributes:
        kind: "train", "tune" (needs a study), "prediction" (needs one), "wait", or "estimate" of what "train" costs.
        algorithm: name of the built-in algorithm; "batch_prediction" where none is trained.
        arguments: as the user gave them, by published name.
        study: what to search, for "tune".
        previous: folder of a finished "tune" job whose trials are known from the start.
        spec: the complete spec; None until it has been derived.
        derived: which of its values the user did not give.
        prediction: what to find objects in, for "prediction"; its `uri` is the model's folder.
    """

    kind: str = "train"
    algorithm: str
    arguments: dict[str, str]
    study: Study | None = None
    previous: str = ""
    spec: TrainSpec | None = None
    derived: tuple[Derived, ...] = ()
    prediction: PredictionInput | None = None


class Event(Frozen):
    """One line of events.jsonl.

    Attributes:
        time: seconds since 1970.
        kind: "train", "evaluation", "checkpoint", "best", "finished", "stopped" and so on.
        step: training steps done.
        values: numbers and texts by name.
    """

    kind: str
    step: int
    values: dict[str, Any] = {}
    time: float = Field(default_factory=time.time)


Listener = Callable[[Event], Any]
"""Is told of every event as it happens."""


class Worker(Frozen):
    """A process that works on a job.

    Attributes:
        host: name of its machine.
        pid: its number there.
        started: when, in seconds by a clock of that machine; with `pid` it names the process for good.
        devices: GPUs that it uses, as in CUDA_VISIBLE_DEVICES.
    """

    host: str
    pid: int
    started: float
    devices: str = ""


@dataclass(frozen=True)
class JobDir:
    """Paths of a job's folder, and the reading and writing of its files."""

    path: Path

    @property
    def job_file(self) -> Path:
        return self.path / "job.json"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        return self.path / "log.txt"

    @property
    def result_file(self) -> Path:
        return self.path / "result.json"

    @property
    def worker_file(self) -> Path:
        return self.path / "worker.json"

    @property
    def worker_log(self) -> Path:
        return self.path / "worker.log"

    @property
    def stop_file(self) -> Path:
        return self.path / "stop.json"

    @property
    def trials_file(self) -> Path:
        return self.path / "trials.json"

    @property
    def study_file(self) -> Path:
        return self.path / "study.json"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def evaluation(self) -> Path:
        return self.path / "evaluation"

    @property
    def model(self) -> Path:
        return self.path / "model"

    def create(self) -> None:
        """Make the folder.

        Raises:
            OSError: it cannot be made or written to; says so with the way out.
        """
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            files.write_text(str(self.path / ".writable"), "")
            (self.path / ".writable").unlink()
        except OSError as error:
            raise OSError(
                error.errno,
                f"cannot write to the job folder ({error.strerror}); choose another --job-dir",
                str(self.path),
            ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, no other process works in this folder; the system lets go of it when the process dies.

        Raises:
            BlockingIOError: another process does.
        """
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BlockingIOError(
                errno.EWOULDBLOCK,
                "another process is working in this job folder; wait for it, or stop it",
                str(self.path),
            ) from error
        try:
            yield
        finally:
            lock.release()

    def read_job(self) -> Job | None:
        """The job of this folder, or None where there is none yet."""
        return Job.model_validate_json(self.job_file.read_bytes()) if self.job_file.exists() else None

    def write_job(self, job: Job) -> None:
        files.write_text(str(self.job_file), job.model_dump_json(indent=2))

    def append(self, event: Event) -> None:
        """Add a line to events.jsonl; one write call, so that a reader never sees half a line."""
        line = event.model_dump_json() + "\n"
        with open(self.events_file, "ab", buffering=0) as file:
            file.write(line.encode())

    def log(self, text: str, when: float) -> None:
        """Add lines to log.txt, each with its time (UTC); `when` is in seconds since 1970."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
        with open(self.log_file, "a", encoding="utf-8") as file:
            file.write("".join(f"{stamp} {line}\n" for line in text.splitlines()))

    def events(self) -> Iterator[Event]:
        """All events so far; an unfinished last line (of a process that was killed) is left out."""
        if not self.events_file.exists():
            return
        with open(self.events_file, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield Event.model_validate_json(line)

    def forget_after(self, step: int) -> None:
        """Drop the events of steps after `step`: a run that resumes from its checkpoint reports them again.

        An unfinished last line goes as well, which else would spoil the next one.
        """
        kept = [event.model_dump_json() + "\n" for event in self.events() if event.step <= step]
        files.write_text(str(self.events_file), "".join(kept))

    def write_result(self, result: Values) -> None:
        files.write_text(str(self.result_file), json.dumps(result, indent=2))

    def read_result(self) -> dict[str, Any] | None:
        """How the job ended, or None while it has not."""
        if not self.result_file.exists():
            return None
        result: dict[str, Any] = json.loads(self.result_file.read_text())
        return result

    def write_worker(self, worker: Worker) -> None:
        files.write_text(str(self.worker_file), worker.model_dump_json())

    def read_worker(self) -> Worker | None:
        """The process that works here, or did last."""
        return Worker.model_validate_json(self.worker_file.read_bytes()) if self.worker_file.exists() else None
