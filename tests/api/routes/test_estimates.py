"""Tests of estimates over HTTP; the measuring process is a fake."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright.estimates.measuring import Estimates

JOBS = "/v1/projects/local/jobs"

VALUES = {
    "total_seconds": 100.0,
    "low_seconds": 80.0,
    "high_seconds": 120.0,
    "preparation_seconds": 5.0,
    "step_seconds": 0.5,
    "steps": 120,
    "measured_steps": 20,
    "evaluation_seconds": 2.0,
    "evaluations": 10,
    "export_seconds": 15.0,
    "batch_size": 4,
    "image_size": [320, 480],
    "training_pictures": 12,
    "accelerator": "cpu",
    "may_end_early": False,
    "memory_bytes": 10**9,
    "device_memory_bytes": 0,
    "disk_bytes": 10**8,
}

FAKE = f"""
import json, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
arguments = json.loads((folder / "job.json").read_text())["arguments"]
if arguments.get("max_steps") == "1":
    time.sleep(60)
broken = {{"status": "failed", "error": "too few pictures"}}
done = json.loads({json.dumps(json.dumps({"status": "finished", "best_step": 0, **VALUES}))})
(folder / "result.json").write_text(json.dumps(broken if arguments.get("max_steps") == "2" else done))
"""


@pytest.fixture
def measured(served: Any, tmp_path: Path) -> Iterator[Any]:
    """A server whose measuring process is a fake."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    before = served.context.__dict__.get("estimates")
    served.context.__dict__["estimates"] = Estimates((sys.executable, "-S", str(script)))
    yield served
    served.context.estimates.close()
    served.context.__dict__["estimates"] = before or Estimates()


@pytest.fixture
def job(records: Path) -> Callable[..., dict[str, Any]]:
    """Makes a training job over drawn records."""

    def make(*words: str, **given: Any) -> dict[str, Any]:
        args = [f"--training_data_path={records}/train-*", f"--validation_data_path={records}/validation-*", *words]
        image = {"imageUri": "gcr.io/cloud-ml-algos/image_object_detection:latest"}
        return {"jobId": "shapes", "trainingInput": {"masterConfig": image, "args": args, **given}}

    return make


def done(served: Any, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    one: dict[str, Any] = answer.json()
    end = time.monotonic() + 20
    while not one["done"]:
        assert time.monotonic() < end
        time.sleep(0.05)
        one = served.client("viewer").get(f"/v1/{one['name']}").json()
    return one


def test_an_estimate_is_an_operation_with_the_cost(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    answer = measured.client("trainer").post(f"{JOBS}:estimate", json=job())
    assert answer.json()["name"].startswith("projects/local/estimates/")
    one = done(measured, answer)
    assert one["metadata"] == {"state": "SUCCEEDED", "phase": "", "measuredSteps": 0, "otherJobsRunning": False}
    found = one["response"]
    assert (found["totalSeconds"], found["lowSeconds"], found["runSeconds"]) == (100, 80, 100)
    assert (found["imageSize"], found["stepSeconds"], found["evaluations"]) == ([320, 480], 0.5, 10)
    assert (found["trials"], found["diskBytes"]) == (1, 10**8)
    again = measured.client().post(f"{JOBS}:estimate", json=job()).json()
    assert again["done"] and again["name"] == one["name"]
    assert measured.client().get(JOBS).json() == {}


def test_a_study_costs_as_much_as_its_trials(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    params = [{"parameterName": "max_steps", "type": "INTEGER", "minValue": 20, "maxValue": 40}]
    study = {"maxTrials": 4, "maxParallelTrials": 2, "params": params}
    found = done(measured, measured.client().post(f"{JOBS}:estimate", json=job(hyperparameters=study)))["response"]
    assert (found["trials"], found["parallelTrials"]) == (4, 1)
    assert (found["totalSeconds"], found["runSeconds"], found["diskBytes"]) == (400, 100, 4 * 10**8)


def test_running_jobs_are_mentioned(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    measured.running("other")
    one = done(measured, measured.client().post(f"{JOBS}:estimate", json=job()))
    assert one["metadata"]["otherJobsRunning"]


def test_what_training_refuses_is_the_error(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    one = done(measured, measured.client().post(f"{JOBS}:estimate", json=job("--max_steps=2")))
    assert one["error"] == {"code": 9, "message": "too few pictures", "status": "FAILED_PRECONDITION"}
    assert "response" not in one


def test_an_estimate_can_be_cancelled(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    name = measured.client().post(f"{JOBS}:estimate", json=job("--max_steps=1")).json()["name"]
    assert measured.client("viewer").post(f"/v1/{name}:cancel").status_code == 403
    assert measured.client("trainer").post(f"/v1/{name}:cancel").json() == {}
    one = measured.client().get(f"/v1/{name}").json()
    assert one["done"] and one["error"]["status"] == "CANCELLED"


def test_what_cannot_be_estimated_is_refused(measured: Any, job: Callable[..., dict[str, Any]]) -> None:
    assert measured.client("viewer").post(f"{JOBS}:estimate", json=job()).status_code == 403
    answer = measured.client().post(f"{JOBS}:estimate", json=job("--max_steps=ten"))
    assert answer.status_code == 400 and "--max_steps" in answer.json()["error"]["message"]
    waiting = {"jobId": "w", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    answer = measured.client().post(f"{JOBS}:estimate", json=waiting)
    assert "only training can be estimated" in answer.json()["error"]["message"]
    assert measured.client().get("/v1/projects/local/estimates/none").status_code == 404
    other = measured.client().post(f"{JOBS}:estimate", json=job()).json()["name"].replace("/local/", "/other/")
    assert measured.client().get(f"/v1/{other}").status_code == 404
