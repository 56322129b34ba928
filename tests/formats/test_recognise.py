from pathlib import Path

import pytest

from boxwright.formats import FORMATS, Dataset, read, recognise, write

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"


def test_an_unknown_format_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="is in no known format. Looked for coco: .*; tfrecord: TFRecord files"):
            recognise(str(path))


def test_a_folder_of_pictures_says_that_labels_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is an empty folder; put pictures and their labels into it"):
        recognise(str(tmp_path))
    (tmp_path / "one").mkdir()
    for name in ("a.jpg", "b.PNG", "one/c.jpg"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match="holds 3 pictures and no labels; put the labels with them, such as Pasc"):
        recognise(str(tmp_path))
    (tmp_path / "one/notes.txt").write_text("")
    with pytest.raises(ValueError, match="is in no known format"):
        recognise(str(tmp_path))


def test_a_wildcard_that_matches_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file matches '.*/train-\*'; the nearest folder, .* holds 0"):
        read(f"{tmp_path}/train-*")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file matches"):
        recognise(str(tmp_path / "none"))


def test_records_without_a_suffix_are_known_by_content(tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to="tfrecord", split="train", shards=1)
    (tmp_path / "train-00000-of-00001.tfrecord").rename(tmp_path / "data")
    assert recognise(str(tmp_path / "data")) == "tfrecord"
    assert recognise(f"{tmp_path}/dat*") == "tfrecord"
    assert len(read(f"{tmp_path}/dat?")) == 3


def test_unknown_names(tmp_path: Path, drawn: Dataset) -> None:
    with pytest.raises(ValueError, match="unknown format 'darknet'; known are coco, csv"):
        write(drawn, str(tmp_path), to="darknet", split="train")
    write(drawn, str(tmp_path), to="coco", split="train")
    with pytest.raises(ValueError, match="has no split 'val'; it has train"):
        read(str(tmp_path), split="val")


def test_shards_are_for_records_only(tmp_path: Path, drawn: Dataset) -> None:
    with pytest.raises(ValueError, match="shards are for tfrecord only, got shards=2 for 'coco'"):
        write(drawn, str(tmp_path), to="coco", split="train", shards=2)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS.read_text(encoding="utf-8")
