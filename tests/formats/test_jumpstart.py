import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.formats import ClassName, Dataset, Sample, read, recognise, splits, write


@pytest.fixture
def folder(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/abc.png").write_bytes(picture(kind="PNG"))
    (tmp_path / "images/def.png").write_bytes(picture(kind="PNG", seed=1))
    return tmp_path


def describe(folder: Path, ids: list[int], **more: Any) -> str:
    content = {
        "images": [
            {"file_name": "abc.png", "height": 30, "width": 40, "id": "x"},
            {"file_name": "def.png", "height": 30, "width": 40, "id": "y"},
        ],
        "annotations": [{"image_id": "x", "bbox": [1, 2, 11, 22], "category_id": number} for number in ids],
    }
    (folder / "annotations.json").write_text(json.dumps(content | more))
    return str(folder)


def test_boxes_are_corners(folder: Path) -> None:
    path = describe(folder, [7, 3])
    assert recognise(path) == recognise(f"{path}/annotations.json") == "jumpstart"
    assert splits(path) == ("all",)
    dataset = read(path)
    np.testing.assert_array_equal(dataset[0].boxes, [[1, 2, 11, 22]] * 2)
    np.testing.assert_array_equal(dataset[0].labels, [1, 0])
    assert dataset.classes == (ClassName(3, "3"), ClassName(7, "7"))
    assert len(dataset[1].boxes) == 0


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        ([2], [ClassName(1, "cat"), ClassName(2, "dog")]),
        ([0, 1], [ClassName(0, "cat"), ClassName(1, "dog")]),
        ([0], [ClassName(0, "cat"), ClassName(1, "dog")]),
        ([20, 10], [ClassName(10, "cat"), ClassName(20, "dog")]),
        ([-1, 2], [ClassName(1, "cat"), ClassName(2, "dog")]),
    ],
)
def test_a_labels_file_names_the_ids(folder: Path, ids: list[int], wanted: list[ClassName]) -> None:
    (folder / "labels.txt").write_text("cat\ndog\n")
    dataset = read(describe(folder, ids))
    assert list(dataset.classes) == wanted
    inner = {found.id: label for label, found in enumerate(wanted)}
    np.testing.assert_array_equal(dataset[0].labels, [inner.get(number, -1) for number in ids])


def test_names_for_other_ids_are_refused(folder: Path) -> None:
    (folder / "labels.txt").write_text("cat\ndog\n")
    with pytest.raises(ValueError, match=r"uses 3 category ids, \[1, 2, 3\], and the labels file has 2 names"):
        read(describe(folder, [1, 2, 3]))


def test_with_categories_the_file_is_cocos(folder: Path) -> None:
    path = describe(folder, [1], categories=[{"id": 1, "name": "cat"}])
    assert recognise(f"{path}/annotations.json") == "coco"
    # There, [1, 2, 11, 22] is a corner and two sides.
    np.testing.assert_array_equal(read(f"{path}/annotations.json")[0].boxes, [[1, 2, 12, 24]])


def test_ids_are_whole_numbers(folder: Path) -> None:
    path = describe(folder, [1], annotations=[{"image_id": "x", "bbox": [1, 2, 3, 4], "category_id": "cat"}])
    with pytest.raises(ValueError, match="every annotation needs a whole number 'category_id'"):
        read(path)


def test_two_pictures_of_one_id(folder: Path) -> None:
    images = [{"file_name": name, "height": 30, "width": 40, "id": "x"} for name in ("abc.png", "def.png")]
    with pytest.raises(ValueError, match=r"images\[1\] \(def\.png\) has the id 'x' of abc\.png; annotations could not"):
        read(describe(folder, [1], images=images))


def test_two_entries_of_one_picture(folder: Path) -> None:
    images = [{"file_name": "abc.png", "height": 30, "width": 40, "id": number} for number in (1, 2)]
    with pytest.raises(ValueError, match=r"images\[0\] and images\[1\] are both abc\.png; .* make them one entry"):
        read(describe(folder, [1], images=images))


def test_a_picture_that_is_not_there(folder: Path) -> None:
    (folder / "images/def.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"def\.png: the data set lists this picture, but there is no file"):
        read(describe(folder, [1]))[1]


@pytest.mark.parametrize(
    ("classes", "ids", "back"),
    [
        ([(1, "cat"), (2, "dog")], [1, 2], [(1, "cat"), (2, "dog")]),
        ([(0, "cat"), (1, "dog")], [1, 2], [(1, "cat"), (2, "dog")]),
        ([(18, "cat"), (21, "dog")], [1, 2], [(1, "cat"), (2, "dog")]),
        ([(3, "3"), (7, "7")], [3, 7], [(3, "3"), (7, "7")]),
    ],
)
def test_what_is_written(
    tmp_path: Path,
    sample: Callable[..., Sample],
    classes: list[tuple[int, str]],
    ids: list[int],
    back: list[tuple[int, str]],
) -> None:
    """Names are kept, whatever the ids are; classes without names keep their ids."""
    one = sample("a.jpg", [[1, 2, 11, 22], [3, 4, 5, 6]], [0, 1])
    write(Dataset([one], tuple(ClassName(*found) for found in classes)), str(tmp_path), to="jumpstart", split="train")
    assert json.loads((tmp_path / "annotations.json").read_text()) == {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
        "annotations": [
            {"image_id": 1, "bbox": [1, 2, 11, 22], "category_id": ids[0]},
            {"image_id": 1, "bbox": [3, 4, 5, 6], "category_id": ids[1]},
        ],
    }
    dataset = read(str(tmp_path))
    assert dataset.classes == tuple(ClassName(*found) for found in back)
    np.testing.assert_array_equal(dataset[0].labels, [0, 1])


def test_other_names_in_the_folder_are_not_written_over(folder: Path, sample: Callable[..., Sample]) -> None:
    (folder / "labels.txt").write_text("owl\n")
    with pytest.raises(ValueError, match="holds the classes .*choose another folder"):
        write(Dataset([sample("a.jpg")], (ClassName(1, "cat"),)), str(folder), to="jumpstart", split="train")
