"""The folder and process of each trial: a complete job of its own, started, found again, followed and stopped."""

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from boxwright import files
from boxwright.claim import claim
from boxwright.event_file import EventFile
from boxwright.jobdir import Event, Job, JobDir, Worker
from boxwright.runners import Runner, host
from boxwright.spec.machine import GB

MEMORY_A_TRIAL = 3 * GB
"""Bytes for one trial on the processor: libraries, model, and a batch of pictures."""

MAX_LOSSES = 3
"""Ends of a trial's process without a result or a further step, after which the trial has failed."""

FIRST_WAIT = 1.0
"""Seconds before the process is started again; each further loss doubles them."""


@dataclass(frozen=True)
class Slot:
    """What one of the parallel trials may use: cores of the processor, and a GPU as CUDA_VISIBLE_DEVICES names it."""

    cores: tuple[int, ...]
    gpu: str = ""

    def environment(self) -> dict[str, str]:
        """Environment of a trial's process."""
        threads = {"OMP_NUM_THREADS": str(len(self.cores))}
        return threads | {"CUDA_VISIBLE_DEVICES": self.gpu} if self.gpu else threads


def slots(wanted: int, cores: Sequence[int], memory: int, gpus: Sequence[str]) -> tuple[list[Slot], str]:
    """Divide a machine among parallel trials.

    Args:
        wanted: trials that should run at the same time.
        cores: numbers of the cores that may be used.
        memory: free bytes.
        gpus: that may be used; none where trials run on the processor.

    Returns:
        a slot for each trial, all alike, and why there are fewer than wanted; empty where there are not.
    """
    reasons = {f"{len(cores)} cores": len(cores)}
    if gpus:
        reasons[f"{len(gpus)} GPUs, one for each"] = len(gpus)
    else:
        reasons[f"{memory / GB:.0f} GB of free memory, {MEMORY_A_TRIAL / GB:.0f} for each"] = memory // MEMORY_A_TRIAL
    reason, most = min(reasons.items(), key=lambda one: one[1])
    count = max(1, min(wanted, most))
    each = max(1, len(cores) // count)
    found = [
        Slot(tuple(cores[place * each : (place + 1) * each]), gpus[place] if gpus else "") for place in range(count)
    ]
    why = f"{wanted} trials in parallel were asked for; {count} run: the machine has {reason}" if count < wanted else ""
    return found, why


def this_machines_slots(wanted: int, job: Job) -> tuple[list[Slot], str]:
    """Divide this machine, or its GPUs where the job may use them."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    gpus = [] if job.arguments.get("accelerator") in ("cpu", "mps") else list(host.visible_gpus())
    return slots(wanted, cores, host.free_memory(), gpus)


@dataclass
class TrialRun:
    """A trial that is under way.

    Attributes:
        id: its number from 1.
        slot: what it may use.
        worker: its process; None while there is none.
        losses: ends of its process in a row, without a result and without a further step in between.
    """

    id: int
    jobdir: JobDir
    slot: Slot
    runner: Runner
    worker: Worker | None = None
    losses: int = 0
    last_step: int = 0
    _not_before: float = 0.0
    _events: EventFile = field(init=False)

    def __post_init__(self) -> None:
        self._events = EventFile(str(self.jobdir.events_file))

    def prepare(self, job: Job) -> None:
        """Make the trial's folder, or find it as it was left."""
        claim(self.jobdir, job)
        worker = self.jobdir.read_worker()
        if worker and self.runner.alive(worker):
            self.worker = worker
            self._keep_to_slot()

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.worker is not None and self.runner.alive(self.worker)

    @property
    def due(self) -> bool:
        """Whether its process should be started now: not while it waits, or another process works in the folder.

        That may be one which a coordinator started and did not live to write down.
        """
        if time.monotonic() < self._not_before:
            return False
        try:
            with self.jobdir.held():
                return True
        except BlockingIOError:
            self._not_before = time.monotonic() + FIRST_WAIT
            return False

    def start(self) -> None:
        """Start its process. Raises: OSError: it cannot be started."""
        self.worker = self.runner.start(str(self.jobdir.path), self.jobdir.path, self.slot.environment())
        self.jobdir.write_worker(self.worker)
        self._keep_to_slot()

    def _keep_to_slot(self) -> None:
        if self.worker and hasattr(os, "sched_setaffinity"):
            with suppress(OSError):  # it has ended, or the system does not allow it: then it is only slower
                os.sched_setaffinity(self.worker.pid, self.slot.cores)

    def events(self) -> Iterator[Event]:
        """Events since the last call, from the first one on after a restart."""
        while lines := self._events.read():
            for event in map(Event.model_validate_json, lines):
                if event.step > self.last_step:
                    self.last_step, self.losses = event.step, 0
                yield event

    def ask_to_end(self) -> None:
        """Have it export its best model and end, because others are better."""
        files.write_text(str(self.jobdir.stop_file), json.dumps({"reason": "pruned"}))

    @property
    def asked_to_end(self) -> bool:
        return self.jobdir.stop_file.exists()

    def complete(self, steps: Iterable[int]) -> bool:
        """Whether it was evaluated at its last step, in spite of having been asked to end."""
        job = self.jobdir.read_job()
        return bool(job and job.spec and max(steps) >= job.spec.optimization.max_steps)

    def stop(self) -> None:
        """Have it save its place and end."""
        if self.worker:
            self.runner.stop(self.worker)

    def kill(self) -> None:
        """End its process at once."""
        if self.worker:
            self.runner.kill(self.worker)

    def wait_after_loss(self) -> bool:
        """Note that its process is gone without a result; False when that was once too often."""
        self.worker = None
        self.losses += 1
        self._not_before = time.monotonic() + FIRST_WAIT * 2 ** (self.losses - 1)
        return self.losses < MAX_LOSSES

    def last_words(self) -> str:
        """The last line that its process printed."""
        with suppress(FileNotFoundError):
            lines = Path(self.jobdir.worker_log).read_text("utf-8", "replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "nothing printed")
        return "nothing printed"
