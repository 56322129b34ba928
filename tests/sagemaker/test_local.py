"""Tests of jobs as processes of this machine."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import Job, JobDir
from boxwright.runners.local import LocalRunner
from boxwright.sagemaker import local
from boxwright.sagemaker.local import LocalJob

JOB = Job(algorithm="wait", kind="wait", arguments={"steps": "1"})


def test_its_log_is_read_as_it_grows(tmp_path: Path, play: Callable[..., Any]) -> None:
    play(lambda _: None)
    job = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert job.state().status == "InProgress"
    folder, read = job.folder, list[str]()
    actor: Any = job.runner
    looks = iter((["a", "b"], ["c"], []))

    def between() -> None:
        new = next(looks)
        with open(folder.log_file, "a") as file:
            file.write("".join(f"2026-01-01T00:00:00Z {line}\n" for line in new) + "2026 half")
        if not new:
            folder.log_file.write_text("2026-01-01T00:00:00Z anew\n2026-01-01T00:00:00Z half")
            actor.status = 0

    for line in job.lines(between):
        read.append(line)
        text = folder.log_file.read_text()
        folder.log_file.write_text(text.removesuffix("2026 half"))
    assert read[:3] == ["a", "b", "c"]
    assert read[-1] == "anew"


def test_a_job_that_goes_well(tmp_path: Path, play: Callable[..., Any]) -> None:
    actor = play()
    job = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert actor.started == [str(tmp_path / "one")]
    assert list(job.lines())[1:] == ["step 2: loss 1.250  3.0 img/s", "step 2: AP 0.1250  AP50 0.5000  AP75 0.0000"]
    state = job.state()
    assert (state.status, state.model, state.trials) == ("Completed", str(tmp_path / "one" / "model"), ())
    again = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert len(list(again.lines())) == 3  # and not those of the first time
    found = LocalJob.find("one", str(tmp_path / "one"))
    assert found.state() == state


def test_a_job_that_fails(tmp_path: Path, play: Callable[..., Any], failing: Callable[[JobDir], int]) -> None:
    play(failing)
    job = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert (job.state().status, job.state().reason) == ("Failed", "the pictures are of cats")


def test_a_process_that_dies_is_quoted(tmp_path: Path, play: Callable[..., Any]) -> None:
    def die(folder: JobDir) -> int:
        folder.worker_log.write_text("out of memory\n")
        return -9

    play(die)
    job = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert job.state().reason == "the job's process was killed (SIGKILL); it printed last:\nout of memory"


def test_a_job_that_is_stopped(tmp_path: Path, play: Callable[..., Any]) -> None:
    play(lambda _: None)
    job = LocalJob.start("one", str(tmp_path / "one"), JOB)
    assert job.let_go() == "asked one to save its place and end; the same job name goes on with it"
    assert list(job.lines()) == []
    assert job.state().status == "Stopped"
    assert "the same job name goes on with it" in job.state().reason


def test_a_folder_without_a_job_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no job"):
        LocalJob.find("one", str(tmp_path))


def test_a_job_that_nobody_runs_has_failed(tmp_path: Path, play: Callable[..., Any]) -> None:
    play()
    JobDir(tmp_path).write_job(JOB)
    job = LocalJob.find("one", str(tmp_path))
    job.stop()
    assert job.state().status == "Failed"


def test_a_remote_folder_is_worked_on_in_its_copy(
    memory: str, tmp_path: Path, play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "cache"))
    actor = play()
    job = LocalJob.start("one", f"{memory}/one", JOB)
    assert actor.started == [f"{memory}/one"]
    assert job.folder.path.is_relative_to(tmp_path / "cache")
    assert job.state().model == f"{memory}/one/model"
    assert LocalJob.find("one", f"{memory}/one").state().status == "Completed"


def test_a_process_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "POLL", 0.02)
    job = LocalJob.start("one", str(tmp_path / "one"), JOB, LocalRunner())
    assert list(job.lines())
    assert job.state().status == "Completed"


def test_no_training_framework_is_loaded() -> None:
    modules = "boxwright.sagemaker.estimator, boxwright.sagemaker.tuner, boxwright.sagemaker.container"
    asked = f"import sys, {modules}; print([name for name in ('torch', 'tensorflow') if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
