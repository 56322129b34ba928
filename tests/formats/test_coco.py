import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from boxwright.formats import ClassName, Dataset, read, recognise, splits, write

Encode = Callable[..., bytes]


@pytest.fixture
def content() -> dict[str, Any]:
    """Two pictures, of which the second has no objects; category ids with gaps and out of order."""
    return {
        "images": [
            {"id": 11, "file_name": "a.jpg", "width": 40, "height": 30},
            {"id": 7, "file_name": "sub/b.jpg", "width": 40, "height": 30},
        ],
        "annotations": [
            {"id": 1, "image_id": 11, "category_id": 90, "bbox": [1, 2, 10, 20], "iscrowd": 0},
            {"id": 2, "image_id": 11, "category_id": 3, "bbox": [5.5, 6, 0.5, 1], "iscrowd": 1},
        ],
        "categories": [{"id": 90, "name": "toothbrush"}, {"id": 3, "name": "car"}, {"id": 50, "name": "spoon"}],
    }


def place(folder: Path, content: dict[str, Any], pictures: str, encode: Encode, split: str = "train2017") -> str:
    for name in ("a.jpg", "sub/b.jpg"):
        path = folder / pictures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode())
    (folder / "annotations").mkdir()
    (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return str(folder)


@pytest.mark.parametrize("pictures", ["train2017", "images/train2017", "images", "."])
def test_boxes_and_ids(tmp_path: Path, content: dict[str, Any], picture: Encode, pictures: str) -> None:
    path = place(tmp_path, content, pictures, picture)
    assert recognise(path) == "coco"
    assert splits(path) == ("train2017",)
    dataset = read(path)
    assert dataset.classes == (ClassName(3, "car"), ClassName(50, "spoon"), ClassName(90, "toothbrush"))
    np.testing.assert_array_equal(dataset[0].boxes, [[1, 2, 11, 22], [5.5, 6, 6, 7]])
    np.testing.assert_array_equal(dataset[0].labels, [2, 0])
    np.testing.assert_array_equal(dataset[0].crowd, [False, True])
    assert (dataset[1].source, len(dataset[1].boxes)) == ("sub/b.jpg", 0)


def test_a_file_is_a_data_set(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    path = place(tmp_path, content, "images", picture) + "/annotations/instances_train2017.json"
    assert recognise(path) == "coco"
    assert splits(path) == ("train2017",)
    assert len(read(path)) == 2
    beside = tmp_path / "images" / "_annotations.coco.json"
    beside.write_text(json.dumps(content))
    assert len(read(str(beside))) == 2


def test_the_rotated_view_is_turned_back(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    content["images"][0] |= {"width": 30, "height": 40}
    path = place(tmp_path, content, "images", lambda: picture(orientation=6))
    # Orientation 6, stored 40 x 30: x = seen y, y = 30 - seen x; the seen box is (1, 2, 11, 22).
    np.testing.assert_array_equal(read(path)[0].boxes[0], [2, 19, 22, 29])


def test_an_unknown_category_is_a_faulty_label(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    content["annotations"][0]["category_id"] = 4
    np.testing.assert_array_equal(read(place(tmp_path, content, "images", picture))[0].labels, [-1, 0])


def test_categories_may_be_empty(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    content["categories"] = []
    assert read(place(tmp_path, content, "images", picture)).classes == (ClassName(3, "3"), ClassName(90, "90"))


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("annotations", {"bbox": [1, 2, 3]}, r"annotations\[0\] needs 'bbox' of four numbers"),
        ("annotations", {"bbox": None}, r"annotations\[0\] needs 'bbox'"),
        ("annotations", {"image_id": 12}, r"annotations\[0\] needs .* the 'image_id' of an entry of 'images'"),
        ("annotations", {"category_id": "car"}, "'category_id'"),
        ("images", {"file_name": None}, "is in none of the folders"),
    ],
)
def test_malformed_entries_are_named(
    tmp_path: Path, content: dict[str, Any], picture: Encode, part: str, change: dict[str, Any], message: str
) -> None:
    content[part][0] |= change
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        read(place(tmp_path, content, "images", picture))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[]", "there is no list 'images'"),
        ('{"images": []}', "there is no list 'annotations'"),
        ('{"images": [{"id": 1}], "annotations": []}', r"images\[0\] needs 'id' and 'file_name'"),
        ('{"images": [], "annotations": [], "categories": []}', "the set 'x' is empty"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_x.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read(str(tmp_path), format="coco")


def test_pycocotools_reads_what_is_written(tmp_path: Path, drawn: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    classes = (ClassName(2, "two"), ClassName(5, "five"), ClassName(90, "ninety"))
    write(Dataset(drawn.samples, classes), str(tmp_path), to="coco", split="val")
    theirs = COCO(str(tmp_path / "annotations" / "instances_val.json"))
    assert "index created" in capsys.readouterr().out
    assert [one["name"] for one in theirs.loadCats([2, 5, 90])] == ["two", "five", "ninety"]
    first = theirs.loadAnns(theirs.getAnnIds(imgIds=[1]))
    assert [one["category_id"] for one in first] == [2, 90]
    # (1.25, 2.5, 20.125, 29) has sides 18.875 and 26.5.
    assert first[0]["bbox"] == [1.25, 2.5, 18.875, 26.5]
    assert first[0]["area"] == pytest.approx(18.875 * 26.5)
    assert [one["iscrowd"] for one in first] == [0, 1]
    assert read(str(tmp_path)).classes == classes


def test_two_entries_of_one_picture(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    content["images"][1]["file_name"] = "a.jpg"
    with pytest.raises(ValueError, match=r"images\[0\] and images\[1\] are both a\.jpg; .* make them one entry"):
        read(place(tmp_path, content, "images", picture))


def test_two_pictures_of_one_id(tmp_path: Path, content: dict[str, Any], picture: Encode) -> None:
    content["images"][1]["id"] = 11
    path = place(tmp_path, content, "images", picture)
    with pytest.raises(ValueError, match=r"images\[1\] \(sub/b\.jpg\) has the id 11 of a\.jpg; .* an id of its own"):
        read(path)
