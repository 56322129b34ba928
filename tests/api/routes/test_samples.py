"""Samples of jobs over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.evaluation.samples import Samples

SAMPLES = "/v1/projects/local/jobs/one/samples"


@pytest.fixture
def sampled(served: Any, scene: Any, train_kind: Any) -> Any:
    """A running job, of which the evaluations of steps 20 and 40 are there."""
    _, log = served.running()
    train_kind("one")
    one = Samples.of(str(log.parent / "samples"), scene.classes, scene.pictures)
    for step in (20, 40):
        one.write(step, [picture.predictions for picture in scene.pictures])
    return served


def test_pictures_and_steps(sampled: Any) -> None:
    found = sampled.client("viewer").get(SAMPLES).json()
    assert found["steps"] == [20, 40]
    assert found["classes"] == [{"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}, {"id": 7, "name": "never"}]
    assert [one["source"] for one in found["pictures"]] == ["errors.png", "right.png", "large.png", "late.png"]
    right = {"source": "right.png", "width": 60, "height": 40, "truth": [{"box": [10, 0, 40, 30], "label": 0}]}
    assert found["pictures"][1] == right


def test_predictions_of_a_step(sampled: Any) -> None:
    found = sampled.client("viewer").get(f"{SAMPLES}/40").json()
    assert found["step"] == 40
    assert found["predictions"][1] == [{"box": [10, 0, 40, 30], "label": 0, "score": 0.95}]
    missing = sampled.client().get(f"{SAMPLES}/41")
    assert missing.status_code == 404
    assert missing.json()["error"]["message"] == "job one has no samples of step 41; there are those of 20, 40"


def test_pictures(sampled: Any) -> None:
    image = sampled.client("viewer").get(f"{SAMPLES}/pictures/3/image")
    assert image.headers["content-type"] == "image/jpeg" and image.content[:2] == b"\xff\xd8"
    assert image.headers["cache-control"] == "private, max-age=300"
    assert image.headers["x-content-type-options"] == "nosniff"
    for number in (0, 5):
        refused = sampled.client().get(f"{SAMPLES}/pictures/{number}/image")
        assert refused.status_code == 404 and "numbered from 1 to 4" in refused.json()["error"]["message"]
    assert sampled.client().get(f"{SAMPLES}/pictures/x/image").status_code == 400


def test_before_the_first_evaluation(served: Any, train_kind: Any) -> None:
    served.running()
    train_kind("one")
    for path in (SAMPLES, f"{SAMPLES}/1", f"{SAMPLES}/pictures/1/image"):
        answer = served.client().get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "job one has no samples (yet): it is RUNNING"
    assert served.client().get("/v1/projects/local/jobs/other/samples").status_code == 404


def test_a_job_that_trains_nothing(served: Any) -> None:
    served.running()
    assert "trains nothing" in served.client().get(SAMPLES).json()["error"]["message"]


def test_a_search_has_samples_of_each_trial(served: Any, scene: Any, train_kind: Any) -> None:
    _, log = served.running()
    train_kind("one", "tune")
    assert "name a trial of it" in served.client().get(SAMPLES).json()["error"]["message"]
    folder = log.parent / "trials" / "2" / "samples"
    Samples.of(str(folder), scene.classes, scene.pictures).write(8, [one.predictions for one in scene.pictures])
    assert "such as trial=2" in served.client().get(SAMPLES).json()["error"]["message"]
    assert served.client().get(SAMPLES, params={"trial": 2}).json()["steps"] == [8]
    assert served.client().get(f"{SAMPLES}/8", params={"trial": "2"}).json()["step"] == 8
    assert served.client().get(SAMPLES, params={"trial": "3"}).status_code == 404
    assert served.client().get(SAMPLES, params={"trial": "../2"}).status_code == 400


def test_a_token_is_needed(sampled: Any) -> None:
    for path in (SAMPLES, f"{SAMPLES}/40", f"{SAMPLES}/pictures/1/image"):
        answer = sampled.client().get(path, headers={"Authorization": ""})
        assert answer.status_code == 401


def test_a_remote_folder(served: Any, scene: Any, train_kind: Any, memory: str) -> None:
    served.running()
    folder = f"{memory}/one"
    train_kind("one", folder=folder)
    Samples.of(f"{folder}/samples", scene.classes, scene.pictures).write(5, [one.predictions for one in scene.pictures])
    assert served.client().get(SAMPLES).json()["steps"] == [5]
    assert served.client().get(f"{SAMPLES}/pictures/1/image").content[:2] == b"\xff\xd8"
    assert Path(memory).exists() is False
