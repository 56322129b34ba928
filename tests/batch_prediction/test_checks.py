"""Tests of what is looked at before a batch prediction begins."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from boxwright.batch_prediction.checks import check_model, model_folder, resolve


def faults(given: Any, **named: Any) -> dict[str, str]:
    return {fault.path.removeprefix("predictionInput."): fault.message for fault in resolve(given, **named)[1]}


@pytest.fixture
def pattern(tmp_path: Path, write_inputs: Any, grey: Any) -> str:
    made: str = write_inputs("JSON", tmp_path / "in", [grey(1)])
    return made


def test_a_good_prediction_stays_as_it_is(pattern: str, predict: Any) -> None:
    given = predict(pattern).given
    assert resolve(given) == (given, [])


def test_all_faults_are_told(tmp_path: Path, pattern: str, predict: Any) -> None:
    (tmp_path / "empty").touch()
    paths = [pattern, f"{tmp_path}/nothing-*", f"{tmp_path}/empty"]

    def place(folder: str) -> None:
        raise ValueError(f"not in {folder}")

    told = faults(predict(paths, uri=str(tmp_path)).given, place=place)
    assert set(told) == {"uri", "inputPaths[1]", "inputPaths[2]", "outputPath"}
    assert "model.json is missing" in told["uri"] and told["outputPath"] == f"not in {tmp_path}/out"
    assert "no file matches" in told["inputPaths[1]"] and "all are empty" in told["inputPaths[2]"]


def test_a_folder_with_other_results_is_refused(tmp_path: Path, pattern: str, predict: Any) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "prediction.results-00000-of-00001").touch()
    assert "holds results of others" in faults(predict(pattern).given)["outputPath"]


def test_a_model_without_onnx_is_refused(tmp_path: Path, quadrant_model: Path) -> None:
    shutil.copytree(quadrant_model, tmp_path / "model")
    (tmp_path / "model" / "model.onnx").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is missing; make it with 'boxwright export "):
        check_model(str(tmp_path / "model"))


MODEL, VERSION = "projects/p/models/m", "projects/p/models/m/versions/v"


def test_names_of_models_become_folders(pattern: str, predict: Any, quadrant_model: Path) -> None:
    folders = {MODEL: str(quadrant_model), VERSION: "elsewhere"}
    for name, changes in ((MODEL, {"modelName": MODEL}), (VERSION, {"versionName": VERSION})):
        assert model_folder(predict(pattern, uri="", **changes).given, folders.__getitem__) == folders[name]
    given, found = resolve(predict(pattern, uri="", modelName=MODEL).given, folders.__getitem__)
    assert (given.uri, given.model, found) == (str(quadrant_model), MODEL, [])
    assert resolve(given, folders.__getitem__) == (given, [])  # a described job may be submitted again
    told = faults(predict(pattern, uri="other", modelName=MODEL).given, deployed=folders.__getitem__)
    assert "and uri is other; give one of them" in told["modelName"]


def test_without_deployed_models_names_are_refused(pattern: str, predict: Any) -> None:
    told = faults(predict(pattern, uri="", versionName=VERSION).given)
    assert told == {
        "versionName": f"no models are deployed here, got {VERSION!r}; name the model's folder in uri (--model-dir)"
    }
