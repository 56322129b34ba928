"""Estimates of what jobs will cost: one at a time, each measured by a process of its own."""

import hashlib
import json
import logging
import math
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from boxwright import files
from boxwright.jobdir import Job, JobDir
from boxwright.runners.local import COMMAND
from boxwright.spec.study import Parameter, Study
from boxwright.termination import FOLLOW_PARENT

LOG = logging.getLogger("boxwright.estimates")

State = Literal["WAITING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]

TIME_LIMIT = 120.0
"""Seconds that a measurement may take; most take 20 to 40."""

ABANDONED = 30.0
"""Seconds after which an estimate that nobody asks after is cancelled."""

KEPT = 64
"""Estimates that are remembered."""

FRESH = 3600.0
"""Seconds for which the same question gets the same answer."""

LOOK_EVERY = 0.2
"""Seconds between looks at a process."""

DATA_ARGUMENTS = ("training_data_path", "validation_data_path", "labels_file", "pretrained_checkpoint_path")
"""Arguments that name files; when those change, an estimate is no longer true."""


@dataclass
class Estimate:
    """One estimate, while it is made and after.

    Attributes:
        id: its name within the project.
        question: digest of all that the measurement depends on.
        trials, rounds: of a study, and how often a trial's time passes; those in parallel count once.
        busy: whether jobs ran while it was measured, which makes it too pessimistic.
        phase: what is being done: "data", "model", "steps" or "evaluation".
        measured_steps: so far.
        values: what was found (see `boxwright.train.probe`).
        error: why there is no answer.
        asked: when somebody last asked, by the monotonic clock.
    """

    project: str
    id: str
    question: str
    trials: int = 1
    rounds: int = 1
    state: State = "WAITING"
    busy: bool = False
    phase: str = ""
    measured_steps: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    asked: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> bool:
        return self.state not in ("WAITING", "RUNNING")

    @property
    def useful(self) -> bool:
        """Whether it can be the answer to the same question again."""
        fresh = time.monotonic() - self.began < FRESH
        return not self.done or (self.state == "SUCCEEDED" and fresh and not self.busy)


class Estimates:
    """Makes estimates, one after the other, and remembers the last ones.

    Args:
        command: what measures the job of a folder.
        time_limit, abandoned: seconds.
    """

    def __init__(
        self, command: tuple[str, ...] = COMMAND, *, time_limit: float = TIME_LIMIT, abandoned: float = ABANDONED
    ) -> None:
        self._command = command
        self._time_limit = time_limit
        self._abandoned = abandoned
        self._all: dict[tuple[str, str], Estimate] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._closed = threading.Event()

    def begin(self, project: str, job: Job, devices: Sequence[str], busy: Callable[[], bool]) -> Estimate:
        """Start to measure a training job or one trial of a study, or find what is known of it.

        Args:
            job: what its folder would hold.
            devices: GPUs that it may use, as CUDA_VISIBLE_DEVICES names them; none on the processor.
            busy: whether jobs run on the machine.
        """
        trial, visible = trial_of(job), ",".join(devices)
        one = Estimate(project, secrets.token_hex(8), digest(trial, visible), *size_of(job.study, len(devices)))
        with self._lock:
            same = [old for old in self._all.values() if (old.project, old.question) == (project, one.question)]
            known = next((old for old in reversed(same) if old.useful), None)
            if known and (known.trials, known.rounds) == (one.trials, one.rounds):
                known.asked = time.monotonic()
                return known
            self._all[project, one.id] = one
            for key in [key for key, old in self._all.items() if old.done][: max(0, len(self._all) - KEPT)]:
                del self._all[key]
            if known and known.done:
                one.state, one.values, one.began = known.state, known.values, known.began
                return one
        threading.Thread(target=self._make, args=(one, trial, visible, busy), name="estimate", daemon=True).start()
        return one

    def get(self, project: str, id: str) -> Estimate:
        """An estimate, of which it is noted that somebody asked. Raises: LookupError."""
        one = self._all.get((project, id))
        if one is None:
            raise LookupError(f"project {project} has no estimate {id!r}; they are kept for a while only")
        one.asked = time.monotonic()
        return one

    def cancel(self, one: Estimate) -> None:
        """End an estimate; nothing happens where it is done."""
        with self._lock:
            if not one.done:
                one.state, one.error = "CANCELLED", "cancelled"

    def close(self) -> None:
        """End the measuring process, and begin no other."""
        self._closed.set()

    def _make(self, one: Estimate, job: Job, devices: str, busy: Callable[[], bool]) -> None:
        while not self._turn.acquire(timeout=LOOK_EVERY):
            if self._over(one):
                return
        try:
            if not self._over(one):
                self._measure(one, job, devices, busy)
        except Exception as error:  # of whatever kind: somebody waits for the answer
            LOG.exception("an estimate failed")
            self._end(one, "FAILED", f"the measurement could not be made: {error}")
        finally:
            self._turn.release()

    def _over(self, one: Estimate) -> bool:
        """Whether nobody wants an estimate any more, which is noted."""
        if self._closed.is_set():
            self._end(one, "CANCELLED", "the server was stopped")
        elif time.monotonic() - one.asked > self._abandoned:
            self._end(one, "CANCELLED", f"nobody asked after it for {self._abandoned:.0f} s; ask for it again")
        return one.done

    def _end(self, one: Estimate, state: State, error: str = "", values: Mapping[str, Any] | None = None) -> None:
        with self._lock:
            if not one.done:
                one.error, one.values, one.state = error, values or {}, state

    def _measure(self, one: Estimate, job: Job, devices: str, busy: Callable[[], bool]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="boxwright-estimate-"))
        jobdir = JobDir(folder)
        try:
            jobdir.create()
            jobdir.write_job(job)
            with self._lock:
                one.state = one.state if one.done else "RUNNING"
            one.busy, start = busy(), time.monotonic()
            with self._process(jobdir, devices) as process:
                while process.poll() is None and not self._over(one):
                    self._look(one, jobdir)
                    if time.monotonic() - start > self._time_limit:
                        self._end(one, "FAILED", self._too_long(one))
                    time.sleep(LOOK_EVERY)
                process.kill()
            self._look(one, jobdir)
            one.busy = one.busy or busy()
            self._answer(one, jobdir, process.returncode)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _process(self, jobdir: JobDir, devices: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, FOLLOW_PARENT: "1", "CUDA_VISIBLE_DEVICES": devices}
        with open(jobdir.worker_log, "ab") as log:
            return subprocess.Popen(
                [*self._command, str(jobdir.path)], stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment
            )

    def _look(self, one: Estimate, jobdir: JobDir) -> None:
        for event in jobdir.events():
            if event.kind == "estimate":
                one.phase, one.measured_steps = event.values["phase"], event.step

    def _too_long(self, one: Estimate) -> str:
        at = {
            "data": "while the data was read; a first job on it may take as long before its first step",
            "model": "while the model was built and its starting weights were loaded",
            "steps": f"after {one.measured_steps} steps, which take long: choose a smaller batch or smaller pictures",
        }
        where = at.get(one.phase, "during an evaluation")
        return f"the measurement took more than {self._time_limit:.0f} s and was ended {where}"

    def _answer(self, one: Estimate, jobdir: JobDir, status: int) -> None:
        found = jobdir.read_result() or {}
        if found.get("status") == "finished":
            self._end(one, "SUCCEEDED", values=found)
        elif found.get("error"):
            self._end(one, "FAILED", str(found["error"]))
        else:
            self._end(
                one,
                "FAILED",
                f"the measuring process was ended from outside (status {status}), most likely for lack of memory; "
                "choose a smaller batch, smaller pictures or a smaller backbone",
            )


def trial_of(job: Job) -> Job:
    """The job that is measured: of a study, a trial in the middle of every range."""
    searched = {one.parameter_name: middle(one) for one in job.study.params} if job.study else {}
    return Job(kind="estimate", algorithm=job.algorithm, arguments={**job.arguments, **searched})


def middle(one: Parameter) -> str:
    """A value in the middle of what is searched."""
    listed = [one.text(value) for value in one.categorical_values or one.discrete_values]
    if listed:
        return listed[len(listed) // 2]
    assert one.min_value is not None and one.max_value is not None, "validated"
    log = one.scale_type != "NONE" and one.scale_type != "UNIT_LINEAR_SCALE"
    value = math.sqrt(one.min_value * one.max_value) if log else (one.min_value + one.max_value) / 2
    return one.text(float(round(value)) if one.type == "INTEGER" else value)


def size_of(study: Study | None, gpus: int) -> tuple[int, int]:
    """Trials, and how often the time of one passes: on the processor they share its cores and gain nothing."""
    if study is None:
        return 1, 1
    return study.max_trials, math.ceil(study.max_trials / max(1, min(study.max_parallel_trials, gpus)))


def digest(job: Job, devices: str) -> str:
    """Of all that an estimate depends on: the arguments, and when the files that they name were last written."""
    stamps = [_stamp(job.arguments[name]) for name in DATA_ARGUMENTS if name in job.arguments]
    text = json.dumps([job.algorithm, sorted(job.arguments.items()), devices, stamps])
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(path: str) -> list[tuple[str, int, int]]:
    """Name, size and time of writing of each local file that a path names; of a folder, of what lies right in it."""
    if not files.is_local(path):
        return []
    found = []
    with suppress(OSError):
        inside = [files.join(path, name) for name in files.entries(path)]
        for name in inside or files.expand(path):
            status = os.stat(name.removeprefix("file://"))
            found.append((name, status.st_size, status.st_mtime_ns))
    return found
