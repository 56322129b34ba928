"""Buckets of a test's own, and runners whose jobs need no process."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.jobdir import JobDir, Worker
from boxwright.sagemaker import local

LINES = ("training data: 9 pictures", "step 2: loss 1.250  3.0 img/s", "step 2: AP 0.1250  AP50 0.5000  AP75 0.0000")


@dataclass
class Actor:
    """A runner that acts out a job while it is started.

    Attributes:
        act: is given the job's folder; returns the exit status, None while the job runs on.
        stopped: how often jobs were asked to end.
    """

    act: Callable[[JobDir], int | None]
    started: list[str] = field(default_factory=list)
    stopped: int = 0
    status: int | None = None

    def start(self, job_dir: str, folder: Path, environment: Mapping[str, str]) -> Worker:
        assert environment == {}
        self.started.append(job_dir)
        self.status = self.act(JobDir(folder))
        return Worker(host="here", pid=len(self.started), started=1.0)

    def alive(self, worker: Worker) -> bool:
        assert worker.host == "here"
        return self.status is None

    def ending(self, worker: Worker) -> int | None:
        assert worker.host == "here"
        return self.status

    def stop(self, worker: Worker) -> None:
        assert worker.host == "here"
        self.stopped += 1
        self.status = 75

    def kill(self, worker: Worker) -> None:
        raise AssertionError(f"nobody kills {worker}")


def finish(folder: JobDir, **result: Any) -> int:
    """Write what a job leaves that has gone well."""
    for line in LINES:
        folder.log(line, 1.0)
    folder.model.mkdir(exist_ok=True)
    (folder.model / "model.json").write_text("{}")
    folder.write_result({"status": "finished", "best_step": 2, **result})
    return 0


def fail(folder: JobDir) -> int:
    """Write what a job leaves that a person must mend."""
    folder.log("failed: the pictures are of cats", 1.0)
    folder.write_result({"status": "failed", "fault": "user", "error": "the pictures are of cats"})
    return 1


@pytest.fixture
def buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of local buckets; no server is named."""
    folder = tmp_path / "buckets"
    monkeypatch.setenv("BOXWRIGHT_BUCKETS", str(folder))
    monkeypatch.delenv("BOXWRIGHT_SERVER", raising=False)
    return folder


@pytest.fixture
def play(buckets: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Actor]:
    """Has local jobs acted out: by `finish` with the given result, or by what `act` is given."""
    assert buckets
    monkeypatch.setattr(local, "POLL", 0.01)

    def start(act: Callable[[JobDir], int | None] | None = None, **result: Any) -> Actor:
        actor = Actor(act or (lambda folder: finish(folder, **result)))
        monkeypatch.setattr(local, "RUNNER", actor)
        return actor

    return start


@pytest.fixture
def failing() -> Callable[[JobDir], int]:
    """Acts out a job that fails by a mistake of the user."""
    return fail


@pytest.fixture
def finishing() -> Callable[..., int]:
    """Acts out a job that goes well."""
    return finish


@pytest.fixture
def shapes(tmp_path: Path) -> str:
    """Folder of 8 drawn pictures of 64 x 96 pixels in the JumpStart layout."""
    folder = str(tmp_path / "shapes")
    formats.write(draw_shapes(8, (64, 96), 1, ("circle", "square")), folder, to="jumpstart", split="all")
    return folder


@pytest.fixture
def in_process(command: Callable[..., Any], play: Callable[..., Actor]) -> Actor:
    """Has local jobs run by `boxwright work` in this process."""
    return play(lambda folder: int(command("work", folder.path).status))


@pytest.fixture
def trials() -> Callable[[JobDir], int]:
    """Acts out a search of three trials, of which the second is the best and the third fails."""

    def act(folder: JobDir) -> int:
        found = []
        for number, (state, value) in enumerate((("SUCCEEDED", 0.25), ("SUCCEEDED", 0.75), ("FAILED", None)), 1):
            one: dict[str, Any] = {"trialId": str(number), "state": state, "hyperparameters": {"seed": str(number)}}
            one["startTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(number))
            if value is not None:
                one["finalMetric"] = {"trainingStep": "2", "objectiveValue": value}
                one["builtInAlgorithmOutput"] = {"modelPath": str(folder.model / f"trial_{number}")}
            found.append(one)
        folder.trials_file.write_text(json.dumps(found))
        return finish(folder, best_trial="2", value=0.75)

    return act
