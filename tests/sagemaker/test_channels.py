"""Tests of what channels and hyper-parameters become."""

import tarfile
from pathlib import Path

import pytest

from boxwright import modeldir
from boxwright.algorithms import ALGORITHMS
from boxwright.formats.sample import ClassName
from boxwright.sagemaker.channels import choose_algorithm, model_folder, read_arguments, with_model
from boxwright.spec.training import DataSpec, ModelSpec, TrainSpec

DETECTION = ALGORITHMS["image_object_detection"]
MXNET = ALGORITHMS["sagemaker_object_detection"]
TENSORFLOW = ALGORITHMS["sagemaker_object_detection_tensorflow"]
MODEL_ID = "tensorflow-od1-ssd-mobilenet-v2-fpnlite-320x320-coco17-tpu-8"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model's folder, of which only the card is there."""
    spec = TrainSpec(
        data=DataSpec(training_data_path="a", num_classes=1), model=ModelSpec(model_id=MODEL_ID, backbone="resnet18")
    )
    card = modeldir.ModelCard(
        algorithm=TENSORFLOW.name,
        spec=spec,
        classes=(ClassName(1, "cell"),),
        input_size=(64, 64),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        pad_colour=(0, 0, 0),
        step=1,
    )
    modeldir.write_card(str(tmp_path / "model"), card)
    return tmp_path / "model"


def packed(folder: Path, archive: Path) -> Path:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, ".")
    return archive


def test_channels_tell_the_algorithm() -> None:
    assert choose_algorithm({"training"}) is TENSORFLOW
    assert choose_algorithm({"train", "validation"}) is MXNET
    assert choose_algorithm({"train"}, "image_object_detection") is DETECTION
    with pytest.raises(ValueError, match="there must be a channel 'training' .* or 'train', got model, test"):
        choose_algorithm({"test", "model"})


def test_channels_become_arguments_and_values_texts() -> None:
    given = {"epochs": 3, "early_stopping": True, "optimizer": '"adam"', "sagemaker_region": '"x"', "_tuning_y": "1"}
    assert read_arguments(TENSORFLOW, given, {"training": "/a", "validation": "/b"}) == {
        "epochs": "3",
        "early_stopping": "True",
        "optimizer": "adam",
        "training_data_path": "/a",
        "validation_data_path": "/b",
    }
    assert read_arguments(DETECTION, {"image_size": (64, 96)}, {}) == {"image_size": "64,96"}
    assert read_arguments(DETECTION, {"labels_file": '"a"b"'}, {}) == {"labels_file": '"a"b"'}


def test_annotations_lie_beside_their_pictures() -> None:
    channels = {"train": "/d/train", "train_annotation": "/d/train_annotation/", "validation": "/v/"}
    expected = {"training_data_path": "/d/train", "validation_data_path": "/v/"}
    assert read_arguments(MXNET, {}, {**channels, "validation_annotation": "/v_annotation"}) == expected
    with pytest.raises(ValueError, match="must lie beside that of 'validation', at '/v_annotation', got '/w'"):
        read_arguments(MXNET, {}, {**channels, "validation_annotation": "/w"})


@pytest.mark.parametrize(
    ("given", "channels", "said"),
    [
        ({}, {"training": "a", "test": "b"}, "unknown channel 'test'; image_object_detection takes training, train"),
        ({}, {"training": "a", "train": "b"}, "channel 'train' and 'training_data_path' say the same thing, 'a'"),
        ({"training_data_path": "c"}, {"train": "b"}, "say the same thing, 'c'; give one of them"),
    ],
)
def test_channels_that_cannot_be_used(given: dict[str, str], channels: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_arguments(DETECTION, given, channels)


def test_an_earlier_model_is_gone_on_with(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "cache"))
    archive = packed(model, tmp_path / "channel" / "model.tar.gz")
    found = read_arguments(TENSORFLOW, {}, {"training": "a", "model": str(archive.parent)})
    assert found["model_id"] == MODEL_ID
    unpacked = Path(found["pretrained_checkpoint_path"])
    assert unpacked.is_relative_to(tmp_path / "cache")
    assert (unpacked / "model.json").read_bytes() == (model / "model.json").read_bytes()
    assert model_folder(str(archive)) == str(unpacked)
    assert model_folder(str(model)) == str(model)
    other = "tensorflow-od1-ssd-mobilenet-v2-fpnlite-640x640-coco17-tpu-8"
    assert read_arguments(TENSORFLOW, {"model_id": other}, {"model": str(model)})["model_id"] == other
    assert "model_id" not in read_arguments(DETECTION, {}, {"model": str(model)})


def test_a_broken_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"model\.tar\.gz is not an archive of a model"):
        model_folder(str(tmp_path))


def test_what_a_model_uri_says(model: Path, buckets: Path) -> None:
    uri = f"boxwright://models/{MODEL_ID}"
    assert with_model(TENSORFLOW, {"epochs": "1"}, uri) == {"model_id": MODEL_ID, "epochs": "1"}
    assert with_model(TENSORFLOW, {"epochs": "1"}, "") == {"epochs": "1"}
    assert with_model(MXNET, {}, str(model)) == {"pretrained_checkpoint_path": str(model)}
    in_bucket = {"pretrained_checkpoint_path": str(buckets / "boxwright" / "a")}
    assert with_model(DETECTION, {}, "s3://boxwright/a") == in_bucket
    with pytest.raises(ValueError, match="image_object_detection cannot start from 'boxwright://models/"):
        with_model(DETECTION, {}, uri)
