"""Tests of predictions for picture files."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright import formats
from boxwright.engine import Prediction
from boxwright.formats.sample import ClassName
from boxwright.predictions import Predicted, Unread, as_json, draw, drawing_names, picture_paths, predict_files


def png(width: int = 40, height: int = 20) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (255, 255, 255)).save(buffer, "PNG")
    return buffer.getvalue()


def found(scores: list[float]) -> Prediction:
    boxes = np.array([[1.234, 2, 30, 18.006], [0, 0, 5, 5]], np.float32)[: len(scores)]
    classes = (ClassName(7, "cat"), ClassName(9, "dog"))[: len(scores)]
    return Prediction(boxes, np.array(scores, np.float32), np.arange(len(scores)), classes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(png())
    return tmp_path


def test_files_wildcards_and_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    inside = folder / "inside"
    inside.mkdir()
    (inside / "a.png").write_bytes(png())
    assert picture_paths([str(folder)]) == [str(folder / "a.png"), str(folder / "b.JPG")]
    assert picture_paths([f"{folder}/*.png", str(folder / "b.JPG")]) == [str(folder / "a.png"), str(folder / "b.JPG")]
    # Not the file of that name in the folder where the command is given.
    assert picture_paths(["inside"]) == ["inside/a.png"]


def test_what_names_no_picture(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no picture .* in the folder"):
        picture_paths([str(tmp_path)])
    with pytest.raises(FileNotFoundError, match="no file matches"):
        picture_paths([f"{tmp_path}/*.jpg"])


def test_json_line() -> None:
    line = as_json(Predicted("a.png", png(), found([0.987654321, 0.1])))
    assert "\n" not in line
    assert json.loads(line) == {
        "image": "a.png",
        "width": 40,
        "height": 20,
        "boxes": [
            {"class_id": 7, "class": "cat", "score": 0.98765, "xmin": 1.23, "ymin": 2.0, "xmax": 30.0, "ymax": 18.01},
            {"class_id": 9, "class": "dog", "score": 0.1, "xmin": 0.0, "ymin": 0.0, "xmax": 5.0, "ymax": 5.0},
        ],
    }
    assert len(json.loads(as_json(Predicted("a.png", png(), found([0.9, 0.1])), threshold=0.5))["boxes"]) == 1
    assert json.loads(as_json(Predicted("a.png", png(), found([]))))["boxes"] == []


def test_boxes_are_drawn_from_the_threshold_on(tmp_path: Path) -> None:
    draw(Predicted("a.png", png(), found([0.9, 0.1])), tmp_path / "one" / "drawn.png", threshold=0.5)
    pixels = np.asarray(Image.open(tmp_path / "one" / "drawn.png"))
    assert pixels.shape == (20, 40, 3)
    assert (pixels[17, 5:25] != 255).any(axis=1).all()
    draw(Predicted("a.png", png(), found([0.4, 0.1])), tmp_path / "none.png", threshold=0.5)
    assert (np.asarray(Image.open(tmp_path / "none.png")) == 255).all()


def test_no_drawing_takes_the_place_of_another() -> None:
    paths = ["x/a.jpg", "y/a.jpg", "y/a.png", "a_2.jpg", "b.gif"]
    assert drawing_names(paths) == ["a.png", "a_2.png", "a_3.png", "a_2_2.png", "b.png"]


def test_a_trained_model_finds_what_it_learnt(finished: Any, records: Path, tmp_path: Path) -> None:
    drawn = formats.read(str(records), split="train")
    paths = []
    for index in range(3):
        paths.append(tmp_path / f"{index}.jpg")
        paths[-1].write_bytes(drawn[index].encoded)
    answers = list(predict_files(str(finished.model), [str(path) for path in paths]))
    assert all(isinstance(one, Predicted) for one in answers)
    predicted = [one for one in answers if isinstance(one, Predicted)]
    assert [(one.path, one.encoded) for one in predicted] == [(str(path), path.read_bytes()) for path in paths]
    assert any(len(one.found.scores) for one in predicted)
    assert {kind.name for one in predicted for kind in one.found.classes} <= {"circle", "square"}


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_go_on(finished: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "good.png").write_bytes(png())
    paths = [str(tmp_path / name) for name in ("bad.jpg", "gone.jpg", "good.png")]
    bad, gone, good = predict_files(str(finished.model), paths)
    assert bad == Unread(paths[0], "not a readable JPEG, PNG, GIF or BMP picture")
    assert gone == Unread(paths[1], "No such file or directory")
    assert isinstance(good, Predicted) and good.encoded == png()
