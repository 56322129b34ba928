"""What every runner must do. A test module fills in `runner` and `again` and imports the tests of this one."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import Job, JobDir, Worker
from boxwright.runners import Runner


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., JobDir]:
    """Makes the folder of a `wait` job; keywords are its arguments."""

    def make(**arguments: object) -> JobDir:
        jobdir = JobDir(tmp_path / f"job{len(list(tmp_path.iterdir()))}")
        jobdir.create()
        texts = {name: str(value) for name, value in arguments.items()}
        jobdir.write_job(Job(kind="wait", algorithm="wait", arguments=texts))
        return jobdir

    return make


def begin(runner: Runner, jobdir: JobDir, **environment: str) -> Worker:
    return runner.start(str(jobdir.path), jobdir.path, environment)


def until(reached: Callable[[], Any], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.02)


def running(jobdir: JobDir) -> bool:
    return any(event.kind == "waited" for event in jobdir.events())


def test_a_worker_runs_to_its_end(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=2)
    worker = begin(runner, jobdir, CUDA_VISIBLE_DEVICES="1")
    assert worker.started > 0 and worker.devices == "1"
    until(lambda: not runner.alive(worker))
    assert runner.ending(worker) == 0
    result = jobdir.read_result()
    assert result is not None and result["status"] == "finished"
    assert jobdir.read_worker() == worker


def test_a_worker_that_is_stopped_saves_its_place(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=1000, seconds=0.02)
    worker = begin(runner, jobdir)
    until(lambda: running(jobdir))
    assert runner.alive(worker)
    runner.stop(worker)
    until(lambda: not runner.alive(worker))
    assert runner.ending(worker) == 75
    assert [event.kind for event in jobdir.events()][-1] == "stopped"
    runner.stop(worker)  # nothing happens
    runner.kill(worker)


def test_a_worker_is_killed_with_what_it_started(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=1000, seconds=0.02, fail="deaf")
    worker = begin(runner, jobdir)
    until(lambda: running(jobdir))
    runner.kill(worker)
    until(lambda: not runner.alive(worker))
    assert runner.ending(worker) == -signal.SIGKILL


def test_a_mistake_has_a_status_and_a_reason(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=2, fail="user")
    worker = begin(runner, jobdir)
    until(lambda: not runner.alive(worker))
    assert runner.ending(worker) == 1
    assert jobdir.read_result() == {
        "status": "failed",
        "fault": "user",
        "error": "this job was asked to fail with a mistake of the user (--fail=user)",
    }
    assert "boxwright: this job was asked to fail" in jobdir.worker_log.read_text()


def test_a_fault_has_another(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=2, fail="machine")
    worker = begin(runner, jobdir)
    until(lambda: not runner.alive(worker))
    assert runner.ending(worker) == 70
    result = jobdir.read_result()
    assert result is not None and result["fault"] == "machine"


def test_a_second_worker_in_a_folder_ends_at_once(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=1000, seconds=0.02)
    first = begin(runner, jobdir)
    until(lambda: running(jobdir))
    second = begin(runner, jobdir)
    until(lambda: not runner.alive(second))
    assert runner.ending(second) == 69
    assert runner.alive(first) and jobdir.read_worker() == first
    assert jobdir.read_result() is None
    runner.kill(first)


def test_another_runner_finds_the_worker(runner: Runner, again: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=1000, seconds=0.02)
    worker = Worker.model_validate_json(begin(runner, jobdir).model_dump_json())
    until(lambda: running(jobdir))
    assert again.alive(worker) and again.ending(worker) is None
    again.stop(worker)
    # The first runner's child waits to be waited for: that is no longer alive.
    until(lambda: not again.alive(worker))
    assert again.ending(worker) is None


def test_a_number_that_was_given_again_is_no_worker(runner: Runner, job: Callable[..., JobDir]) -> None:
    worker = begin(runner, job(steps=1000, seconds=0.02))
    stranger = worker.model_copy(update={"started": worker.started - 1.0})
    elsewhere = worker.model_copy(update={"host": "elsewhere.example"})
    for other in (stranger, elsewhere):
        assert not runner.alive(other)
        runner.stop(other)
        runner.kill(other)
    assert runner.alive(worker)
    runner.kill(worker)


def test_output_goes_to_a_file_and_is_kept(runner: Runner, job: Callable[..., JobDir]) -> None:
    jobdir = job(steps=1, seconds=-1)
    for _ in range(2):
        worker = begin(runner, jobdir)
        until(lambda worker=worker: not runner.alive(worker))
    assert jobdir.worker_log.read_text().count("seconds: Input should be greater than or equal to 0") == 2
    assert json.loads(jobdir.result_file.read_text())["fault"] == "user"


def test_a_worker_has_a_process_group_of_its_own(runner: Runner, job: Callable[..., JobDir]) -> None:
    worker = begin(runner, job(steps=1000, seconds=0.02))
    assert os.getpgid(worker.pid) == worker.pid != os.getpgid(0)
    runner.kill(worker)
