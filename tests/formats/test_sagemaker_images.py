import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright.dataset.health import inspect
from boxwright.formats import ClassName, Dataset, Sample, read, recognise, splits, write

DOG = {"class_id": 0, "left": 11, "top": 5, "width": 20, "height": 8}


class Folder:
    """A folder of channels that tests fill."""

    def __init__(self, root: Path, picture: Callable[..., bytes]) -> None:
        self.root, self._picture, self._count = root, picture, 0

    def add(self, name: str, boxes: list[dict[str, Any]], split: str = "train", **more: Any) -> Path:
        """A picture of 40 x 30 pixels with its JSON file; keys of `more` that are None are left out."""
        self.add_picture(f"{split}/{name}")
        content = {"file": name, "image_size": [{"width": 40, "height": 30, "depth": 3}], "annotations": boxes, **more}
        path = (self.root / f"{split}_annotation" / name).with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return path

    def add_picture(self, path: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(self._picture(seed=self._count))
        self._count += 1


@pytest.fixture
def folder(tmp_path: Path, picture: Callable[..., bytes]) -> Folder:
    return Folder(tmp_path, picture)


def test_the_documented_file(folder: Folder) -> None:
    names = [{"class_id": 0, "name": "dog"}, {"class_id": 1, "name": "cat"}]
    folder.add("street/1.jpg", [DOG, {**DOG, "class_id": 1, "left": 0.5}], categories=names)
    folder.add("2.jpg", [], split="validation", categories=names[:1])
    path = str(folder.root)
    assert recognise(path) == recognise(f"{path}/train") == recognise(f"{path}/train/") == "sagemaker_images"
    assert splits(path) == ("train", "validation")
    assert splits(f"{path}/train") == splits(f"{path}/train/") == ("train",)
    dataset = read(f"{path}/train")
    assert dataset.classes == (ClassName(1, "dog"), ClassName(2, "cat"))
    np.testing.assert_array_equal(dataset[0].boxes, [[11, 5, 31, 13], [0.5, 5, 20.5, 13]])
    np.testing.assert_array_equal(dataset[0].labels, [0, 1])
    assert dataset[0].source == "street/1.jpg"
    assert (dataset[0].width, dataset[0].height) == (40, 30)
    assert read(path, split="validation").classes == dataset.classes
    assert len(read(path, split="validation")[0].boxes) == 0


def test_what_is_written(tmp_path: Path, sample: Callable[..., Sample], picture: Callable[..., bytes]) -> None:
    grey = io.BytesIO()
    Image.new("L", (40, 30)).save(grey, "PNG")
    samples = [sample("a/b.jpg", [[1, 2, 11, 22]], [1], encoded=picture()), sample("c.png", encoded=grey.getvalue())]
    write(
        Dataset(samples, (ClassName(5, "cat"), ClassName(9, "dog"))),
        str(tmp_path),
        to="sagemaker_images",
        split="train",
    )
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert written == {"train/b.jpg", "train/c.png", "train_annotation/b.json", "train_annotation/c.json"}
    names = [{"class_id": 0, "name": "cat"}, {"class_id": 1, "name": "dog"}]
    assert json.loads((tmp_path / "train_annotation/b.json").read_text()) == {
        "file": "b.jpg",
        "image_size": [{"width": 40, "height": 30, "depth": 3}],
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 10, "height": 20}],
        "categories": names,
    }
    assert json.loads((tmp_path / "train_annotation/c.json").read_text()) == {
        "file": "c.png",
        "image_size": [{"width": 40, "height": 30, "depth": 1}],
        "annotations": [],
        "categories": names,
    }


def test_without_categories_classes_are_named_by_their_ids(folder: Folder) -> None:
    folder.add("a.jpg", [DOG, {**DOG, "class_id": 1}])
    assert read(str(folder.root)).classes == (ClassName(1, "0"), ClassName(2, "1"))
    (folder.root / "names.txt").write_text("dog\ncat\nowl\n")
    named = read(str(folder.root), labels_file=str(folder.root / "names.txt"))
    assert named.classes == (ClassName(1, "dog"), ClassName(2, "cat"), ClassName(3, "owl"))


def test_gaps_between_class_ids_are_refused(folder: Folder) -> None:
    folder.add("a.jpg", [{**DOG, "class_id": 1}, {**DOG, "class_id": 2}])
    with pytest.raises(ValueError, match="class ids count from 0 without gaps, and 0 is neither used nor named"):
        read(str(folder.root))
    folder.add("b.jpg", [], split="validation", categories=[{"class_id": 0, "name": "dog"}])
    assert [one.name for one in read(f"{folder.root}/train").classes] == ["dog", "1", "2"]


def test_two_names_of_one_class(folder: Folder) -> None:
    folder.add("a.jpg", [DOG], categories=[{"class_id": 0, "name": "dog"}])
    folder.add("b.jpg", [DOG], categories=[{"class_id": 0, "name": "cat"}])
    with pytest.raises(ValueError, match=r"b\.json: categories: class id 0 is named 'cat', and 'dog' before"):
        read(str(folder.root))


def test_two_pictures_of_one_stem(folder: Folder) -> None:
    folder.add("a.jpg", [DOG])
    folder.add_picture("train/a.png")
    with pytest.raises(ValueError, match=r"a\.jpg and a\.png: share the annotation a\.json; rename all but one"):
        read(str(folder.root))


def test_the_same_name_in_two_sub_folders(folder: Folder) -> None:
    folder.add("x/a.jpg", [DOG])
    folder.add("y/a.jpg", [])
    assert [one.source for one in read(str(folder.root))] == ["x/a.jpg", "y/a.jpg"]
    # A flat folder of annotations has room for one of them only.
    (folder.root / "train_annotation/x/a.json").rename(folder.root / "train_annotation/a.json")
    assert {one.source for one in read(str(folder.root))} == {"x/a.jpg", "y/a.jpg"}
    (folder.root / "train_annotation/y/a.json").unlink()
    with pytest.raises(ValueError, match=r"y/a\.jpg: has no y/a\.json in train_annotation/\nEach picture needs one"):
        read(str(folder.root))


def test_a_picture_that_two_files_name(folder: Folder) -> None:
    path = folder.add("x/a.jpg", [DOG])
    (folder.root / "train_annotation/a.json").write_text(path.read_text())
    with pytest.raises(ValueError, match=r"a\.json: names the picture 'x/a\.jpg', and so does another file"):
        read(str(folder.root))


def test_all_files_that_name_no_picture_are_told(folder: Folder) -> None:
    folder.add("a.jpg", [DOG], file="../a.jpg")
    folder.add("b.jpg", [DOG], file="gone.jpg")
    folder.add("c.jpg", [DOG])
    folder.add("d.jpg", [DOG], file="./c.jpg")
    with pytest.raises(ValueError) as caught:
        read(str(folder.root))
    assert str(caught.value).splitlines() == [
        f"{folder.root}/train: 3 faulty:",
        "  a.json: names the picture '../a.jpg', which is not there",
        "  b.json: names the picture 'gone.jpg', which is not there",
        "  d.json: names the picture 'c.jpg', which has another stem; rename one of them",
        "Each picture needs one JSON file of its stem, with empty 'annotations' if it shows no object.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"a\.json: Expecting property name"),
        ("[1]", r"a\.json: needs a list 'annotations'"),
        ('{"annotations": []}', r"a\.json: needs 'file'"),
        ('{"annotations": [{"class_id": 0}], "file": "a.jpg"}', r"a\.json: annotations\[0\] needs numbers left"),
        (
            '{"annotations": [], "file": "a.jpg", "categories": [{"id": 0}]}',
            r"'categories' must be a list of \{class_id",
        ),
        ('{"annotations": [], "file": "a.jpg", "categories": 3}', "'categories' must be a list"),
    ],
)
def test_malformed_files_are_told_by_name(folder: Folder, text: str, message: str) -> None:
    folder.add("a.jpg", []).write_text(text)
    with pytest.raises(ValueError, match=message):
        read(str(folder.root))


def test_boxes_outside_and_negative_ids_are_left_to_the_doctor(folder: Folder) -> None:
    folder.add("a.jpg", [DOG, {**DOG, "left": 100}, {**DOG, "class_id": -1}])
    dataset = read(str(folder.root))
    np.testing.assert_array_equal(dataset[0].labels, [0, 0, -1])
    assert inspect(dataset).summary.rules == {"outside": 1, "label": 1}


@pytest.mark.parametrize(("mode", "note"), [("L", "grey"), ("RGBA", "4 channels"), ("LA", "grey with alpha")])
def test_pictures_of_another_depth_are_told(folder: Folder, mode: str, note: str) -> None:
    folder.add("a.png", [DOG])
    folder.add("b.png", [DOG])
    Image.new(mode, (40, 30)).save(folder.root / "train/a.png")
    health = inspect(read(str(folder.root)))
    assert [one.note for one in health.observations.not_rgb] == [note]
    (found,) = [one for one in health.findings if one.rule == "channels"]
    assert found.message == f"1 picture without exactly 3 channels (a.png: {note})."


def test_names_of_an_unreadable_picture_are_kept(folder: Folder) -> None:
    folder.add("a.jpg", [DOG])
    (folder.root / "train/a.jpg").write_bytes(b"no picture")
    health = inspect(read(str(folder.root)))
    assert [one.source for one in health.summary.faulty_pictures] == ["a.jpg"]
    assert health.observations.not_rgb == ()
