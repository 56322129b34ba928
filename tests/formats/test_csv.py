from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats import ClassName, read, recognise, splits, write


@pytest.fixture
def folder(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    (tmp_path / "img").mkdir()
    (tmp_path / "img/a.jpg").write_bytes(picture())
    (tmp_path / "img/b, c.jpg").write_bytes(picture(seed=1))
    (tmp_path / "labels.txt").write_text("daisy\nroses\n")
    return tmp_path


def test_a_label_is_a_box_over_the_whole_picture(folder: Path) -> None:
    path = folder / "train_set.csv"
    path.write_text(f'{folder}/img/a.jpg,roses\n\n"img/b, c.jpg" , daisy\n')
    assert recognise(str(path)) == "csv"
    assert splits(str(path)) == ("train_set",)
    dataset = read(str(path))
    assert dataset.classes == (ClassName(1, "daisy"), ClassName(2, "roses"))
    assert [found.labels.tolist() for found in dataset] == [[1], [0]]
    for found in dataset:
        np.testing.assert_array_equal(found.boxes, [[0, 0, 40, 30]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("img/a.jpg,tulips\n", r"1 labels are not in the labels file, line 1: 'tulips'; it has daisy, roses"),
        ("img/a.jpg,daisy\nimg/a.jpg\n", r"a\.csv:2: expected 'uri,label', got 'img/a\.jpg'"),
        ("img/a.jpg,daisy,roses\n", r"a\.csv:1: expected 'uri,label'"),
        ("img/a.jpg,\n", r"a\.csv:1: expected 'uri,label'"),
        ("", "is empty"),
    ],
)
def test_malformed_lines_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read(str(folder / "a.csv"))


def test_class_names_are_needed(folder: Path) -> None:
    (folder / "labels.txt").unlink()
    (folder / "a.csv").write_text("img/a.jpg,daisy\n")
    with pytest.raises(ValueError, match=r"class names are needed; give labels_file, or put 'labels\.txt' beside"):
        read(str(folder / "a.csv"))


def test_it_is_only_read(folder: Path) -> None:
    (folder / "a.csv").write_text("img/a.jpg,daisy\n")
    with pytest.raises(ValueError, match="format 'csv' is only read; write one of coco, .*, tfrecord"):
        write(read(str(folder / "a.csv")), str(folder), to="csv", split="train")
