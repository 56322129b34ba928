"""Tests of a queued job's folder."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from boxwright.jobdir import Event, Job, JobDir
from boxwright.jobs import folder
from boxwright.store import NewJob


def nobody(job_id: str) -> str:
    raise LookupError(f"no finished job {job_id!r}")


def record(desk: Any, job_dir: str, *args: str) -> Any:
    given = {"masterConfig": {"imageUri": "gcr.io/x/wait:latest"}, "args": list(args)}
    return desk.store.submit(NewJob("local", "a", "wait", {"jobId": "a", "trainingInput": given}, job_dir))


def test_a_folder_is_written_and_found_again(desk: Any, tmp_path: Path) -> None:
    one = record(desk, str(tmp_path / "a"), "--steps=3")
    jobdir = folder.prepare(one, nobody)
    assert jobdir.read_job() == Job(kind="wait", algorithm="wait", arguments={"steps": "3"})
    jobdir.write_result({"status": "failed", "fault": "machine", "error": "x"})
    jobdir.append(Event(kind="waited", step=1))
    assert folder.prepare(one, nobody) == jobdir
    assert jobdir.read_result() is None and folder.last_step(jobdir) == 1
    jobdir.write_result({"status": "finished", "best_step": 3})
    folder.prepare(one, nobody)
    assert jobdir.read_result() is not None


def test_a_remote_folder_is_claimed_too(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    system = fsspec.filesystem("memory")
    one = record(desk, "memory://bucket/a", "--steps=3")
    try:
        jobdir = folder.prepare(one, nobody)
        assert jobdir.path.is_relative_to(tmp_path)
        assert Job.model_validate_json(system.cat_file("/bucket/a/job.json")) == jobdir.read_job()
        jobdir.job_file.unlink()
        assert folder.prepare(one, nobody).read_job() is not None
    finally:
        system.rm("/bucket", recursive=True)


def test_last_step_of_whole_lines_only(tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    assert folder.last_step(jobdir, 7) == 7
    for step in (1, 2):
        jobdir.append(Event(kind="waited", step=step, values={"filler": "x" * folder.TAIL}))
    assert folder.last_step(jobdir, 7) == 7  # longer than what is looked at
    jobdir.append(Event(kind="waited", step=3))
    with open(jobdir.events_file, "ab") as file:
        file.write(b'{"kind": "waited", "step": 4')
    assert folder.last_step(jobdir) == 3


def test_what_a_worker_printed(tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    assert folder.printed(jobdir, 0) == ""
    before = "of an earlier worker\n"
    jobdir.worker_log.write_text(before + "".join(f"line {index}\n\n" for index in range(20)))
    assert folder.printed(jobdir, len(before)).splitlines() == [f"line {index}" for index in range(12, 20)]
    jobdir.worker_log.write_text(before + "Killed\n")
    assert folder.printed(jobdir, len(before)) == "Killed"


def test_trials(tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    assert (folder.read_trials(jobdir), folder.changed(jobdir.trials_file)) == ([], (0, 0))
    jobdir.trials_file.write_text('[{"trialId": "1"}]')
    assert folder.read_trials(jobdir) == [{"trialId": "1"}]
    assert folder.changed(jobdir.trials_file)[1] == 18


def test_the_last_counts_of_a_prediction(tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    assert folder.last_counts(jobdir) == {}
    jobdir.append(Event(kind="planned", step=0))
    assert folder.last_counts(jobdir) == {}
    for done in (1, 2):
        jobdir.append(Event(kind="predicted", step=0, values={"predictions": done, "errors": 3, "pictures": 9}))
    jobdir.append(Event(kind="stopped", step=0))
    with open(jobdir.events_file, "a") as file:
        file.write("no event\n")
    assert folder.last_counts(jobdir) == {"predictions": 2, "errors": 3}
