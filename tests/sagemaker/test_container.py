"""Tests of the contract between SageMaker and a training container, in folders as the platform makes them."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright import formats
from boxwright.algorithms import ALGORITHMS
from boxwright.dataset.draw import draw_shapes
from boxwright.jobdir import STOPPED_STATUS, JobDir
from boxwright.sagemaker.container import read_request, train

FILE = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the platform gives a container for SageMaker's TensorFlow detector."""
    root = tmp_path / "ml"
    config = root / "input" / "config"
    config.mkdir(parents=True)
    for name in ("model", "output/data", "input/data"):
        (root / name).mkdir(parents=True)
    data = str(root / "input" / "data" / "training")
    formats.write(draw_shapes(8, (64, 96), 1, ("circle", "square")), data, to="jumpstart", split="all")
    given = {"epochs": "1", "learning_rate": "0.001", "sagemaker_region": '"eu-west-1"'}
    (config / "hyperparameters.json").write_text(json.dumps(given))
    (config / "inputdataconfig.json").write_text(json.dumps({"training": FILE}))
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
    return root


def rewrite(root: Path, name: str, value: object) -> None:
    (root / "input" / "config" / f"{name}.json").write_text(json.dumps(value))


def test_the_request_is_read(root: Path) -> None:
    request = read_request(root, {})
    assert request.algorithm is ALGORITHMS["sagemaker_object_detection_tensorflow"]
    data = str(root / "input" / "data" / "training")
    assert request.arguments == {"epochs": "1", "learning_rate": "0.001", "training_data_path": data}


def test_the_algorithm_can_be_named(root: Path) -> None:
    rewrite(root, "hyperparameters", {"max_steps": "2"})
    assert read_request(root, {"BOXWRIGHT_ALGORITHM": "image_object_detection"}).algorithm.name == (
        "image_object_detection"
    )
    rewrite(root, "hyperparameters", {"max_steps": 2, "boxwright_algorithm": "image_object_detection"})
    request = read_request(root, {"BOXWRIGHT_ALGORITHM": "object-detection"})
    assert request.algorithm.name == "image_object_detection"
    assert request.arguments["max_steps"] == "2"


def test_channels_of_the_mxnet_detector(root: Path) -> None:
    data = root / "input" / "data"
    channels = ("train", "validation", "train_annotation", "validation_annotation")
    for name in channels:
        (data / name).mkdir()
    rewrite(root, "inputdataconfig", dict.fromkeys(channels, {**FILE, "TrainingInputMode": "FastFile"}))
    rewrite(root, "hyperparameters", {"num_classes": "2", "num_training_samples": "8"})
    request = read_request(root, {})
    assert request.algorithm.name == "sagemaker_object_detection"
    assert request.arguments == {
        "num_classes": "2",
        "num_training_samples": "8",
        "training_data_path": str(data / "train"),
        "validation_data_path": str(data / "validation"),
    }


def test_without_its_files_the_folders_tell(root: Path) -> None:
    for path in (root / "input" / "config").iterdir():
        path.unlink()
    assert set(read_request(root, {}).arguments) == {"training_data_path"}


def shown(root: Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    said: list[str] = []
    return train(root, said.append, environment or {}), "".join(said)


def test_a_job_that_goes_well(root: Path, play: Callable[..., Any]) -> None:
    actor = play()
    assert shown(root) == (0, "training data: 9 pictures\nstep 2: loss 1.250  3.0 img/s\n"
                           "step 2: AP 0.1250  AP50 0.5000  AP75 0.0000\n")  # fmt: skip
    assert actor.started == [str(root / "checkpoints" / "boxwright")]
    assert (root / "model" / "model.json").read_text() == "{}"
    assert not (root / "output" / "failure").exists()
    job = JobDir(root / "checkpoints" / "boxwright").read_job()
    assert job is not None and job.algorithm == "sagemaker_object_detection_tensorflow"
    assert shown(root)[0] == 0  # in the place of one that was interrupted at the very end


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("resourceconfig", {"hosts": ["algo-1", "algo-2"]}, "one machine trains; .* got the hosts algo-1, algo-2"),
        ("inputdataconfig", {"training": {**FILE, "TrainingInputMode": "Pipe"}}, "TrainingInputMode must be File"),
        ("inputdataconfig", {"train": FILE}, "channel 'train': its data should be in the folder .*data/train"),
        ("inputdataconfig", {"test": FILE, "training": FILE}, "channel 'test': its data should be in the folder"),
        ("hyperparameters", {"epoch": "1"}, "did you mean --epochs"),
        ("hyperparameters", ["epochs"], "hyperparameters.json must hold a JSON object, got list"),
        ("hyperparameters", {"boxwright_algorithm": "xgboost"}, "must name an algorithm"),
    ],
)
def test_a_mistake_is_left_for_the_platform(
    root: Path, play: Callable[..., Any], name: str, value: object, said: str
) -> None:
    actor = play()
    rewrite(root, name, value)
    status, text = shown(root)
    assert (status, actor.started) == (1, [])
    failure = (root / "output" / "failure").read_text()
    assert re.search(said, failure)
    assert text == f"boxwright: {failure}\n"
    assert list((root / "model").iterdir()) == []


def test_a_broken_file_is_a_mistake(root: Path) -> None:
    (root / "input" / "config" / "hyperparameters.json").write_text("{")
    assert shown(root)[0] == 1
    assert "hyperparameters.json is no JSON" in (root / "output" / "failure").read_text()


def test_what_the_job_finds_wrong_is_left_for_the_platform(
    root: Path, play: Callable[..., Any], failing: Callable[[JobDir], int]
) -> None:
    play(failing)
    status, text = shown(root)
    assert status == 1
    assert (root / "output" / "failure").read_text() == "the pictures are of cats"
    assert text.startswith("failed: the pictures are of cats\n")


def test_a_fault_of_ours_is_left_for_the_platform(root: Path, play: Callable[..., Any]) -> None:
    def break_down(_: JobDir) -> int:
        raise AssertionError("x" * 5000)

    play(break_down)
    assert shown(root)[0] == 1
    failure = (root / "output" / "failure").read_text()
    assert failure.startswith("AssertionError: xxx") and len(failure) == 1024


def test_a_container_that_is_stopped_saves_its_place(root: Path, play: Callable[..., Any]) -> None:
    def begin(_: JobDir) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    actor = play(begin)
    assert shown(root) == (STOPPED_STATUS, "")
    assert actor.stopped == 1
    assert not (root / "output" / "failure").exists()
    play()
    assert shown(root)[0] == 0
