"""Tests of a job's folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.jobdir import Derived, Event, Job, JobDir, claim
from boxwright.spec.training import DataSpec, OptimizationSpec, TrainSpec

SPEC = TrainSpec(
    data=DataSpec(training_data_path="a", validation_data_path="b"), optimization=OptimizationSpec(max_steps=600)
)


def job(**arguments: str) -> Job:
    return Job(algorithm="image_object_detection", arguments=arguments)


@pytest.fixture
def jobdir(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path / "run")


@pytest.fixture
def begun(jobdir: JobDir) -> JobDir:
    """A folder whose job has been given its spec."""
    there = claim(jobdir, job(max_steps="600", seed="1"))
    jobdir.write_job(there.model_copy(update={"spec": SPEC}))
    return jobdir


def test_a_job_is_read_as_it_was_written(jobdir: JobDir) -> None:
    assert jobdir.read_job() is None
    one = Derived(name="model.image_size", value=[64, 96], reason="its shape")
    wanted = job(seed="1").model_copy(update={"spec": SPEC, "derived": (one,)})
    claim(jobdir, wanted)
    assert jobdir.read_job() == wanted
    assert json.loads(jobdir.job_file.read_text())["spec"]["optimization"]["max_steps"] == 600
    assert jobdir.checkpoints.is_dir()
    assert sorted(path.name for path in jobdir.path.iterdir()) == ["checkpoints", "job.json"]


def test_the_same_job_is_found_again(begun: JobDir) -> None:
    for arguments in ({"max_steps": "600", "seed": "1"}, {"seed": "1", "max_steps": "600", "ema": "auto"}):
        found = claim(begun, job(**arguments))
        assert found.spec == SPEC


def test_another_job_is_refused_with_what_differs(begun: JobDir) -> None:
    with pytest.raises(FileExistsError) as refused:
        claim(begun, job(max_steps="600", seed="2", image_size="64,64"))
    said = str(refused.value)
    assert "holds another run of image_object_detection" in said
    assert "image_size: not given there, 64,64 now; seed: 1 there, 2 now" in said
    assert "choose a new --job-dir" in said
    assert begun.read_job() == job(max_steps="600", seed="1").model_copy(update={"spec": SPEC})
    with pytest.raises(FileExistsError, match="another run"):
        claim(begun, job(max_steps="900", seed="2"))


def test_another_algorithm_is_refused(begun: JobDir) -> None:
    with pytest.raises(FileExistsError, match="holds another run of image_object_detection"):
        claim(begun, Job(algorithm="image_classification", arguments={"max_steps": "600", "seed": "1"}))


def test_more_steps_continue(begun: JobDir) -> None:
    begun.write_result({"status": "finished", "best_step": 600})
    found = claim(begun, job(max_steps="900", seed="1"))
    assert found.spec is not None and found.spec.optimization.max_steps == 900
    assert found.spec.model_copy(update={"optimization": SPEC.optimization}) == SPEC
    assert begun.read_job() == found
    assert begun.read_result() is None


@pytest.mark.parametrize(
    ("arguments", "got"), [({"max_steps": "300"}, "300"), ({}, "none"), ({"max_steps": "auto"}, "none")]
)
def test_fewer_steps_do_not(begun: JobDir, arguments: dict[str, str], got: str) -> None:
    with pytest.raises(FileExistsError, match=f"holds a run of 600 steps; .* max_steps must be larger, got {got}"):
        claim(begun, job(seed="1", **arguments))


def test_a_job_that_never_began_may_be_corrected(jobdir: JobDir) -> None:
    claim(jobdir, job(training_data_path="wrong"))
    jobdir.append(Event(kind="data", step=0))
    corrected = job(training_data_path="right", max_steps="3")
    assert claim(jobdir, corrected) == jobdir.read_job() == corrected
    assert list(jobdir.events()) == []


def test_foreign_files_are_left_alone(jobdir: JobDir) -> None:
    jobdir.path.mkdir()
    for name in ("thesis.tex", "photo.jpg"):
        (jobdir.path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds files that are no job's \(photo.jpg, thesis.tex\); choose a new"):
        claim(jobdir, job())
    assert len(list(jobdir.path.iterdir())) == 2


def test_an_empty_folder_and_what_a_full_disk_leaves_are_taken(jobdir: JobDir) -> None:
    (jobdir.path / "checkpoints").mkdir(parents=True)
    assert claim(jobdir, job()) == job()


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


def test_only_one_process_works_in_a_folder(begun: JobDir) -> None:
    other = (
        "import sys; from pathlib import Path; from boxwright.jobdir import JobDir\n"
        "with JobDir(Path(sys.argv[1])).held(): pass"
    )
    words = [sys.executable, "-c", other, str(begun.path)]
    with begun.held():
        refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "another process is working in this job folder" in refused.stderr
    assert subprocess.run(words, check=False).returncode == 0
