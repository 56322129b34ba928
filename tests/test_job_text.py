"""A job as config.yaml and as a command line: split by a shell and read by the command's own reader, the same job."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from boxwright import cli, client
from boxwright.commands import jobs
from boxwright.commands.config_file import ConfigFile, read_config
from boxwright.commands.submission import read_submission
from boxwright.job_text import command_line, config_yaml
from boxwright.spec.job import JobRequest

IMAGE = {"masterConfig": {"imageUri": "gcr.io/cloud-ml-algos/image_object_detection:latest"}}
HOSTILE = "/data/$(rm -rf x)`id`; 'a' \"b\" <b>*</b> & | \\n #é日本 -- !.tfrecord"

PLAIN = {**IMAGE, "args": ["--training_data_path=/data/train-*", "--max_steps=70"]}
STUDY = {
    "goal": "MAXIMIZE",
    "hyperparameterMetricTag": "AP",
    "maxTrials": 6,
    "maxParallelTrials": 3,
    "enableTrialEarlyStopping": True,
    "resumePreviousJobId": "before",
    "algorithm": "RANDOM_SEARCH",
    "params": [
        {
            "parameterName": "initial_learning_rate",
            "type": "DOUBLE",
            "minValue": 1e-05,
            "maxValue": 0.1,
            "scaleType": "UNIT_LOG_SCALE",
        },
        {"parameterName": "train_batch_size", "type": "DISCRETE", "discreteValues": [4, 8.5]},
        {"parameterName": "backbone", "type": "CATEGORICAL", "categoricalValues": ["resnet50", "yes", "1.0"]},
        {"parameterName": "max_steps", "type": "INTEGER", "minValue": 10, "maxValue": 20},
    ],
}
MACHINES = {
    "scaleTier": "CUSTOM",
    "masterType": "n1-standard-16",
    "masterConfig": {**IMAGE["masterConfig"], "acceleratorConfig": {"type": "NVIDIA_TESLA_P100", "count": 1}},
    "workerType": "cloud_tpu",
    "workerCount": 1,
    "workerConfig": {"imageUri": "x:y", "tpuTfVersion": "1.14", "acceleratorConfig": {"type": "TPU_V2", "count": 8}},
}

JOBS: dict[str, dict[str, Any]] = {
    "plain": {"jobId": "plain", "trainingInput": PLAIN},
    "no arguments": {"jobId": "j", "trainingInput": IMAGE},
    "limits": {
        "jobId": "limits",
        "labels": {"team": "cells", "empty": ""},
        "trainingInput": {
            **PLAIN,
            "region": "us-central1",
            "jobDir": "/jobs/it's here",
            "scheduling": {"maxRunningTime": "5400.5s", "maxWaitTime": "3600s", "priority": 7},
            "allowSubstitute": True,
            "useChiefInTfConfig": False,
        },
    },
    "study": {"jobId": "study", "trainingInput": {**PLAIN, "hyperparameters": STUDY}},
    "machines": {"jobId": "m", "trainingInput": {**PLAIN, **MACHINES}},
    "odd accelerator": {
        "jobId": "odd",
        "trainingInput": {
            **PLAIN,
            "scaleTier": "CUSTOM",
            "masterType": "n1-standard-4",
            "masterConfig": {**IMAGE["masterConfig"], "acceleratorConfig": {"type": "a-b_C", "count": 2}},
        },
    },
    "hostile": {
        "jobId": "hostile",
        "labels": {"a": "b"},
        "trainingInput": {
            **IMAGE,
            "region": "--config=/etc/passwd; \n\"x' \t yes: no #",
            "jobDir": f"/jobs/{HOSTILE.replace('/', '_')}",
            "args": [f"--labels_file={HOSTILE}", "--freeze_layer_pattern=^(a|b).*$", "--training_data_path=/a=b\n'c"],
        },
    },
}


def from_command(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> JobRequest:
    """The job that the command would send."""
    shell = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, timeout=30)
    program, *words = shell.stdout.decode().split("\0")[:-1]
    assert program == "boxwright"
    sent: list[Any] = []
    monkeypatch.setattr(jobs, "_send", lambda _address, submission, _options: sent.append(submission.request))
    monkeypatch.setattr(client, "find_server", lambda *_: None)
    monkeypatch.chdir(folder)
    typer.main.get_command(cli.app).main(words, standalone_mode=False)
    return JobRequest.read(sent[0])


@pytest.mark.parametrize("name", JOBS)
def test_the_command_line_submits_the_very_same_job(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = JobRequest.read(JOBS[name])
    (tmp_path / "config.yaml").write_text(config_yaml(request), encoding="utf-8")
    assert from_command(command_line(request), tmp_path, monkeypatch) == request


@pytest.mark.parametrize("name", JOBS)
def test_config_yaml_alone_holds_the_very_same_job(name: str, tmp_path: Path) -> None:
    request = JobRequest.read(JOBS[name])
    path = tmp_path / "config.yaml"
    path.write_text(config_yaml(request), encoding="utf-8")
    found = read_submission(request.job_id, {}, [], read_config(str(path)), Path(os.sep))
    assert JobRequest.read(found.request) == request


def test_what_options_can_say_needs_no_config() -> None:
    told = command_line(JobRequest.read(JOBS["limits"]))
    assert "--config" not in told
    assert told.startswith("boxwright jobs submit training limits \\\n  --region=us-central1 \\\n")
    assert "'--job-dir=/jobs/it'\"'\"'s here'" in told
    assert "--config=config.yaml" in command_line(JobRequest.read(JOBS["study"]))
    assert "--config=config.yaml" in command_line(JobRequest.read(JOBS["odd accelerator"]))


def test_yaml_is_in_the_order_and_words_of_the_api() -> None:
    values = yaml.safe_load(config_yaml(JobRequest.read(JOBS["study"])))
    assert values["trainingInput"]["hyperparameters"] == STUDY
    assert list(values) == ["trainingInput"]
    assert ConfigFile().values == {}
