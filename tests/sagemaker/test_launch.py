"""Tests of where a job is started, and how it is found again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.client import ServerError
from boxwright.jobdir import JobDir
from boxwright.sagemaker import launch
from boxwright.sagemaker.launch import Order
from boxwright.sagemaker.local import LocalJob
from boxwright.sagemaker.served import ServedJob, job_id
from boxwright.spec.resource import InvalidResource

STUDY = {"maxTrials": 2, "params": [{"parameterName": "seed", "type": "INTEGER", "minValue": 1, "maxValue": 3}]}


def order(shapes: str, **changes: Any) -> Order:
    arguments = {"training_data_path": shapes, "max_steps": "2"}
    return Order(**{"name": "my-job", "algorithm": "image_object_detection", "arguments": arguments, **changes})


def test_here_a_folder_is_made_in_the_default_bucket(buckets: Path, play: Callable[..., Any], shapes: str) -> None:
    actor = play()
    job = launch.start(order(shapes))
    folder = buckets / "boxwright" / "my-job"
    assert isinstance(job, LocalJob)
    assert actor.started == [str(folder)]
    written = JobDir(folder).read_job()
    assert written is not None
    assert (written.kind, written.algorithm) == ("train", "image_object_detection")
    assert written.arguments == {"training_data_path": shapes, "max_steps": "2"}
    found = launch.find("my-job")
    assert isinstance(found, LocalJob) and found.job_dir == str(folder)


def test_here_a_folder_can_be_named(
    tmp_path: Path, play: Callable[..., Any], shapes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    play()
    monkeypatch.chdir(tmp_path)
    launch.start(order(shapes, output_path="out"))
    assert (tmp_path / "out" / "my-job" / "job.json").is_file()
    assert launch.find("my-job").state().model == str(tmp_path / "out" / "my-job" / "model")


def test_all_mistakes_are_told_before_anything_runs(buckets: Path, play: Callable[..., Any]) -> None:
    actor = play()
    with pytest.raises(InvalidResource) as refused:
        launch.start(order("/nowhere", arguments={"training_data_path": "/nowhere", "max_step": "1"}))
    assert "did you mean --max_steps?" in str(refused.value)
    assert "no file matches '/nowhere'" in str(refused.value)
    assert actor.started == []
    assert not buckets.exists()


def test_another_jobs_folder_is_refused(play: Callable[..., Any], shapes: str) -> None:
    play()
    launch.start(order(shapes))
    with pytest.raises(InvalidResource, match="holds another run"):
        launch.start(order(shapes, study=STUDY))


def test_an_unknown_job_is_told(buckets: Path) -> None:
    assert not buckets.exists()
    with pytest.raises(LookupError, match="no job 'my-job' was started on this machine by its SDK"):
        launch.find("my-job")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("my-job-1", "my_job_1"), ("a.b", "a_b"), ("1a", "job_1a"), ("_a", "job__a"), ("ä", "job__"), ("", "job_")],
)
def test_names_as_a_server_takes_them(name: str, expected: str) -> None:
    assert job_id(name) == expected
    assert len(job_id("a" * 200)) == len(job_id("1" * 200)) == 128


def test_a_server_gets_the_same_job(plane: Any, shapes: str) -> None:
    job = launch.start(order(shapes, instance_type="ml.p3.2xlarge", max_run=60, output_path="out"))
    assert isinstance(job, ServedJob)
    record = plane.jobs.get("local", "my_job")
    given = record.request["trainingInput"]
    assert given["scaleTier"] == "BASIC_GPU"
    assert given["scheduling"] == {"maxRunningTime": "60s"}
    assert given["args"] == [f"--training_data_path={shapes}", "--max_steps=2"]
    assert record.job_dir == str(Path.cwd() / "out" / "my-job")
    assert job.state().status == "InProgress"


def test_a_job_of_a_server_is_followed(plane: Any, shapes: str) -> None:
    launch.start(order(shapes))
    job = launch.find("my-job")
    record = plane.start()
    folder = JobDir(Path(record.job_dir))
    folder.log("first\nsecond", 1.0)
    plane.end(record, output={"builtInAlgorithmOutput": {"modelPath": "/models/a"}, "trials": [{"trialId": "1"}]})
    assert list(job.lines()) == ["first", "second"]
    state = job.state()
    assert (state.status, state.model, state.trials) == ("Completed", "/models/a", ({"trialId": "1"},))


@pytest.mark.parametrize(("state", "status"), [("FAILED", "Failed"), ("CANCELLED", "Stopped")])
def test_a_job_of_a_server_that_ends_otherwise(plane: Any, shapes: str, state: str, status: str) -> None:
    job = launch.start(order(shapes))
    plane.end(plane.start(), state=state, error_message="because")
    assert (job.state().status, job.state().reason, job.state().model) == (status, "because", "")


def test_a_job_of_a_server_can_be_stopped(plane: Any, shapes: str) -> None:
    job = launch.start(order(shapes))
    assert job.let_go() == "my-job goes on; `boxwright jobs cancel my_job` ends it"
    assert job.state().status == "InProgress"
    job.stop()
    assert job.state().status == "Stopped"
    assert plane.jobs.get("local", "my_job").state == "CANCELLED"
    with pytest.raises(ServerError, match="NOT_FOUND"):
        launch.find("another")
