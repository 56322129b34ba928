"""Tests of where the validation set of a run comes from."""

from pathlib import Path

import pytest

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.sets import open_sets
from boxwright.formats.sample import Dataset

CLASSES = ("circle", "square")


def written(folder: Path, to: str, **splits: int) -> str:
    for seed, (name, count) in enumerate(splits.items()):
        formats.write(draw_shapes(count, (32, 48), seed, CLASSES), str(folder), to=to, split=name)
    return str(folder)


def pictures(dataset: Dataset) -> list[bytes]:
    return [sample.encoded for sample in dataset]


def test_named_sets_are_taken_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "tfrecord", train=4, validation=3)
    sets = open_sets(f"{path}/train-*", f"{path}/validation-*")
    assert (len(sets.training), len(sets.validation), sets.split) == (4, 3, "")


@pytest.mark.parametrize("name", ["validation", "val", "valid"])
def test_the_datas_own_splits_are_taken(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "coco", train=4, test=2, **{name: 3})
    sets = open_sets(path)
    assert (len(sets.training), len(sets.validation)) == (4, 3)
    assert sets.split == f"the split {name!r} of the training data"


def test_one_split_is_divided_always_alike(tmp_path: Path) -> None:
    path = written(tmp_path, "jumpstart", all=20)
    first, second = open_sets(path), open_sets(path)
    assert len(first.validation) in (3, 4, 5) and len(first.training) + len(first.validation) == 20
    assert pictures(first.validation) == pictures(second.validation)
    assert set(pictures(first.training)) | set(pictures(first.validation)) == set(pictures(formats.read(path)))
    assert not set(pictures(first.training)) & set(pictures(first.validation))
    assert first.split == "20% of the training data, always the same"
    assert first.training.classes == first.validation.classes


def test_splits_that_do_not_say_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "coco", train=2, test=2)
    with pytest.raises(ValueError, match="holds the splits test, train, and none for training"):
        open_sets(path)


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 pictures .* too few"):
        open_sets(written(tmp_path, "jumpstart", all=1))
