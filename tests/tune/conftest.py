"""A study of trials that take no time, run by real processes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.claim import claim
from boxwright.jobdir import Job, JobDir
from boxwright.runners.local import LocalRunner
from boxwright.spec.study import Study
from boxwright.tune import run, trials

FAKE = (sys.executable, "-S", str(Path(__file__).with_name("fake_trial.py")))

X = {"parameterName": "x", "type": "DOUBLE", "minValue": -3, "maxValue": 3}


@pytest.fixture
def fake() -> tuple[str, ...]:
    """The command that stands in for `boxwright work`."""
    return FAKE


@pytest.fixture
def runner() -> LocalRunner:
    """Starts trials that evaluate a formula, -(x - 1)^2, instead of training."""
    return LocalRunner(FAKE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks often, and does not wait long before a process is started again."""
    monkeypatch.setattr(run, "POLL", 0.01)
    monkeypatch.setattr(trials, "FIRST_WAIT", 0.02)


@pytest.fixture
def tuning(tmp_path: Path) -> Callable[..., JobDir]:
    """Makes the folder of a study: keywords are fields of the study, `arguments` and `previous` of the job."""

    def make(name: str = "study", arguments: dict[str, str] | None = None, previous: str = "", **fields: Any) -> JobDir:
        study = Study.read({"maxTrials": 3, "params": [X], "algorithm": "RANDOM_SEARCH", **fields})
        jobdir = JobDir(tmp_path / name)
        job = Job(kind="tune", algorithm="fake", arguments=arguments or {}, study=study, previous=previous)
        claim(jobdir, job)
        return jobdir

    return make
