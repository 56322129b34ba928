"""Runs of the training room, without the command line and without exports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.claim import claim
from boxwright.jobdir import Event, Job, JobDir
from boxwright.train import loop
from boxwright.train.loop import Report, Run
from boxwright.train.run import derive_spec, prepare, read_data


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Statistics of few pictures, the losses of every step, and a single thread."""
    request.getfixturevalue("one_thread")
    monkeypatch.setattr(loop, "STATISTICS_IMAGES", 4)
    monkeypatch.setattr(loop, "LOG_EVERY", 1)


@pytest.fixture
def job(tmp_path: Path, tiny: Callable[..., dict[str, str]]) -> Callable[..., JobDir]:
    """Makes (or finds again) the folder of a tiny job; keywords replace its arguments."""

    def make(name: str = "job", **changes: object) -> JobDir:
        jobdir = JobDir(tmp_path / name)
        claim(jobdir, Job(algorithm="image_object_detection", arguments=tiny(**changes)))
        return jobdir

    return make


@pytest.fixture
def prepared(job: Callable[..., JobDir]) -> Callable[..., Run]:
    """Prepares a run of a tiny job that has not begun."""

    def make(report: Report = lambda _: None, **changes: object) -> Run:
        jobdir = job(**changes)
        there = jobdir.read_job()
        assert there is not None
        data = read_data(parse(ALGORITHMS[there.algorithm], there.arguments).spec, report)
        spec = derive_spec(jobdir, there, data, report)
        return prepare(spec, data, jobdir, report)

    return make


@pytest.fixture
def curve() -> Callable[[JobDir], list[tuple[object, ...]]]:
    """Reads the losses and the accuracy that a job has reported, step by step."""

    def read(jobdir: JobDir) -> list[tuple[object, ...]]:
        return [numbers(event) for event in jobdir.events() if event.kind in ("train", "evaluation")]

    return read


def numbers(event: Event) -> tuple[object, ...]:
    """Step and numbers of an event, without the times."""
    names = ("loss", "class_loss", "box_loss", "learning_rate") if event.kind == "train" else ("AP", "AP50", "ARmax100")
    return event.kind, event.step, *(event.values[name] for name in names)
