"""The folder of one job: its request, its events, its checkpoints and its model. All that travels between processes.

job.json          what was asked for, and the complete spec that is run
events.jsonl      one JSON object a line: time, kind, step, values
log.txt           the same in words, for people
checkpoints/      the last few, each written to a temporary name, synced and renamed
tensorboard/      the same numbers for TensorBoard
model/            the best model so far (see `boxwright.modeldir`)
result.json       how the job ended
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from boxwright.formats import files
from boxwright.spec.knob import AUTO, Frozen
from boxwright.spec.training import TrainSpec

Values = Mapping[str, Any]


class Derived(Frozen):
    """A value that the user left out: its name in the spec, what it became, and why."""

    name: str
    value: Any
    reason: str


class Job(Frozen):
    """What job.json holds.

    Attributes:
        algorithm: name of the built-in algorithm.
        arguments: as the user gave them, by published name.
        spec: the complete spec; None until it has been derived.
        derived: which of its values the user did not give.
    """

    kind: str = "train"
    algorithm: str
    arguments: dict[str, str]
    spec: TrainSpec | None = None
    derived: tuple[Derived, ...] = ()


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
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

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


def claim(jobdir: JobDir, job: Job) -> Job:
    """Take a folder for a job, or find there the same job to go on with.

    A job is the same when its algorithm and arguments are; only a larger `max_steps` may differ.

    Returns:
        the job as it is written in the folder.

    Raises:
        FileExistsError: the folder holds another job, or files that are no job's; says what differs.
        OSError: the folder cannot be written.
    """
    there = jobdir.read_job()
    if there is None:
        # A full disk may have left an empty folder of checkpoints.
        strangers = sorted({*os.listdir(jobdir.path)} - {"checkpoints"})[:3] if jobdir.path.is_dir() else []
        if strangers:
            raise FileExistsError(
                f"{jobdir.path} holds files that are no job's ({', '.join(strangers)}); choose a new --job-dir"
            )
        jobdir.create()
        jobdir.write_job(job)
        return job
    jobdir.create()
    old, new = _given(there), _given(job)
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if there.spec is None:  # a mistake was found before anything was computed: this may be its correction
        jobdir.events_file.unlink(missing_ok=True)
        jobdir.write_job(job)
        return job
    if there.algorithm != job.algorithm or names not in ([], ["max_steps"]):
        changes = [f"{n}: {old.get(n, 'not given')} there, {new.get(n, 'not given')} now" for n in names]
        raise FileExistsError(
            f"{jobdir.path} holds another run of {there.algorithm} ({'; '.join(changes)}); "
            "choose a new --job-dir, or repeat that run's arguments to continue it"
        )
    return _longer(jobdir, there, there.spec, job) if names else there


def _given(job: Job) -> dict[str, str]:
    return {name: text for name, text in job.arguments.items() if text.strip().lower() != AUTO}


def _longer(jobdir: JobDir, there: Job, spec: TrainSpec, job: Job) -> Job:
    wanted = _given(job).get("max_steps", "none")
    if wanted == "none" or int(wanted) <= spec.optimization.max_steps:
        raise FileExistsError(
            f"{jobdir.path} holds a run of {spec.optimization.max_steps} steps; "
            f"to continue it max_steps must be larger, got {wanted}"
        )
    optimization = spec.optimization.model_copy(update={"max_steps": int(wanted)})
    spec = spec.model_copy(update={"optimization": optimization})
    job = there.model_copy(update={"arguments": job.arguments, "spec": spec})
    jobdir.write_job(job)
    jobdir.result_file.unlink(missing_ok=True)
    return job
