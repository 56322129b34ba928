"""Tests of looking at jobs without submitting them, and of writing them down in other ways."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxwright.commands.config_file import read_config
from boxwright.commands.submission import read_submission
from boxwright.spec.job import JobRequest

JOBS = "/v1/projects/local/jobs"
IMAGE = {"masterConfig": {"imageUri": "gcr.io/cloud-ml-algos/image_object_detection:latest"}}

Job = Callable[..., dict[str, Any]]


@pytest.fixture
def job(records: Path) -> Job:
    """Makes a job over drawn records; keywords replace parts of trainingInput."""

    def make(job_id: str = "shapes", **given: Any) -> dict[str, Any]:
        args = [f"--training_data_path={records}/train-*", f"--validation_data_path={records}/validation-*"]
        return {"jobId": job_id, "trainingInput": {**IMAGE, "args": args, **given}}

    return make


def faults(answer: Any) -> dict[tuple[str, str], str]:
    """Words by field and argument."""
    assert answer.status_code == 200, answer.text
    assert "valid" not in answer.json()
    return {(one["field"], one.get("argument", "")): one["description"] for one in answer.json()["faults"]}


def test_a_good_job_is_valid_and_nothing_is_queued(served: Any, job: Job, records: Path) -> None:
    answer = served.client("trainer").post(f"{JOBS}:validate", json=job()).json()
    assert answer["valid"] and "faults" not in answer
    assert answer["machines"] == ["scaleTier BASIC (any machine) -> 2 cores of the processor"]
    assert answer["jobDir"] == str(served.folder / "jobs" / "local" / "shapes")
    assert answer["data"][0] == {
        "argument": "training_data_path",
        "path": f"{records}/train-*",
        "format": "tfrecord",
        "splits": ["train"],
        "files": 1,
    }
    assert not Path(answer["jobDir"]).exists()
    assert served.client().get(JOBS).json() == {}


def test_every_fault_is_told_by_its_field_and_argument(served: Any, job: Job) -> None:
    bad = job("1 <b>", region=7, scaleTier="HUGE")
    bad["labels"] = {"A": "b"}
    bad["trainingInput"]["args"] += ["--max_steps=ten", "--fpn_type=pan", "--validation_data_pat=x"]
    found = faults(served.client().post(f"{JOBS}:validate", json=bad))
    assert set(found) == {
        ("jobId", ""),
        ("labels", ""),
        ("trainingInput.region", ""),
        ("trainingInput.scaleTier", ""),
        ("trainingInput.args", "max_steps"),
        ("trainingInput.args", "fpn_type"),
        ("trainingInput.args", "validation_data_pat"),
    }
    assert found["trainingInput.args", "validation_data_pat"].endswith("did you mean --validation_data_path?")


def test_faults_of_a_study_do_not_hide_those_of_arguments(served: Any, job: Job) -> None:
    study = {
        "maxTrials": 2,
        "params": [{"parameterName": "max_steps", "type": "INTEGER", "minValue": 9, "maxValue": 1}],
    }
    bad = job(hyperparameters=study)
    bad["trainingInput"]["args"].append("--train_batch_size=0")
    found = faults(served.client().post(f"{JOBS}:validate", json=bad))
    assert set(found) == {
        ("trainingInput.hyperparameters.params[0]", ""),
        ("trainingInput.args", "train_batch_size"),
    }
    assert "minValue must not exceed maxValue" in found["trainingInput.hyperparameters.params[0]", ""]


def test_missing_data_and_machines_are_told_together(served: Any, job: Job) -> None:
    bad = job(scaleTier="BASIC_TPU", args=["--training_data_path=/no/such/x-*"])
    found = faults(served.client().post(f"{JOBS}:validate", json=bad))
    assert set(found) == {("trainingInput", ""), ("trainingInput.args", "training_data_path")}
    assert "TPU_V2" in found["trainingInput", ""]
    assert faults(served.client().post(f"{JOBS}:validate", json={"jobId": "x"})) == {
        ("", ""): "a job has either trainingInput or predictionInput; neither is there"
    }


def test_arguments_that_cannot_be_read_are_one_fault(served: Any, job: Job) -> None:
    found = faults(served.client().post(f"{JOBS}:validate", json=job(args=["oops"])))
    assert found == {("trainingInput.args", ""): "expected --name=value, got 'oops'"}


def test_an_id_that_is_in_use_is_a_fault(served: Any, job: Job) -> None:
    assert served.submit("shapes").status_code == 200
    found = faults(served.client().post(f"{JOBS}:validate", json=job()))
    assert found["jobId", ""] == "project local has a job 'shapes' already; choose another id"
    assert served.client().post("/v1/projects/other/jobs:validate", json=job()).json()["valid"]


def test_a_job_that_was_described_is_a_draft_too(served: Any, job: Job) -> None:
    given = {**job(), "state": "SUCCEEDED", "createTime": "2020-01-01T00:00:00Z"}
    assert served.client().post(f"{JOBS}:validate", json=given).json()["valid"]


def test_a_viewer_may_not_look_for_data_but_may_write_a_job_down(served: Any, job: Job) -> None:
    assert served.client("viewer").post(f"{JOBS}:validate", json=job()).status_code == 403
    assert served.client("viewer").post(f"{JOBS}:config", json=job()).status_code == 200


def test_config_and_command_are_the_same_job(served: Any, job: Job, tmp_path: Path) -> None:
    given = job(region="'; $(x) \"", jobDir=str(served.folder / "runs" / "it's"))
    given["labels"] = {"team": "cells"}
    texts = served.client().post("/v1/projects/lab/jobs:config", json=given).json()
    (tmp_path / "config.yaml").write_text(texts["config"], "utf-8")
    assert yaml.safe_load(texts["config"])["trainingInput"]["region"] == "'; $(x) \""
    read = read_submission("shapes", {}, [], read_config(str(tmp_path / "config.yaml")), tmp_path)
    assert JobRequest.read(read.request) == JobRequest.read(given)
    words = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {texts['command']}"], capture_output=True, text=True, check=True
    )
    assert words.stdout.splitlines() == [
        *("boxwright", "jobs", "submit", "training", "shapes", "--region='; $(x) \""),
        f"--job-dir={served.folder}/runs/it's",
        "--master-image-uri=gcr.io/cloud-ml-algos/image_object_detection:latest",
        *("--labels=team=cells", "--project=lab", "--", *given["trainingInput"]["args"]),
    ]


def test_what_cannot_be_read_cannot_be_written_down(served: Any) -> None:
    answer = served.client().post(f"{JOBS}:config", json={"jobId": "x", "trainingInput": {"scaleTier": "HUGE"}})
    assert answer.status_code == 400 and "scaleTier" in answer.json()["error"]["message"]
    prediction = {"dataFormat": "JSON", "inputPaths": ["x"], "outputPath": "y", "uri": "z", "region": "r"}
    answer = served.client().post(f"{JOBS}:config", json={"jobId": "x", "predictionInput": prediction})
    assert answer.status_code == 400 and "trainingInput" in answer.json()["error"]["message"]
