"""Tests of the job that trains nothing."""

import errno
import os
from pathlib import Path

import pytest

from boxwright.jobdir import Event, Job, JobDir
from boxwright.spec.resource import InvalidResource
from boxwright.waiting import steps_done
from boxwright.work import work


def folder(path: Path, **arguments: str) -> JobDir:
    JobDir(path).write_job(Job(kind="wait", algorithm="wait", arguments=arguments))
    return JobDir(path)


def test_steps_are_written_down(tmp_path: Path) -> None:
    jobdir = folder(tmp_path, steps="3")
    heard: list[Event] = []
    assert work(tmp_path, heard.append) == {"status": "finished", "best_step": 3}
    assert [(event.kind, event.step) for event in heard] == [
        ("begun", 0),
        ("waited", 1),
        ("waited", 2),
        ("waited", 3),
        ("finished", 3),
    ]
    assert list(jobdir.events()) == heard
    assert {event.values["process"] for event in heard if event.kind == "waited"} == {os.getpid()}
    assert [line.split(" ", 1)[1] for line in jobdir.log_file.read_text().splitlines()][1] == "waited 1 of 3"


def test_no_steps_are_done_at_once(tmp_path: Path) -> None:
    assert work(folder(tmp_path, steps="0").path)["best_step"] == 0


def test_it_goes_on_after_the_last_step_that_is_written_down(tmp_path: Path) -> None:
    jobdir = folder(tmp_path, steps="4")
    for step in (1, 2):
        jobdir.append(Event(kind="waited", step=step))
    with open(jobdir.events_file, "ab") as file:
        file.write(b'{"kind": "waited", "step": 3')  # the process was killed here
    assert steps_done(jobdir) == 2
    work(tmp_path)
    assert [event.step for event in jobdir.events() if event.kind == "waited"] == [1, 2, 3, 4]


@pytest.mark.parametrize(("fail", "number"), [("user", None), ("machine", errno.EIO)])
def test_it_fails_where_it_is_told_to_every_time(tmp_path: Path, fail: str, number: int | None) -> None:
    jobdir = folder(tmp_path, steps="4", fail=fail)
    for _ in range(2):
        with pytest.raises((ValueError, OSError), match=f"--fail={fail}") as failed:
            work(tmp_path)
        assert getattr(failed.value, "errno", None) == number
        assert steps_done(jobdir) == 2
    result = jobdir.read_result()
    assert result is not None and (result["status"], result["fault"]) == ("failed", fail)


def test_faulty_arguments(tmp_path: Path) -> None:
    with pytest.raises(InvalidResource, match="steps: .* greater than or equal to 0, got '-1'"):
        work(folder(tmp_path, steps="-1").path)
