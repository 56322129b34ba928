"""Tests of what is particular to one job's start; the rest is tested with the supervisor."""

from typing import Any

import pytest

from boxwright.jobs import lifecycle
from boxwright.jobs.lifecycle import Lifecycle
from boxwright.spec.machine import Machine
from boxwright.spec.server import RunnerSettings


@pytest.mark.parametrize(
    ("max_jobs", "devices", "threads"), [(1, "", None), (2, "", "4"), (3, "", "2"), (3, "0", None)]
)
def test_jobs_share_the_cores(
    max_jobs: int, devices: str, threads: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "this_machine", lambda: Machine(cores=8, memory=1))
    nothing: Any = None
    environment = Lifecycle(nothing, nothing, RunnerSettings(max_jobs=max_jobs))._environment(devices)
    assert environment.get("OMP_NUM_THREADS") == threads
    assert environment["CUDA_VISIBLE_DEVICES"] == devices
