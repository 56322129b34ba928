"""A store on SQLite, a supervisor over it that is looked after by hand, and `wait` jobs of real processes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import JobDir
from boxwright.jobs import Supervisor
from boxwright.runners.local import LocalRunner
from boxwright.spec.job import FINAL_STATES
from boxwright.spec.machine import Machine
from boxwright.spec.server import RunnerSettings
from boxwright.store import JobRecord, JobStore, NewJob, open_database

MACHINE = Machine(cores=2, memory=8 * 10**9)
QUICK = {"poll": 0.02, "backoff": 0.02, "lease": 5.0, "grace": 0.6, "min_free_disk": 0, "min_free_memory": 0}


@dataclass
class Desk:
    """Submits jobs and looks after supervisors."""

    store: JobStore
    folder: Path
    supervisors: list[Supervisor] = field(default_factory=list)

    def supervisor(self, *, store: Any = None, machine: Machine = MACHINE, **changes: Any) -> Supervisor:
        """A new one; keywords replace settings."""
        settings = RunnerSettings(**{**QUICK, **changes})
        made = Supervisor(store or self.store, LocalRunner(), settings, machine=machine)
        self.supervisors.append(made)
        return made

    def submit(self, name: str, *args: str, priority: int = 0, **changes: Any) -> JobRecord:
        """Queue a `wait` job; `changes` replace parts of its trainingInput or, as max_wait and such, of its record."""
        limits = {key: changes.pop(key) for key in ("max_wait", "max_running") if key in changes}
        given = {"masterConfig": {"imageUri": "wait"}, "args": list(args), **changes}
        request = {"jobId": name, "trainingInput": given}
        new = NewJob("local", name, "wait", request, str(self.folder / name), priority=priority, **limits)
        return self.store.submit(new)

    def get(self, name: str) -> JobRecord:
        return self.store.get("local", name)

    def jobdir(self, name: str) -> JobDir:
        return JobDir(self.folder / name)

    def steps(self, name: str) -> list[int]:
        """The steps in the job's ledger."""
        return [event.step for event in self.jobdir(name).events() if event.kind == "waited"]

    def starts(self, name: str) -> int:
        """How often a worker began."""
        return sum(event.kind == "begun" for event in self.jobdir(name).events())

    def until(self, reached: Callable[[], Any], *supervisors: Supervisor, seconds: float = 20.0) -> None:
        """Look after supervisors (all, where none is named) until something is so."""
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, f"not so after {seconds} s: {self.states()}"
            for one in supervisors or self.supervisors:
                one.tick()
            time.sleep(0.02)

    def finish(self, *names: str, seconds: float = 20.0) -> list[JobRecord]:
        """Look after all supervisors until jobs have ended."""
        self.until(lambda: all(self.get(name).state in FINAL_STATES for name in names), seconds=seconds)
        return [self.get(name) for name in names]

    def states(self) -> list[str]:
        found, _ = self.store.list("local", page_size=100)
        return [f"{one.job_id} {one.state} {one.note} {one.error_message}" for one in found]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = open_database(f"sqlite:///{tmp_path}/store.db")
    made = Desk(JobStore(engine), tmp_path / "jobs")
    yield made
    for path in sorted(made.folder.glob("*/worker.json")):
        worker = JobDir(path.parent).read_worker()
        assert worker is not None
        LocalRunner().kill(worker)
    engine.dispose()
