from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.formats.pictures import PictureFolder, is_picture
from boxwright.formats.sample import Sample


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("a/b.jpg", "JPEG", "b.jpg"),
        ("b.JPG", "PNG", "b.JPG"),
        ("12345", "PNG", "12345.png"),
        ("train.tfrecord:7", "BMP", "train.tfrecord_7.bmp"),
        ("", "GIF", "picture.gif"),
    ],
)
def test_names_come_from_the_source_and_the_content(
    tmp_path: Path,
    sample: Callable[..., Sample],
    picture: Callable[..., bytes],
    source: str,
    kind: str,
    name: str,
) -> None:
    encoded = picture(kind=kind)
    assert PictureFolder(str(tmp_path)).write(sample(source, encoded=encoded)) == name
    assert (tmp_path / name).read_bytes() == encoded


def test_an_unreadable_picture_gets_a_name_too(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    assert PictureFolder(str(tmp_path)).write(sample("x", encoded=b"junk")) == "x.jpg"


def test_the_same_picture_of_an_earlier_split_is_used_again(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    first, other = sample("a.jpg"), sample("a.jpg", encoded=b"other")
    assert PictureFolder(str(tmp_path)).write(first) == "a.jpg"
    assert PictureFolder(str(tmp_path)).write(first) == "a.jpg"
    assert PictureFolder(str(tmp_path)).write(other) == "a_2.jpg"


def test_endings_of_pictures() -> None:
    assert is_picture("a.JPEG")
    assert not is_picture("a.txt")
