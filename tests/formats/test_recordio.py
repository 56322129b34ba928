import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.dataset.health import inspect
from boxwright.formats import Dataset, Sample, read, recognise, splits, write

Encode = Callable[..., bytes]


def record(number: int, labels: list[float], encoded: bytes) -> bytes:
    """One record as MXNet packs it, by hand; the data must hold no magic number."""
    data = struct.pack(f"<IfQQ{len(labels)}f", len(labels), 0.0, number, 0, *labels) + encoded
    return b"\x0a\x23\xd7\xce" + struct.pack("<I", len(data)) + data + b"\0" * (-len(data) % 4)


def rec(path: Path, pictures: list[bytes], labels: list[list[float]] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = labels or [[4, 5, 40, 30, 1, 0.25, 0.5, 0.75, 1.0]] * len(pictures)
    path.write_bytes(b"".join(record(number, *both) for number, both in enumerate(zip(stated, pictures, strict=True))))
    return path


@pytest.fixture
def pictures(picture: Encode) -> list[bytes]:
    return [picture(seed=seed) for seed in range(3)]


def test_a_file_without_anything_beside_it_is_read(tmp_path: Path, pictures: list[bytes]) -> None:
    path = str(rec(tmp_path / "cells.rec", pictures))
    assert recognise(path) == "recordio"
    assert splits(path) == ("cells",)
    dataset = read(path)
    assert (len(dataset), dataset.classes) == (3, ())
    assert [one.source for one in dataset] == ["cells.rec:0", "cells.rec:1", "cells.rec:2"]
    assert [one.encoded for one in dataset] == pictures
    np.testing.assert_array_equal(dataset[1].boxes, [[10, 15, 30, 30]])
    assert dataset[1].labels.tolist() == [1]


def test_files_are_written_byte_for_byte_as_by_hand(
    tmp_path: Path, pictures: list[bytes], sample: Callable[..., Sample]
) -> None:
    samples = [
        sample("dir/a.jpg", [[10, 15, 30, 30]], [1], encoded=pictures[0]),
        sample("", encoded=pictures[1]),
    ]
    write(Dataset(samples, ()), str(tmp_path), to="recordio", split="train")
    labels = [[4, 5, 40, 30, 1, 0.25, 0.5, 0.75, 1.0], [4, 5, 40, 30, -1, -1, -1, -1, -1]]
    expected = [record(number, labels[number], pictures[number]) for number in range(2)]
    assert (tmp_path / "train.rec").read_bytes() == b"".join(expected)
    assert (tmp_path / "train.idx").read_text() == f"0\t0\n1\t{len(expected[0])}\n"
    assert (tmp_path / "train.lst").read_text() == (
        "0\t4\t5\t40\t30\t1\t0.25\t0.5\t0.75\t1\tdir/a.jpg\n1\t4\t5\t40\t30\t-1\t-1\t-1\t-1\t-1\ttrain:1\n"
    )


def test_a_magic_number_in_a_picture_survives(tmp_path: Path, picture: Encode, sample: Callable[..., Sample]) -> None:
    encoded = picture() + b"\x0a\x23\xd7\xce" * 3 + bytes(range(7))
    samples = [sample("a.jpg", encoded=bytes(shift) + encoded) for shift in range(4)]
    write(Dataset(samples, ()), str(tmp_path), to="recordio", split="train")
    assert [one.encoded for one in read(str(tmp_path))] == [one.encoded for one in samples]
    heads = (tmp_path / "train.rec").read_bytes().count(b"\x0a\x23\xd7\xce")
    assert heads == 4 + 4 * 3  # cut at three numbers in the one record where they are aligned, kept in the others


def test_channels_are_splits(tmp_path: Path, pictures: list[bytes]) -> None:
    rec(tmp_path / "train" / "train_0.rec", pictures[:1])
    rec(tmp_path / "train" / "train_1.rec", pictures[1:2])
    rec(tmp_path / "validation" / "val.rec", pictures[2:])
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert recognise(str(tmp_path)) == "recordio"
    assert splits(str(tmp_path)) == ("train", "validation")
    train = read(str(tmp_path), split="train")
    assert [one.encoded for one in train] == pictures[:2]
    assert [one.name for one in train.classes] == ["cat", "dog"]
    assert read(str(tmp_path / "validation"))[0].encoded == pictures[2]
    (tmp_path / "train" / "labels.txt").write_text("chat\nchien\n")
    assert [one.name for one in read(str(tmp_path), split="train").classes] == ["chat", "chien"]


def test_a_split_that_is_file_and_channel_is_refused(tmp_path: Path, pictures: list[bytes]) -> None:
    rec(tmp_path / "train.rec", pictures)
    rec(tmp_path / "train" / "x.rec", pictures)
    with pytest.raises(
        ValueError, match=r"both train\.rec and train/ hold records of the split 'train'; move one away"
    ):
        splits(str(tmp_path))


def test_a_wildcard_takes_files_in_their_order(tmp_path: Path, drawn: Dataset, pictures: list[bytes]) -> None:
    write(drawn, str(tmp_path), to="recordio", split="train_0")
    rec(tmp_path / "train_1.rec", pictures)
    wildcard = f"{tmp_path}/train_*"
    assert (recognise(wildcard), splits(wildcard)) == ("recordio", ("all",))
    assert [one.source for one in read(wildcard)][2:4] == ["b.jpeg", "train_1.rec:0"]
    assert splits(f"{tmp_path}/train_0*") == ("train_0",)


def test_a_file_of_another_name_is_known_by_its_first_bytes(tmp_path: Path, pictures: list[bytes]) -> None:
    path = rec(tmp_path / "data", pictures)
    assert recognise(str(path)) == "recordio"
    assert len(read(str(path))) == 3


def test_a_list_that_lacks_a_record_leaves_its_place_as_name(tmp_path: Path, pictures: list[bytes]) -> None:
    rec(tmp_path / "a.rec", pictures)
    (tmp_path / "a.lst").write_text("2\t0\tthird.jpg\n")
    assert [one.source for one in read(str(tmp_path))] == ["a.rec:0", "a.rec:1", "third.jpg"]


def test_faulty_boxes_are_kept_and_told(tmp_path: Path, pictures: list[bytes]) -> None:
    labels = [4, 5, 40, 30, 0, 0.5, 0.5, 0.5, 0.9, 0, 0.1, 0.9, 0.5, 0.2, 0, 0, 0, 1, 1]
    rec(tmp_path / "a.rec", pictures[:1], [[float(one) for one in labels]])
    dataset = read(str(tmp_path))
    assert len(dataset[0].boxes) == 3
    health = inspect(dataset, 1)
    assert health.summary.rules["degenerate"] == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 5, 0, 0, 0, 1, 1], "the header width must be a whole number of at least 2, got 1"),
        ([2, 4, 0, 0, 0, 1], "the object width must be a whole number of at least 5, got 4"),
        ([], "has one label, 0, and no boxes"),
    ],
)
def test_faulty_labels_are_told_with_file_and_record(
    tmp_path: Path, pictures: list[bytes], labels: list[float], message: str
) -> None:
    good = [2.0, 5.0, 0, 0, 0, 1, 1]
    dataset = read(str(rec(tmp_path / "a.rec", pictures, [good, labels, good])))
    offset = len(record(0, good, pictures[0]))
    with pytest.raises(ValueError, match=rf"a\.rec: record 1 at byte {offset}: .*{message}"):
        dataset[1]
    assert dataset[2].labels.tolist() == [0]


def test_a_rotated_view_is_mapped_back(tmp_path: Path, picture: Encode) -> None:
    # Stored 40 x 30 and shown 30 x 40: orientation 6 shows the stored left at the top, its bottom at the left.
    encoded = picture(orientation=6)
    rec(tmp_path / "a.rec", [encoded], [[4, 5, 30, 40, 0, 0.0, 0.0, 0.5, 0.25]])
    # 15 x 10 in the view: x from 0 to 10 and y from 15 to 30 in the stored picture.
    np.testing.assert_allclose(read(str(tmp_path))[0].boxes, [[0, 15, 10, 30]])
