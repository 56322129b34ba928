"""Pictures with their annotations beside them, as labelling tools save them, and folders of other names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.formats import read, recognise, splits

Encode = Callable[..., bytes]

OBJECT = "<object><name>{}</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object>"


def put(pictures: Path, annotations: Path, picture: Encode, **names: str) -> None:
    """A picture and an annotation of one object by its class name."""
    for folder in (pictures, annotations):
        folder.mkdir(parents=True, exist_ok=True)
    for name, label in names.items():
        (pictures / f"{name}.jpg").write_bytes(picture())
        (annotations / f"{name}.xml").write_text(f"<annotation>{OBJECT.format(label)}</annotation>")


def test_side_by_side_in_one_folder(tmp_path: Path, picture: Encode) -> None:
    put(tmp_path, tmp_path, picture, b="cat", a="dog")
    (tmp_path / "not_labelled_yet.jpg").write_bytes(picture())
    (tmp_path / "without_picture.xml").write_text("<annotation/>")
    assert (recognise(str(tmp_path)), splits(str(tmp_path))) == ("voc", ("all",))
    found = read(str(tmp_path))
    assert [(one.source, one.labels.tolist()) for one in found] == [("a.jpg", [1]), ("b.jpg", [0])]
    assert found[0].boxes.tolist() == [[1, 2, 9, 8]]
    assert [one.name for one in found.classes] == ["cat", "dog"]


def test_side_by_side_in_a_folder_for_each_set(tmp_path: Path, picture: Encode) -> None:
    put(tmp_path / "train", tmp_path / "train", picture, a="dog")
    put(tmp_path / "valid", tmp_path / "valid", picture, a="cat")
    (tmp_path / "docs").mkdir()
    assert (recognise(str(tmp_path)), splits(str(tmp_path))) == ("voc", ("train", "valid"))
    train, valid = (read(str(tmp_path), split=name) for name in ("train", "valid"))
    assert (train[0].labels.tolist(), valid[0].labels.tolist()) == ([1], [0])  # one map of classes for both
    assert splits(str(tmp_path / "valid")) == ("all",)


@pytest.mark.parametrize(("annotations", "pictures"), [("annotations", "images"), ("Annotations", "images")])
def test_folders_of_other_names(tmp_path: Path, picture: Encode, annotations: str, pictures: str) -> None:
    put(tmp_path / pictures, tmp_path / annotations, picture, a="dog")
    assert (recognise(str(tmp_path)), splits(str(tmp_path))) == ("voc", ("all",))
    assert [one.source for one in read(str(tmp_path))] == ["a.jpg"]


def test_other_files_of_that_ending_are_no_annotations(tmp_path: Path, picture: Encode) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    (tmp_path / "a.xml").write_text("<x:xmpmeta/>")
    with pytest.raises(ValueError, match="is in no known format"):
        recognise(str(tmp_path))


def test_many_folders_are_no_sets(tmp_path: Path, picture: Encode) -> None:
    for number in range(21):
        put(tmp_path / str(number), tmp_path / str(number), picture, a="dog")
    with pytest.raises(ValueError, match="is in no known format"):
        recognise(str(tmp_path))
