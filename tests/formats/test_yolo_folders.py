"""Pictures with YOLO's text files beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.formats import read, recognise, splits

Encode = Callable[..., bytes]


def put(folder: Path, picture: Encode, **texts: str) -> None:
    """Pictures with their texts, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.jpg").write_bytes(picture())
        (folder / f"{name}.txt").write_text(text)


def test_one_folder_as_a_labelling_tool_saves_it(tmp_path: Path, picture: Encode) -> None:
    put(tmp_path, picture, b="1 0.5 0.5 0.5 0.2\n", a="")
    (tmp_path / "not_labelled_yet.jpg").write_bytes(picture())
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    assert (recognise(str(tmp_path)), splits(str(tmp_path))) == ("yolo", ("all",))
    found = read(str(tmp_path))
    assert [(one.source, one.labels.tolist()) for one in found] == [
        ("a.jpg", []),
        ("b.jpg", [1]),
        ("not_labelled_yet.jpg", []),
    ]
    assert found[1].boxes.round(4).tolist() == [[10, 12, 30, 18]]  # of 40 x 30
    assert [one.name for one in found.classes] == ["cat", "dog"]


@pytest.mark.parametrize("names", ["train/_darknet.labels", "obj.names", "classes.txt", "labels.txt"])
def test_a_folder_for_each_set(tmp_path: Path, picture: Encode, names: str) -> None:
    put(tmp_path / "train", picture, a="0 0.5 0.5 0.5 0.2")
    put(tmp_path / "valid", picture, a="1 0.5 0.5 0.5 0.2")
    (tmp_path / names).write_text("cat\ndog\n")
    assert (recognise(str(tmp_path)), splits(str(tmp_path))) == ("yolo", ("train", "valid"))
    train, valid = (read(str(tmp_path), split=name) for name in ("train", "valid"))
    assert (train[0].source, train[0].labels.tolist(), valid[0].labels.tolist()) == ("train/a.jpg", [0], [1])
    assert [one.name for one in train.classes] == ["cat", "dog"]
    assert [one.source for one in read(str(tmp_path / "valid"))] == ["a.jpg"]


def test_beside_pictures_in_a_folder_named_images(tmp_path: Path, picture: Encode) -> None:
    put(tmp_path / "images" / "train", picture, a="0 0.5 0.5 0.5 0.2")
    assert [one.labels.tolist() for one in read(str(tmp_path / "images" / "train"))] == [[0]]


@pytest.mark.parametrize("text", ["a cat on a mat", "0", "0 12 20 40 40", "-1 0.5 0.5 0.5 0.2", "0.5 0.5 0.5 0.5 0.2"])
def test_other_texts_beside_pictures_are_no_boxes(tmp_path: Path, picture: Encode, text: str) -> None:
    put(tmp_path, picture, a=text)
    with pytest.raises(ValueError, match="is in no known format") as told:
        recognise(str(tmp_path))
    assert "or pictures with a .txt beside each" in str(told.value)


def test_many_folders_are_no_sets(tmp_path: Path, picture: Encode) -> None:
    for number in range(21):
        put(tmp_path / str(number), picture, a="0 0.5 0.5 0.5 0.2")
    with pytest.raises(ValueError, match="is in no known format") as told:
        splits(str(tmp_path))
    assert str(tmp_path) in str(told.value)
