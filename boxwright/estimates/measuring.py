"""Measures estimates, and remembers them."""

import logging
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from boxwright.estimates.estimate import Estimate, State
from boxwright.estimates.question import digest, size_of, trial_of
from boxwright.jobdir import Job, JobDir
from boxwright.runners.local import COMMAND
from boxwright.termination import FOLLOW_PARENT

LOG = logging.getLogger("boxwright.estimates")

TIME_LIMIT = 120.0
"""Seconds that a measurement may take; most take 20 to 40."""

ABANDONED = 30.0
"""Seconds after which an estimate that nobody asks after is cancelled."""

KEPT = 64
"""Estimates that are remembered."""

LOOK_EVERY = 0.2
"""Seconds between looks at a process."""


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
