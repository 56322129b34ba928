"""Jobs that nobody runs: their states are put into the store, and their files into their folders."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import Event, JobDir
from boxwright.store import JobRecord, NewJob

IMAGE = "gcr.io/cloud-ml-algos/image_object_detection:latest"


@dataclass
class Desk:
    """Makes jobs in a project of a test's own."""

    console: Any
    project: str
    folder: Path

    def job(self, name: str, kind: str = "train", *args: str, state: str = "", **more: Any) -> JobRecord:
        """A job; `state` is what it is in by now, `more` are fields of the record to change and `labels`."""
        algorithm = "wait" if kind == "wait" else "image_object_detection"
        given: dict[str, Any] = {"masterConfig": {"imageUri": "wait" if kind == "wait" else IMAGE}, "args": list(args)}
        if kind == "tune":
            given["hyperparameters"] = {"params": [{"parameterName": "x", "type": "CATEGORICAL"}], "maxTrials": 4}
        request, labels = {"jobId": name, "trainingInput": given}, more.pop("labels", {})
        new = NewJob(self.project, name, kind, request, str(self.folder / name), algorithm=algorithm, labels=labels)
        jobs = self.console.context.jobs
        record: JobRecord = jobs.submit(new)
        self.dir(name).path.mkdir(parents=True)
        return self.change(name, state=state, **more) if state or more else record

    def change(self, name: str, **fields: Any) -> JobRecord:
        """What its runner would write down of a job."""
        jobs = self.console.context.jobs
        fields = {key: value for key, value in fields.items() if value != ""}
        changed: JobRecord = jobs.change(jobs.get(self.project, name), **fields)
        return changed

    def dir(self, name: str) -> JobDir:
        return JobDir(self.folder / name)

    def train(self, name: str, steps: int, every: int = 10, **values: Any) -> None:
        """Events of so many steps of training; the loss is 100 / step."""
        for step in range(every, steps + 1, every):
            numbers = {"loss": 100 / step, "images_per_second": 12.5, **values}
            self.dir(name).append(Event(kind="train", step=step, time=time.time(), values=numbers))

    @property
    def path(self) -> str:
        """Of the project's pages."""
        return f"/{self.project}"


@pytest.fixture
def desk(console: Any, tmp_path: Path) -> Desk:
    """Makes jobs in a project that is named after the test."""
    return Desk(console, f"desk-{tmp_path.name[-40:]}".replace("[", "-").rstrip("-]"), tmp_path)


@pytest.fixture
def models_desk(desk: Desk) -> Desk:
    """A desk whose jobs are below the server's roots, so that their models can be deployed and measured."""
    desk.folder = desk.console.folder / desk.project
    return desk
