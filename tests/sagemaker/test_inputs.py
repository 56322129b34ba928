"""Tests of what `fit` takes as data."""

from pathlib import Path

import pytest

from boxwright.sagemaker.inputs import TrainingInput, read_inputs


def test_channels_are_read(buckets: Path) -> None:
    assert read_inputs("/data") == {"training": "/data"}
    given = {"train": "gs://b/a", "validation": TrainingInput("s3://boxwright/v/", content_type="image/png")}
    assert read_inputs(given) == {"train": "gs://b/a", "validation": str(buckets / "boxwright" / "v")}
    assert read_inputs(TrainingInput("/data", input_mode="FastFile")) == {"training": "/data"}


def test_paths_hold_in_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read_inputs({"train": "data/train-*", "validation": f"file://{tmp_path}/v"})
    assert found == {"train": f"{tmp_path}/data/train-*", "validation": f"{tmp_path}/v"}


@pytest.mark.parametrize("inputs", [None, {}])
def test_no_data_is_refused(inputs: None) -> None:
    with pytest.raises(ValueError, match="fit needs data"):
        read_inputs(inputs)


def test_pipe_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="channel 'train': input_mode must be File or FastFile, got 'Pipe'"):
        read_inputs({"train": TrainingInput("/data", input_mode="Pipe")})
