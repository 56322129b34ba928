"""Tests of measuring a run: on a tiny one, and of the arithmetic with steps that were made up."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxwright.api.estimate_resources import Cost
from boxwright.jobdir import Event, Job, JobDir
from boxwright.train import probe
from boxwright.train.loop import Run
from boxwright.train.probe import Measured, estimate, require_memory, result

Prepared = Callable[..., Run]


@pytest.fixture
def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "WARM_UP", 1)
    monkeypatch.setattr(probe, "STEPS", (2, 3))


@pytest.fixture
def measured_run(prepared: Prepared) -> Run:
    """A tiny run of 10 steps, evaluated every 3, with files to weigh."""
    run = prepared(max_steps=10, train_steps_per_eval=3, keep_checkpoints=3)
    folder = run.jobdir.checkpoints
    folder.mkdir(exist_ok=True)
    (folder / "best.safetensors").write_bytes(bytes(100))
    (folder / "step_00000001.safetensors").write_bytes(bytes(1000))
    return run


@pytest.mark.usefixtures("quick_probe")
def test_a_tiny_job_is_measured(tmp_path: Path, tiny: Callable[..., dict[str, str]]) -> None:
    jobdir = JobDir(tmp_path)
    jobdir.create()
    arguments = tiny(max_steps=1000, train_steps_per_eval=500)
    jobdir.write_job(Job(kind="estimate", algorithm="image_object_detection", arguments=arguments))
    heard: list[Event] = []
    found = estimate(jobdir, heard.append)
    assert [event.values["phase"] for event in heard] == ["data", "model", *["steps"] * 4, "evaluation"]
    assert [event.step for event in heard] == [0, 0, 0, 1, 2, 3, 3]
    assert (found["steps"], found["evaluations"], found["measured_steps"]) == (1000, 2, 3)
    assert (found["batch_size"], found["image_size"], found["training_pictures"]) == (2, [64, 96], 12)
    assert found["low_seconds"] < found["total_seconds"] < found["high_seconds"]
    assert found["total_seconds"] > 1000 * found["step_seconds"] > 0 < found["evaluation_seconds"]
    assert found["memory_bytes"] > 50e6 and found["device_memory_bytes"] == 0 and found["accelerator"] == "cpu"
    weights = (jobdir.checkpoints / "best.safetensors").stat().st_size
    (checkpoint,) = jobdir.checkpoints.glob("step_*")
    assert found["disk_bytes"] == 2 * checkpoint.stat().st_size + 4 * weights


def test_the_whole_is_the_sum_of_its_parts(measured_run: Run) -> None:
    found = result(measured_run, Measured(5.0, [1.0, 2.0, 3.0, 2.0], evaluation=4.0, last=3.0))
    assert (found["step_seconds"], found["evaluations"]) == (2.0, 4)  # after 3, 6, 9 and 10 steps
    export = probe.EXPORT_SECONDS + probe.EXPORT_PICTURES * 3.0 / 6  # of 6 validation pictures
    assert found["export_seconds"] == export
    assert found["total_seconds"] == 5 + 10 * 2 + 4 * 4 + 3 + export
    # quartiles 1.25 and 2.75: a spread of 0.75 about 2
    assert found["high_seconds"] == pytest.approx(found["total_seconds"] * (1 + 0.1 + 0.375))
    assert found["low_seconds"] == pytest.approx(found["total_seconds"] * (1 - 0.1 - 0.375))
    assert found["disk_bytes"] == 3 * 1000 + 4 * 100
    assert not found["may_end_early"]
    assert Cost(**found, run_seconds=1.0).steps == 10


def test_wild_steps_do_not_make_the_range_negative(measured_run: Run) -> None:
    found = result(measured_run, Measured(0.0, [0.1, 0.1, 50.0, 60.0], evaluation=0.0, last=0.0))
    assert found["low_seconds"] == pytest.approx(found["total_seconds"] * 0.4)


def test_steps_end_when_the_time_is_up(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "STEP_SECONDS", 0.0)
    told: list[int] = []
    run = prepared()
    assert len(probe.step_seconds(run, lambda _, step: told.append(step))) == probe.STEPS[0]
    assert told == [1, 2, 3]


def test_evaluations_end_when_the_time_is_up(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "EVALUATION_SECONDS", 1.0)
    asked: list[int] = []

    def evaluated(_: Run, count: int) -> float:
        asked.append(count)
        return 0.4 * count

    monkeypatch.setattr(probe, "_evaluate", evaluated)
    monkeypatch.setattr(probe, "_statistics_seconds", lambda _: 10.0)
    monkeypatch.setattr(probe, "_save_seconds", lambda _: 1.0)
    found = probe.evaluation_seconds(prepared(eval_batch_size=2))
    assert asked == [1, 2, 4]  # 0.8 s, then 1.6 s: enough
    assert found == pytest.approx((10 + 0.4 * 6 + 1, 0.4 * 6))


def test_a_step_that_cannot_fit_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "pictures_that_fit", lambda _: 6)
    spec: Any = SimpleNamespace(
        optimization=SimpleNamespace(train_batch_size=10), model=SimpleNamespace(image_size=(640, 480))
    )
    require_memory(spec)
    spec.optimization.train_batch_size = 11  # of which 6 are less than the share that a run may take
    with pytest.raises(ValueError, match="11 pictures of 640 x 480 pixels does not fit .* about 6 would: choose a"):
        require_memory(spec)
