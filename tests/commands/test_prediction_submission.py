"""Tests of the flags of `jobs submit prediction`."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.commands.prediction_submission import input_paths, read_prediction

GIVEN = {"data_format": "json", "input_paths": "in/*", "output_path": "out"}
HERE = Path("/here")


def test_flags_become_a_job_with_absolute_paths() -> None:
    options = {**GIVEN, "model_dir": "~root/m", "input_paths": "a, gs://b/*,/c", "batch_size": 64, "labels": "a=b"}
    submission = read_prediction("one", {**options, "server": "x", "region": None}, "p", HERE)
    assert submission.request == {
        "jobId": "one",
        "labels": {"a": "b"},
        "predictionInput": {
            "dataFormat": "JSON",
            "inputPaths": ["/here/a", "gs://b/*", "/c"],
            "outputPath": "/here/out",
            "uri": str(Path("~root").expanduser() / "m"),
            "batchSize": 64,
        },
    }


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ({"model": "m"}, {"modelName": "projects/p/models/m"}),
        ({"model": "m", "version": "v"}, {"versionName": "projects/p/models/m/versions/v"}),
        ({"model": "projects/o/models/m"}, {"modelName": "projects/o/models/m"}),
    ],
)
def test_names_of_deployed_models(model: dict[str, str], names: dict[str, str]) -> None:
    given = read_prediction("one", {**GIVEN, **model}, "p", HERE).request["predictionInput"]
    assert {name: given[name] for name in given if name.endswith("Name")} == names


@pytest.mark.parametrize(
    ("text", "data_format"),
    [
        ("json", "JSON"),
        ("text", "TEXT"),
        ("TF_RECORD", "TF_RECORD"),
        ("tf-record-gzip", "TF_RECORD_GZIP"),
        ("image", "IMAGE"),
    ],
)
def test_data_formats(text: str, data_format: str) -> None:
    options = {**GIVEN, "model_dir": "m", "data_format": text}
    assert read_prediction("one", options, "p", HERE).request["predictionInput"]["dataFormat"] == data_format


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "give the model by one of --model-dir and --model"),
        ({"model_dir": "a", "model": "b"}, "give the model by one of"),
        ({"model_dir": "a", "version": "v"}, "--version=v needs --model"),
        ({"model_dir": "a", "data_format": "csv"}, "--data-format must be one of json, text"),
        ({"model_dir": "a", "batch_size": 0}, "--batch-size: predictionInput.batchSize: "),
        ({"model_dir": "a", "max_worker_count": 0}, "--max-worker-count: "),
        ({"model_dir": "a", "signature_name": "other"}, "--signature-name: "),
        ({"model_dir": "a", "input_paths": " , "}, "--input-paths: predictionInput.inputPaths: "),
    ],
)
def test_mistakes_name_the_flag(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_prediction("one", {**GIVEN, **changes}, "p", HERE)


def test_a_path_with_a_comma_may_be_a_file(tmp_path: Path) -> None:
    assert input_paths("a,b", tmp_path) == ["a", "b"]
    (tmp_path / "a,b").touch()
    assert input_paths("a,b", tmp_path) == ["a,b"]
