"""Tests of the Python interface on a trained model: what it finds equals what the commands find."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import boxwright
from boxwright import formats, work
from boxwright.jobdir import Event, JobDir


@pytest.fixture(scope="module")
def model(finished: Any) -> boxwright.Model:
    return boxwright.Model(finished.model)


@pytest.fixture
def picture(records: Path, tmp_path: Path) -> Path:
    """A PNG file of a training picture."""
    encoded = np.frombuffer(formats.read(f"{records}/train-*")[0].encoded, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    return tmp_path / "a.png"


def test_importing_boxwright_is_light() -> None:
    asked = "import sys, boxwright; print(len([name for name in sys.modules if name.startswith('boxwright.')]))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "0\n"
    asked = "import sys, boxwright; boxwright.Model; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_there_is() -> None:
    assert all(hasattr(boxwright, name) for name in boxwright.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'fit_all'"):
        _ = boxwright.fit_all  # type: ignore[attr-defined]  # that is the point


def test_detections_are_those_of_the_command(
    model: boxwright.Model, finished: Any, picture: Path, command: Callable[..., Any]
) -> None:
    found = model.predict(picture)
    said = json.loads(command("predict", finished.model, picture).out)["boxes"]
    assert len(found) == len(said) > 0
    for one, expected in zip(found, said, strict=True):
        assert (one.name, one.class_id) == (expected["class"], expected["class_id"])
        assert one.score == pytest.approx(expected["score"], abs=1e-5)
        assert one.box == pytest.approx([expected[side] for side in ("xmin", "ymin", "xmax", "ymax")], abs=0.01)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    best = found[0].score
    assert model.predict(picture, threshold=best) == [one for one in found if one.score >= best]
    assert model.predict(picture, threshold=1.1) == []


def test_a_picture_may_be_given_in_any_way(model: boxwright.Model, picture: Path) -> None:
    found = model.predict(str(picture))
    assert model.predict(picture.read_bytes()) == found
    with Image.open(picture) as opened:
        assert model.predict(opened) == found
        assert model.predict(np.asarray(opened)) == found
        grey = opened.convert("L")
    as_colour = model.predict(np.asarray(grey.convert("RGB")))
    assert model.predict(grey) == model.predict(np.asarray(grey)) == as_colour
    assert model.predict(np.asarray(grey)[:, :, None]) == as_colour


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)],
)
def test_pixels_that_are_no_picture(model: boxwright.Model, pixels: Any) -> None:
    with pytest.raises(ValueError, match=r"pixels must be uint8, \(H, W, 3\) RGB or \(H, W\) grey, got"):
        model.predict(pixels)


def test_what_a_model_says_of_itself(model: boxwright.Model, finished: Any) -> None:
    assert repr(model) == f"Model({str(finished.model)!r})"
    assert [(one.id, one.name) for one in model.classes] == [(1, "circle"), (2, "square")]
    with pytest.raises(FileNotFoundError, match="is a job's folder, not a model's"):
        boxwright.Model(finished.folder)


def test_evaluation_is_that_of_the_command(
    model: boxwright.Model, finished: Any, records: Path, command: Callable[..., Any]
) -> None:
    found = model.evaluate(records, split="validation")
    said = json.loads(command("evaluate", finished.model, records, "--split=validation", "--json").out)
    assert found == {name: value for name, value in said.items() if name in found}
    assert {"AP", "AP50", "VOC07"} <= set(found)


def test_fit_gives_the_best_model(
    finished: Any, records: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = shutil.copytree(finished.folder, tmp_path / "run")
    job = JobDir(finished.folder).read_job()
    assert job is not None
    arguments: dict[str, object] = {**job.arguments, "max_steps": 24, "image_size": (64, 96)}
    data = arguments.pop("training_data_path")
    assert isinstance(data, str)
    model = boxwright.fit(data, run, **arguments)
    assert Path(model.folder) == run / "model"
    assert "this run is finished" in capsys.readouterr().out
    with pytest.raises(FileExistsError, match="holds another run"):
        boxwright.fit(data, run, **{**arguments, "seed": 5})
    assert records.is_dir()


def test_a_run_that_is_interrupted_says_so(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Path] = []

    def stop(path: Path, listener: Any) -> dict[str, Any]:
        heard.append(path)
        assert callable(listener)
        return {"status": "stopped", "step": 3}

    monkeypatch.setattr(work, "work", stop)
    with pytest.raises(KeyboardInterrupt, match="stopped at step 3; the same call goes on from there"):
        boxwright.fit(records / "train-*", tmp_path / "run", max_steps=5, labels_file=records / "labels.txt")
    assert heard == [tmp_path / "run"]
    job = JobDir(tmp_path / "run").read_job()
    assert job is not None
    assert job.arguments == {
        "training_data_path": f"{records}/train-*",
        "max_steps": "5",
        "labels_file": f"{records}/labels.txt",
    }


def test_a_remote_folder_is_brought_up_to_date(
    records: Path, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "cache"))

    def train(path: Path, listener: Any) -> dict[str, Any]:
        (path / "model").mkdir()
        (path / "model" / "model.json").write_text("{}")
        listener(Event(kind="finished", step=1))
        return {"status": "finished"}

    monkeypatch.setattr(work, "work", train)
    with pytest.raises(ValueError, match=f"{memory}/run/model/model.json is not a valid model card"):
        boxwright.fit(f"{records}/train-*", f"{memory}/run")


def test_mistakes_are_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown algorithm 'ssd'; there is image_object_detection"):
        boxwright.fit("data", tmp_path / "run", "ssd")
    with pytest.raises(ValueError, match="did you mean --max_steps"):
        boxwright.fit("data", tmp_path / "run", max_step=5)
    assert not (tmp_path / "run").exists()
