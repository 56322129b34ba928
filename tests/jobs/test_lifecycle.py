"""Tests of what is particular to one job's start; the rest is tested with the supervisor."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxwright.jobdir import JobDir
from boxwright.jobs import lifecycle
from boxwright.jobs.lifecycle import Lifecycle
from boxwright.jobs.watch import Watch
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


def test_progress_and_machine_are_copied_into_the_store(desk: Any) -> None:
    desk.submit("one", "--steps=40", "--seconds=0.05")
    desk.supervisor()
    desk.until(lambda: desk.get("one").standing.get("progress", {}).get("step", 0) > 0)
    record = desk.get("one")
    assert record.standing["machine"].startswith(f"{record.host}: ") and " cores, " in record.standing["machine"]
    assert record.standing["progress"]["maxSteps"] == 40
    assert 0 < record.standing["progress"]["etaSeconds"] < 60
    (ended,) = desk.finish("one")
    assert ended.standing["progress"]["step"] == 40 and "etaSeconds" not in ended.standing["progress"]
    assert ended.best_value is None


def test_a_folder_that_cannot_be_read_leaves_what_was_known(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    nothing: Any = None
    record: Any = SimpleNamespace(standing={"machine": "nova"}, job_id="one")
    watch = Watch(record, JobDir(tmp_path), None)
    (tmp_path / "events.jsonl").mkdir()
    assert Lifecycle(nothing, nothing, RunnerSettings())._standing(watch) == {"machine": "nova"}
    assert "how far job one is" in caplog.text
