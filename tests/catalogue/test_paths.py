"""Paths that name a part alone: what is read from them is that part."""

from pathlib import Path

import pytest

from boxwright import formats
from boxwright.catalogue import paths
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.sets import open_sets


@pytest.mark.parametrize("name", ["coco", "voc", "yolo", "tfrecord", "recordio"])
def test_the_path_of_a_part_reads_as_that_part(tmp_path: Path, name: str) -> None:
    numbers = {"train": 3, "val": 2}
    for seed, (part, count) in enumerate(numbers.items()):
        data = draw_shapes(count, (48, 64), seed, ["ring", "star"])
        formats.write(data, str(tmp_path / "data"), to=name, split=part)
    found = {part: paths.part_path(str(tmp_path / "data"), name, part) for part in numbers}
    assert {part: len(formats.read(path)) for part, path in found.items()} == numbers
    sets = open_sets(found["train"], found["val"])
    assert (len(sets.training), len(sets.validation)) == (3, 2)


def test_a_part_that_no_path_names(tmp_path: Path) -> None:
    assert paths.part_path(str(tmp_path), "coco", "train") == ""
    assert paths.part_path(str(tmp_path), "manifest", "train") == ""


def test_paths_to_train_on() -> None:
    """One part is divided by the run, and train with validation are taken from the whole; else parts are named."""
    assert paths.training_paths("/d", [("all", "/d")]) == ("/d", "")
    both = [("test", "/t"), ("train", "/a"), ("valid", "/v")]
    assert paths.training_paths("/d", both) == ("/d", "")
    assert paths.training_paths("/d", [("train", "/a"), ("test", "/t")]) == ("/a", "/t")
    assert paths.training_paths("/d", [("one", "/1"), ("two", "/2")]) == ("", "")


def test_paths_to_measure_on() -> None:
    assert paths.evaluation_path("/d", [("all", "/d")]) == "/d"
    assert paths.evaluation_path("/d", [("test", "/t"), ("train", "/a"), ("val", "/v")]) == "/v"
    assert paths.evaluation_path("/d", [("test", "/t"), ("train", "/a"), ("val", "")]) == "/t"
    assert paths.evaluation_path("/d", [("one", "/1"), ("two", "/2")]) == ""
