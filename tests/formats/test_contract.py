"""What every format must do: written samples are read back equal, from local folders and from URLs."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats import FORMATS, ClassName, Dataset, Sample, read, recognise, splits, write
from boxwright.formats.sample import no_boxes

WRITABLE = [name for name, found in FORMATS.items() if found.write]
KEEP_CROWD = {"coco", "tfrecord", "voc"}
KEEP_SPLIT_NAME = {"coco", "manifest", "recordio", "sagemaker_images", "tfrecord", "voc", "yolo"}
ORDER_OF_NAMES = {"sagemaker_images", "yolo"}
"""Formats whose samples come in the order of their file names."""

each_format = pytest.mark.parametrize("to", WRITABLE)


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "set") if request.param == "local" else request.getfixturevalue("memory") + "/set"


def in_order_of(wanted: Dataset, back: Dataset) -> list[Sample]:
    """Samples in the order written; some formats keep none but that of the file names."""
    order = [found.encoded for found in wanted]
    return sorted(back, key=lambda found: order.index(found.encoded))


def assert_equal(got: Sample, wanted: Sample, *, crowd: bool) -> None:
    assert got.encoded == wanted.encoded
    assert (got.width, got.height) == (wanted.width, wanted.height)
    np.testing.assert_allclose(got.boxes, wanted.boxes, atol=1e-3)
    assert got.boxes.dtype == np.float32
    assert got.boxes.shape == (len(wanted.labels), 4)
    np.testing.assert_array_equal(got.labels, wanted.labels)
    assert got.labels.dtype == np.int64
    np.testing.assert_array_equal(got.crowd, wanted.crowd if crowd else np.zeros(len(wanted.labels), np.bool_))
    assert got.crowd.dtype == np.bool_


@each_format
def test_what_is_written_is_read_back(to: str, folder: str, drawn: Dataset) -> None:
    write(drawn, folder, to=to, split="train")
    assert recognise(folder) == to
    back = read(folder)
    assert len(back) == 3
    assert [found.name for found in back.classes] == ["vélo", "chat", "人"]
    for got, wanted in zip(in_order_of(drawn, back), drawn, strict=True):
        assert_equal(got, wanted, crowd=to in KEEP_CROWD)


@each_format
def test_samples_are_read_in_any_order(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to=to, split="train")
    back = read(str(tmp_path))
    in_turn = [found.encoded for found in back]
    assert set(in_turn) == {found.encoded for found in drawn}
    if to not in ORDER_OF_NAMES:
        assert in_turn == [found.encoded for found in drawn]
    for index in (2, 0, -1, 1, 0):
        assert back[index].encoded == in_turn[index]
    with pytest.raises(IndexError):
        back[3]


@each_format
def test_sources_name_the_pictures(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to=to, split="train")
    sources = [found.source for found in in_order_of(drawn, read(str(tmp_path)))]
    assert "猫 1" in sources[0]
    assert "empty" in sources[1]
    assert "b.jpeg" in sources[2]


@each_format
def test_a_data_set_travels_to_another_process(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to=to, split="train")
    back = read(str(tmp_path))
    assert pickle.loads(pickle.dumps(back))[1].encoded == back[1].encoded


@pytest.mark.parametrize("to", sorted(KEEP_SPLIT_NAME))
def test_two_splits_share_a_folder_and_classes(
    to: str, folder: str, drawn: Dataset, sample: Callable[..., Sample], picture: Callable[..., bytes]
) -> None:
    other = Dataset([sample("b.jpeg", [[1, 2, 3, 4]], [2], encoded=picture(seed=9))], drawn.classes)
    write(drawn, folder, to=to, split="train")
    write(other, folder, to=to, split="test set")
    assert set(splits(folder)) == {"train", "test set"}
    back = read(folder, split="test set")
    assert_equal(back[0], other[0], crowd=False)
    assert_equal(in_order_of(drawn, read(folder, split="train"))[2], drawn[2], crowd=to in KEEP_CROWD)
    assert back.classes == tuple(ClassName(number, found.name) for number, found in enumerate(drawn.classes, 1))
    with pytest.raises(ValueError, match="several splits, .*say which"):
        read(folder)


@each_format
def test_a_split_is_not_written_over(to: str, folder: str, drawn: Dataset) -> None:
    write(drawn, folder, to=to, split="train")
    with pytest.raises(FileExistsError, match="holds the split 'train' already"):
        write(drawn, folder, to=to, split="train")


@pytest.mark.parametrize("to", ["manifest", "recordio", "sagemaker_images", "tfrecord", "voc", "yolo"])
def test_other_class_names_are_not_mixed_in(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to=to, split="train")
    with pytest.raises(ValueError, match="holds the classes.*choose another folder"):
        write(Dataset(drawn.samples, (ClassName(1, "x"),)), str(tmp_path), to=to, split="val")


@each_format
def test_equal_names_stay_apart(
    to: str, tmp_path: Path, sample: Callable[..., Sample], picture: Callable[..., bytes]
) -> None:
    pictures = [picture(seed=seed) for seed in range(3)]
    names = ["a/x.jpg", "b/X.png", "x"]
    samples = [sample(name, encoded=encoded) for name, encoded in zip(names, pictures, strict=True)]
    write(Dataset(samples, (ClassName(1, "c"),)), str(tmp_path), to=to, split="train")
    assert sorted(found.encoded for found in read(str(tmp_path))) == sorted(pictures)


@each_format
def test_a_source_cannot_leave_the_folder(to: str, tmp_path: Path, sample: Callable[..., Sample]) -> None:
    samples = [sample(name) for name in ("../../evil", "..", "/", "C:\\a\\b.jpg", 'q"?<>|*.png')]
    write(Dataset(samples, (ClassName(1, "c"),)), str(tmp_path / "in" / "set"), to=to, split="train")
    assert len(read(str(tmp_path / "in" / "set"))) == 5
    assert [found.name for found in tmp_path.iterdir()] == ["in"]
    assert [found.name for found in (tmp_path / "in").iterdir()] == ["set"]


@each_format
def test_faulty_labels_stay_faulty(to: str, tmp_path: Path, sample: Callable[..., Sample]) -> None:
    samples = [sample("a.jpg", [[1, 1, 9, 9]] * 3, [-1, 2, 0])]
    write(Dataset(samples, (ClassName(1, "c"), ClassName(2, "d"))), str(tmp_path), to=to, split="train")
    labels = read(str(tmp_path))[0].labels
    if to in ("recordio", "tfrecord", "yolo"):
        np.testing.assert_array_equal(labels, [-1, 2, 0])
    else:
        assert not 0 <= labels[0] < 2
        assert not 0 <= labels[1] < 2
        assert labels[2] == 0


@each_format
def test_an_undecodable_picture_is_read_with_size_0(to: str, tmp_path: Path, drawn: Dataset) -> None:
    broken = Sample("broken.jpg", b"no picture", 0, 0, *no_boxes())
    write(Dataset([broken, drawn[0]], drawn.classes), str(tmp_path), to=to, split="train")
    back = in_order_of(Dataset([broken, drawn[0]], ()), read(str(tmp_path)))
    assert (back[0].width, back[0].height, back[0].encoded) == (0, 0, b"no picture")
    assert (back[1].width, back[1].height) == (40, 30)


@pytest.mark.parametrize("to", ["recordio", "tfrecord", "yolo"])
def test_boxes_of_an_unreadable_picture_cannot_be_made_relative(to: str, tmp_path: Path, drawn: Dataset) -> None:
    one = drawn[0]
    broken = Sample("broken.jpg", b"no picture", 0, 0, one.boxes, one.labels, one.crowd)
    with pytest.raises(ValueError, match=r"broken\.jpg: boxes are stored as shares"):
        write(Dataset([broken], drawn.classes), str(tmp_path), to=to, split="train")


@each_format
def test_classes_may_be_unnamed(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(Dataset(drawn.samples, ()), str(tmp_path), to=to, split="train")
    back = read(str(tmp_path))
    for got, wanted in zip(in_order_of(drawn, back), drawn, strict=True):
        np.testing.assert_array_equal(got.labels, wanted.labels)
    assert [found.id for found in back.classes] == ([] if to in ("recordio", "tfrecord") else [1, 2, 3])


@each_format
def test_an_empty_set_is_refused(to: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        write(Dataset([], ()), str(tmp_path), to=to, split="train")


@each_format
def test_an_unwritable_folder_is_an_os_error(to: str, tmp_path: Path, drawn: Dataset) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write(drawn, str(tmp_path / "file" / "set"), to=to, split="train")


@each_format
def test_nothing_unfinished_is_left(to: str, tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to=to, split="train")
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
