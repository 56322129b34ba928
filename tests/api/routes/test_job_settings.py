"""What a job runs with, and why."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.api.routes.job_settings import settings_of
from boxwright.jobdir import Derived, Job, JobDir
from boxwright.spec.training import TrainSpec

SETTINGS = "/v1/projects/local/jobs/one/settings"


def test_given_derived_and_default() -> None:
    algorithm = ALGORITHMS["image_object_detection"]
    given = {"training_data_path": "/data/cells", "validation_data_path": "/data/more", "num_classes": "2"}
    given |= {"image_size": "320,320", "max_steps": "70", "train_batch_size": "8", "num_eval_images": "9"}
    known = {name: text for name, text in given.items() if name in {one.name for one in algorithm.arguments}}
    spec = parse(algorithm, known).spec
    derived = (Derived(name="optimization.train_batch_size", value=8, reason="as many as fit"),)
    job = Job(algorithm=algorithm.name, arguments=known, spec=spec, derived=derived)
    found = {one.name: one for one in settings_of(job)}
    assert list(found) == [one.name for one in algorithm.arguments]
    assert (found["max_steps"].value, found["max_steps"].origin, found["max_steps"].unit) == ("70", "GIVEN", "steps")
    assert (found["train_batch_size"].origin, found["train_batch_size"].reason) == ("DERIVED", "as many as fit")
    assert found["optimizer_type"].origin == "DEFAULT" and found["optimizer_type"].value
    assert isinstance(spec, TrainSpec)


def test_of_a_job_that_has_begun_and_of_one_that_has_not(served: Any) -> None:
    _, log = served.running()
    client = served.client("viewer")
    answer = client.get(SETTINGS)
    assert answer.status_code == 404 and "no settings (yet)" in answer.json()["error"]["message"]
    jobdir = JobDir(Path(log.parent))
    jobdir.write_job(Job(kind="wait", algorithm="wait", arguments={"steps": "<5>"}))
    (only,) = client.get(SETTINGS).json()["settings"]
    assert only == {"name": "steps", "value": "<5>", "unit": "", "origin": "GIVEN", "reason": ""}
    jobdir.job_file.write_text("{}")
    assert client.get(SETTINGS).status_code == 400


@pytest.mark.parametrize("path", [SETTINGS, SETTINGS.replace("one", "two")])
def test_who_may_ask(served: Any, path: str) -> None:
    served.submit()
    assert served.client().get(path).status_code == 404
    assert served.client().get(path, headers={"Authorization": ""}).status_code == 401
