from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from boxwright.formats import ClassName, Dataset, read, recognise, splits, write

Encode = Callable[..., bytes]


@pytest.fixture
def folder(tmp_path: Path, picture: Encode) -> Path:
    """Pictures a (two objects) and b (no text file) in train, and c (an empty text file) in val."""
    for split, names in {"train": "ab", "val": "c"}.items():
        (tmp_path / "images" / split).mkdir(parents=True)
        (tmp_path / "labels" / split).mkdir(parents=True)
        for name in names:
            (tmp_path / "images" / split / f"{name}.jpg").write_bytes(picture())
    (tmp_path / "labels/train/a.txt").write_text("1 0.5 0.5 0.5 0.2\n0 0.25 0.1 0.1 0.1\n\n")
    (tmp_path / "labels/val/c.txt").write_text("")
    return tmp_path


def describe(folder: Path, **content: object) -> None:
    described = {"path": ".", "train": "images/train", "val": "images/val", "names": ["cat", "dog"]} | content
    (folder / "data.yaml").write_text(yaml.safe_dump(described))


def test_shares_become_pixels(folder: Path) -> None:
    describe(folder)
    assert recognise(str(folder)) == "yolo"
    assert splits(str(folder)) == ("train", "val")
    dataset = read(str(folder), split="train")
    assert dataset.classes == (ClassName(1, "cat"), ClassName(2, "dog"))
    # In 40 x 30: centre (20, 15), sides 20 and 6; centre (10, 3), sides 4 and 3.
    np.testing.assert_allclose(dataset[0].boxes, [[10.0, 12.0, 30.0, 18.0], [8.0, 1.5, 12.0, 4.5]], rtol=1e-6)
    np.testing.assert_array_equal(dataset[0].labels, [1, 0])
    assert dataset[0].source == "images/train/a.jpg"
    assert len(dataset[1].boxes) == 0
    assert len(read(str(folder), split="val")[0].boxes) == 0


@pytest.mark.parametrize(
    "content",
    [
        {"names": {1: "dog", 0: "cat"}},
        {"path": "/home/someone/else"},
        {"path": None},
        {"train": "../images/train"},
        {"train": ["images/train"]},
        {"train": "./images/train"},
        {"train": "list.txt"},
        {"nc": 2, "download": "https://example.org/x.zip"},
    ],
    ids=str,
)
def test_ways_to_describe_the_same_data(folder: Path, content: dict[str, object]) -> None:
    (folder / "list.txt").write_text("./images/train/a.jpg\nimages/train/b.jpg\n")
    describe(folder, **content)
    assert splits(str(folder)) == ("train", "val")
    dataset = read(str(folder / "data.yaml"), split="train")
    assert [found.source for found in dataset] == ["images/train/a.jpg", "images/train/b.jpg"]
    assert [found.name for found in dataset.classes] == ["cat", "dog"]
    assert len(dataset[0].labels) == 2


def test_without_a_data_file(folder: Path) -> None:
    assert recognise(str(folder)) == "yolo"
    assert splits(str(folder)) == ("train", "val")
    assert read(str(folder), split="train").classes == ()
    (folder / "classes.txt").write_text("cat\ndog\n")
    assert [found.name for found in read(str(folder), split="train").classes] == ["cat", "dog"]


def test_a_folder_of_pictures_is_a_data_set(folder: Path) -> None:
    describe(folder)
    path = str(folder / "images" / "train")
    assert recognise(path) == "yolo"
    assert splits(path) == ("train",)
    dataset = read(path)
    assert len(dataset) == 2
    assert [found.name for found in dataset.classes] == ["cat", "dog"]


def test_a_polygon_is_read_as_its_box(folder: Path) -> None:
    describe(folder)
    (folder / "labels/train/a.txt").write_text("0 0.5 0.1 0.75 0.5 0.25 0.4\n")
    np.testing.assert_allclose(read(str(folder), split="train")[0].boxes, [[10, 3, 30, 15]], rtol=1e-6)


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.5", "0 0.5 0.5 0.5 0.5 0.9", "cat 0.5 0.5 0.5 0.5", "0 a b c d", "0"])
def test_malformed_lines_are_named(folder: Path, line: str) -> None:
    describe(folder)
    (folder / "labels/train/a.txt").write_text(f"0 0.5 0.5 0.1 0.1\n{line}\n")
    with pytest.raises(ValueError, match=r"labels/train/a\.txt:2: expected 'class cx cy w h', got '"):
        read(str(folder), split="train")[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"names": {1: "cat", 2: "dog"}}, "names must be numbered 0..1"),
        ({"names": []}, "names must be a list"),
        ({"train": "images/none"}, "neither a folder of pictures nor a list"),
    ],
)
def test_malformed_data_files_are_named(folder: Path, content: dict[str, object], message: str) -> None:
    describe(folder, **content)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        read(str(folder), split="train")


def test_several_data_files_are_ambiguous(folder: Path) -> None:
    for name in ("a.yaml", "b.yml"):
        describe(folder)
        (folder / "data.yaml").rename(folder / name)
    (folder / "unrelated.yaml").write_text("train: {images: x}\nclasses: [a]\n")
    with pytest.raises(ValueError, match=r"several YAML files describe data, a\.yaml, b\.yml; give the path of one"):
        read(str(folder), split="train")
    assert len(read(str(folder / "b.yml"), split="train")) == 2


def test_a_missing_folder_of_labels_is_not_taken_for_no_objects(folder: Path) -> None:
    describe(folder)
    (folder / "labels").rename(folder / "elsewhere")
    with pytest.raises(ValueError, match="there is no folder .*labels/train' with the labels of"):
        read(str(folder), split="train")


def test_what_is_written_stands_in_the_usual_places(tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to="yolo", split="train")
    described = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))
    assert described == {"path": ".", "train": "images/train", "names": {0: "vélo", 1: "chat", 2: "人"}}
    assert sorted(path.name for path in (tmp_path / "labels/train").iterdir()) == ["b.txt", "猫 1.txt"]
    # (0, 0, 40, 30) in 40 x 30 is the whole picture.
    assert (tmp_path / "labels/train/猫 1.txt").read_text().splitlines()[1] == "2 0.5 0.5 1 1"


def test_real_data(shared_data: Path) -> None:
    path = str(shared_data / "coco128")
    assert recognise(path) == "yolo"
    dataset = read(path, split="train")
    assert (len(dataset), len(dataset.classes), dataset.classes[79]) == (128, 80, ClassName(80, "toothbrush"))
    # 000000000009.jpg is 640 x 480; its first line is "45 0.479492 0.688771 0.955609 0.5955".
    wanted = [(0.479492 - 0.955609 / 2) * 640, (0.688771 - 0.5955 / 2) * 480]
    np.testing.assert_allclose(dataset[0].boxes[0, :2], wanted, atol=1e-3)
    assert dataset.classes[dataset[0].labels[0]].name == "bowl"


def test_a_file_that_is_no_yaml_is_named(folder: Path) -> None:
    (folder / "data.yaml").write_text("names: [cat\ntrain: {")
    with pytest.raises(ValueError, match=r"data\.yaml: no YAML"):
        read(str(folder / "data.yaml"))


def test_a_missing_folder_of_pictures_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder of pictures '.*images/test'"):
        read(str(folder / "images" / "test"), format="yolo")
