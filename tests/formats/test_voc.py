from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats import ClassName, read, recognise, splits

Encode = Callable[..., bytes]

OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult>
<bndbox><ymin>{box[1]}</ymin><xmin>{box[0]}</xmin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"""


def xml(*objects: tuple[str, tuple[float, ...], int], size: str = "<width>40</width><height>30</height>") -> str:
    found = "".join(OBJECT.format(name=name, box=box, difficult=difficult) for name, box, difficult in objects)
    return f"<annotation><filename>other.jpg</filename><size>{size}</size>{found}</annotation>"


@pytest.fixture
def folder(tmp_path: Path, picture: Encode) -> Path:
    """Pictures 1 (two objects), 2 (none) and 3 (one), of which train lists 1 and 2."""
    said = {
        "1": xml(("dog", (1, 2, 11.5, 22), 0), ("cat", (5, 6, 7, 8), 1)),
        "2": xml(),
        "3": xml(("bird", (1, 1, 2, 2), 0)),
    }
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (tmp_path / part).mkdir(parents=True)
    for name, text in said.items():
        (tmp_path / "JPEGImages" / f"{name}.jpg").write_bytes(picture())
        (tmp_path / "Annotations" / f"{name}.xml").write_text(text)
    (tmp_path / "ImageSets/Main/train.txt").write_text("2\n1\n")
    (tmp_path / "ImageSets/Main/val.txt").write_text("3\n")
    (tmp_path / "ImageSets/Main/dog_train.txt").write_text("1  1\n2 -1\n")
    return tmp_path


def test_coordinates_are_taken_as_they_stand(folder: Path) -> None:
    assert recognise(str(folder)) == "voc"
    dataset = read(str(folder), split="train")
    assert [found.source for found in dataset] == ["2.jpg", "1.jpg"]
    assert len(dataset[0].boxes) == 0
    np.testing.assert_array_equal(dataset[1].boxes, [[1, 2, 11.5, 22], [5, 6, 7, 8]])
    np.testing.assert_array_equal(dataset[1].crowd, [False, True])


def test_all_splits_have_the_same_classes_in_alphabetical_order(folder: Path) -> None:
    assert splits(str(folder)) == ("train", "val")
    wanted = (ClassName(1, "bird"), ClassName(2, "cat"), ClassName(3, "dog"))
    assert read(str(folder), split="train").classes == read(str(folder), split="val").classes == wanted
    np.testing.assert_array_equal(read(str(folder), split="train")[1].labels, [2, 1])


def test_a_labels_file_gives_the_order(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("dog\nbird\n")
    dataset = read(str(folder), split="train", labels_file=str(tmp_path / "names"))
    np.testing.assert_array_equal(dataset[1].labels, [0, -1])
    assert dataset.classes == (ClassName(1, "dog"), ClassName(2, "bird"))


def test_a_list_is_a_data_set(folder: Path) -> None:
    path = str(folder / "ImageSets/Main/val.txt")
    assert recognise(path) == "voc"
    assert splits(path) == ("val",)
    assert [found.source for found in read(path)] == ["3.jpg"]


def test_without_lists_all_pictures_are_one_set(folder: Path) -> None:
    for path in (folder / "ImageSets/Main").iterdir():
        path.unlink()
    assert splits(str(folder)) == ("all",)
    assert len(read(str(folder))) == 3


def test_a_png_named_jpg_and_a_png(folder: Path, picture: Encode) -> None:
    (folder / "JPEGImages/1.jpg").write_bytes(picture(kind="PNG"))
    (folder / "JPEGImages/2.jpg").rename(folder / "JPEGImages/2.png")
    found = read(str(folder), split="train")
    assert [(one.source, one.width) for one in found] == [("2.png", 40), ("1.jpg", 40)]


def test_the_rotated_view_is_turned_back(folder: Path, picture: Encode) -> None:
    (folder / "JPEGImages/1.jpg").write_bytes(picture(30, 40, orientation=5))
    # Orientation 5 swaps the axes.
    np.testing.assert_array_equal(read(str(folder), split="train")[1].boxes[0], [2, 1, 22, 11.5])


@pytest.mark.parametrize("size", ["", "<width>0</width><height>0</height>"])
def test_the_size_may_be_missing(folder: Path, size: str) -> None:
    (folder / "Annotations/1.xml").write_text(xml(("dog", (1, 2, 3, 4), 0), size=size))
    found = read(str(folder), split="train")[1]
    assert (found.width, found.height) == (40, 30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation>", "1.xml: malformed annotation: no element found"),
        (xml(("", (1, 2, 3, 4), 0)), "1.xml: malformed annotation: object '' needs <name>"),
        (xml(("dog", (1, 2, 3, 4), 0)).replace("ymax", "bottom"), "1.xml: malformed .*object 'dog' needs .*ymax"),
        (xml(("dog", (1, 2, 3, 4), 0)).replace(">3<", ">x<"), "1.xml: malformed annotation: could not convert"),
    ],
)
def test_malformed_annotations_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "Annotations/1.xml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read(str(folder), split="train")


@pytest.mark.parametrize("missing", ["Annotations/1.xml", "JPEGImages/1.jpg"])
def test_a_listed_picture_needs_both_files(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    part = missing.partition("/")[0]
    with pytest.raises(ValueError, match=f"split 'train' lists 1 pictures without a file in {part}/, such as 1; add"):
        read(str(folder), split="train")
    assert len(read(str(folder), split="val")) == 1


def test_real_data(shared_data: Path) -> None:
    path = str(shared_data / "bccd")
    assert recognise(path) == "voc"
    counts = {split: len(read(path, split=split)) for split in splits(path)}
    assert counts == {"test": 72, "train": 205, "trainval": 292, "val": 87}
    first = read(path, split="train").samples
    assert (first[0].width, first[0].height) == (640, 480)
    assert [found.name for found in read(path, split="test").classes] == ["Platelets", "RBC", "WBC"]
