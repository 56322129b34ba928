"""Tests of the values that the wizard holds, and of the jobs that they make."""

import json

import pytest

from boxwright.algorithms import ALGORITHMS
from boxwright.console.pages.new.cloning import arguments_of, clone, proposed_id, typed
from boxwright.console.pages.new.draft import Draft, image_of, number, pairs, parameter
from boxwright.console.pages.new.source import Source
from boxwright.spec.job import JobRequest

NAMES = tuple(ALGORITHMS)

WHOLE = {
    "jobId": "cells_20250101_101500",
    "labels": {"team": "cells", "stage": ""},
    "trainingInput": {
        "scaleTier": "CUSTOM",
        "masterType": "n1-standard-4",
        "masterConfig": {
            "imageUri": "gcr.io/cloud-ml-algos/sagemaker_object_detection:latest",
            "acceleratorConfig": {"type": "NVIDIA_TESLA_P100", "count": 2},
        },
        "args": [
            "--training_data_path=/data/<b>x/train-*",
            "--validation_data_path=/data/val.csv",
            "--num_classes=3",
            "--num_training_samples=60",
        ],
        "region": "us-central1",
        "allowSubstitute": True,
        "scheduling": {"maxRunningTime": "5400s", "priority": 7},
        "hyperparameters": {
            "goal": "MINIMIZE",
            "hyperparameterMetricTag": "validation_loss",
            "maxTrials": 6,
            "maxParallelTrials": 2,
            "enableTrialEarlyStopping": True,
            "resumePreviousJobId": "before",
            "params": [
                {
                    "parameterName": "learning_rate",
                    "type": "DOUBLE",
                    "minValue": 1e-06,
                    "maxValue": 0.5,
                    "scaleType": "UNIT_LOG_SCALE",
                },
                {"parameterName": "epochs", "type": "DISCRETE", "discreteValues": [1, 2.5, 30]},
                {"parameterName": "optimizer", "type": "CATEGORICAL", "categoricalValues": ["sgd", "adam"]},
                {
                    "parameterName": "mini_batch_size",
                    "type": "INTEGER",
                    "minValue": 8,
                    "maxValue": 64,
                    "scaleType": "NONE",
                },
            ],
        },
        "workerType": "cloud_tpu",
        "workerCount": 1,
    },
}


def test_a_clone_is_the_very_same_job_but_for_its_id() -> None:
    described = {**WHOLE, "state": "SUCCEEDED", "createTime": "2025-01-01T10:15:00Z"}
    draft = clone(described, NAMES)
    assert (draft.job_id, draft.job_dir) == ("", "")
    draft.job_id = "cells_20250101_101500"
    assert JobRequest.read(draft.body()) == JobRequest.read(WHOLE)
    assert draft.training == Source("files", path="/data/<b>x", wildcard="train-*")
    assert (draft.validation, draft.hours) == (Source("file", path="/data/val.csv"), "1.5")


def test_a_draft_survives_as_json() -> None:
    draft = clone(WHOLE, NAMES)
    assert Draft.read(json.loads(json.dumps(draft.written()))) == draft
    with pytest.raises(TypeError):
        Draft.read({"colour": "red"})


def test_the_least_job_says_only_what_was_given() -> None:
    draft = Draft(
        algorithm=NAMES[0], job_id=" one ", training=Source("file", path=" /a "), arguments={"max_steps": " "}
    )
    assert draft.body() == {
        "jobId": "one",
        "trainingInput": {
            "scaleTier": "BASIC",
            "masterConfig": {"imageUri": ALGORITHMS[NAMES[0]].image_uri},
            "args": ["--training_data_path=/a"],
        },
    }
    assert image_of(NAMES[0]) == ALGORITHMS[NAMES[0]].image_uri


def test_a_searched_argument_is_not_given_as_well() -> None:
    draft = Draft(algorithm=NAMES[0], arguments={"max_steps": "70"})
    draft.tuned["max_steps"] = {"type": "INTEGER", "minValue": "1", "maxValue": "x", "scaleType": "NONE"}
    given = draft.body()["trainingInput"]
    assert given["args"] == []
    assert given["hyperparameters"] == {
        "maxTrials": 10,
        "maxParallelTrials": 1,
        "goal": "MAXIMIZE",
        "params": [
            {"parameterName": "max_steps", "type": "INTEGER", "minValue": 1, "maxValue": "x", "scaleType": "NONE"}
        ],
    }


@pytest.mark.parametrize(
    ("source", "complete"),
    [
        (Source("file", path="/a/b.csv"), "/a/b.csv"),
        (Source("files", path="/a/", wildcard="train-*"), "/a/train-*"),
        (Source("files", path="", wildcard="*"), ""),
        (Source("folder", path="/a"), "/a"),
        (Source("dataset", name="cells", path="/d"), "/d"),
        (Source("part", path="/left/over"), ""),
    ],
)
def test_complete_paths(source: Source, complete: str) -> None:
    assert source.complete == complete


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/a/b.csv", "file"), ("/a/t-*", "files"), ("/a/*/t", "file"), ("/a,/b-*", "file"), ("*", "file"), ("", "file")],
)
def test_the_source_of_a_path(path: str, kind: str) -> None:
    found = Source.of_path(path)
    assert (found.kind, found.complete) == (kind, path)


def test_texts_are_read_as_a_person_means_them() -> None:
    assert (number(" 3 "), number("0.5"), number("1e-3"), number("x"), number("")) == (3, 0.5, 0.001, "x", "")
    assert pairs("team=cells, stage= a,b,") == {"team": "cells", "stage": "a", "b": ""}
    assert arguments_of(["--a=1=2", "--b", "3", "--c="]) == {"a": "1=2", "b": "3", "c": ""}
    assert parameter("p", {"type": "DISCRETE", "discreteValues": "4, 8.5, x,"})["discreteValues"] == [4, 8.5, "x"]
    assert typed({"type": "DOUBLE", "minValue": 8.0, "maxValue": 0.5})["minValue"] == "8"


@pytest.mark.parametrize(
    ("base", "proposed"),
    [
        ("cells", "cells_20261122_161500"),
        ("cells_20250101_101500", "cells_20261122_161500"),
        ("<b>1</b>", "b_1_b_20261122_161500"),
        ("7", "job_7_20261122_161500"),
        ("細胞", "job_20261122_161500"),
    ],
)
def test_proposed_ids_are_ids(base: str, proposed: str) -> None:
    assert proposed_id(base, "20261122_161500") == proposed
    JobRequest.read({"jobId": proposed_id(base * 99, "20261122_161500"), "trainingInput": {}})


def test_an_unknown_algorithm_is_replaced_and_unknown_parts_are_kept() -> None:
    draft = clone({"jobId": "w", "trainingInput": {"masterConfig": {"imageUri": "wait"}, "network": "n"}}, NAMES)
    assert (draft.algorithm, draft.rest) == (NAMES[0], {"network": "n"})
