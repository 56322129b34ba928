"""Tests of a job's folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.claim import claim
from boxwright.jobdir import Derived, Event, Job, JobDir
from boxwright.spec.training import DataSpec, OptimizationSpec, TrainSpec

SPEC = TrainSpec(
    data=DataSpec(training_data_path="a", validation_data_path="b"), optimization=OptimizationSpec(max_steps=600)
)


def job(**arguments: str) -> Job:
    return Job(algorithm="image_object_detection", arguments=arguments)


@pytest.fixture
def jobdir(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path / "run")


def test_a_job_is_read_as_it_was_written(jobdir: JobDir) -> None:
    assert jobdir.read_job() is None
    one = Derived(name="model.image_size", value=[64, 96], reason="its shape")
    wanted = job(seed="1").model_copy(update={"spec": SPEC, "derived": (one,)})
    claim(jobdir, wanted)
    assert jobdir.read_job() == wanted
    assert json.loads(jobdir.job_file.read_text())["spec"]["optimization"]["max_steps"] == 600
    assert jobdir.checkpoints.is_dir()
    assert sorted(path.name for path in jobdir.path.iterdir()) == ["checkpoints", "job.json"]


@pytest.mark.parametrize("place", ["file/run", "/proc/run"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OSError, match="cannot write to the job folder .* choose another --job-dir") as refused:
        claim(JobDir(tmp_path / place), job())
    assert refused.value.filename == str(tmp_path / place)


def test_events_are_lines_of_json_in_order(jobdir: JobDir) -> None:
    jobdir.path.mkdir()
    assert list(jobdir.events()) == []
    for step in (1, 2):
        jobdir.append(Event(kind="train", step=step, values={"loss": 0.5, "note": "ä\nb"}))
    lines = jobdir.events_file.read_text("utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
    assert set(json.loads(lines[0])) == {"time", "kind", "step", "values"}
    first, second = jobdir.events()
    assert first.values == {"loss": 0.5, "note": "ä\nb"}
    assert first.time <= second.time


def test_half_a_line_is_no_event(jobdir: JobDir) -> None:
    jobdir.path.mkdir()
    jobdir.append(Event(kind="train", step=1))
    whole = jobdir.events_file.read_bytes()
    jobdir.events_file.write_bytes(whole + whole[:20])
    assert [event.step for event in jobdir.events()] == [1]
    # A run that goes on clears it away before it reports anything.
    jobdir.forget_after(1)
    jobdir.append(Event(kind="train", step=2))
    assert [event.step for event in jobdir.events()] == [1, 2]


def test_events_after_a_checkpoint_are_forgotten(jobdir: JobDir) -> None:
    jobdir.path.mkdir()
    for step in (0, 5, 10, 15):
        jobdir.append(Event(kind="train", step=step))
    jobdir.forget_after(10)
    assert [event.step for event in jobdir.events()] == [0, 5, 10]


def test_result(jobdir: JobDir) -> None:
    assert jobdir.read_result() is None
    jobdir.write_result({"status": "finished", "metrics": {"AP": 0.5}})
    assert jobdir.read_result() == {"status": "finished", "metrics": {"AP": 0.5}}


def test_only_one_process_works_in_a_folder(jobdir: JobDir) -> None:
    other = (
        "import sys; from pathlib import Path; from boxwright.jobdir import JobDir\n"
        "with JobDir(Path(sys.argv[1])).held(): pass"
    )
    words = [sys.executable, "-c", other, str(jobdir.path)]
    with jobdir.held():
        refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "another process is working in this job folder" in refused.stderr
    assert subprocess.run(words, check=False).returncode == 0
