from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.formats import ClassName, Dataset, Sample, read, splits, tfrecord, write
from boxwright.formats.recordfile import frame
from boxwright.formats.tfexample import Values, encode

BOX = "image/object/bbox/"
LABEL = "image/object/class/label"


@pytest.fixture
def features(picture: Callable[..., bytes]) -> dict[str, Values]:
    """The record that the services document: two boxes, in a picture of 40 x 30."""
    return {
        "image/encoded": [picture()],
        LABEL: np.array([1, 2]),
        BOX + "xmin": np.array([0.1, 0.3], np.float32),
        BOX + "xmax": np.array([0.5, 0.4], np.float32),
        BOX + "ymin": np.array([0.4, 0.5], np.float32),
        BOX + "ymax": np.array([0.8, 0.7], np.float32),
    }


def write_records(path: Path, *records: dict[str, Values]) -> str:
    path.write_bytes(b"".join(frame(encode(record)) for record in records))
    return str(path)


def test_the_documented_record(tmp_path: Path, features: dict[str, Values]) -> None:
    dataset = read(write_records(tmp_path / "train.tfrecord", features))
    assert dataset.classes == ()
    got = dataset[0]
    assert got.encoded == features["image/encoded"][0]
    assert (got.width, got.height) == (40, 30)
    # 0.1 * 40 = 4, 0.4 * 30 = 12, 0.5 * 40 = 20, 0.8 * 30 = 24; 0.3 * 40 = 12, 0.5 * 30 = 15, ...
    np.testing.assert_allclose(got.boxes, [[4, 12, 20, 24], [12, 15, 16, 21]], atol=1e-5)
    np.testing.assert_array_equal(got.labels, [0, 1])
    np.testing.assert_array_equal(got.crowd, [False, False])
    assert got.source == "train.tfrecord:0"


@pytest.mark.parametrize("size", [(-1, -1), (40, 30), None])
def test_the_size_may_be_stated_or_not(
    tmp_path: Path, features: dict[str, Values], size: tuple[int, int] | None
) -> None:
    if size:
        features |= {"image/width": np.array([size[0]]), "image/height": np.array([size[1]])}
    got = read(write_records(tmp_path / "a.tfrecord", features))[0]
    assert (got.width, got.height) == (40, 30)
    np.testing.assert_allclose(got.boxes[0], [4, 12, 20, 24], atol=1e-5)


def test_boxes_of_the_rotated_view_are_mapped_back(
    tmp_path: Path, features: dict[str, Values], picture: Callable[..., bytes]
) -> None:
    features |= {
        "image/encoded": [picture(orientation=6)],
        "image/width": np.array([30]),
        "image/height": np.array([40]),
    }
    got = read(write_records(tmp_path / "a.tfrecord", features))[0]
    # In the view of 30 x 40: x 3..15, y 16..32. Orientation 6: stored x = seen y, stored y = 30 - seen x.
    assert (got.width, got.height) == (40, 30)
    np.testing.assert_allclose(got.boxes[0], [16, 15, 32, 27], atol=1e-5)


def test_a_record_without_objects(tmp_path: Path, features: dict[str, Values]) -> None:
    bare: dict[str, Values] = {"image/encoded": features["image/encoded"]}
    empty = {name: values[:0] if name != "image/encoded" else values for name, values in features.items()}
    dataset = read(write_records(tmp_path / "a.tfrecord", bare, empty))
    for got in dataset:
        assert got.boxes.shape == (0, 4)
        assert got.labels.shape == got.crowd.shape == (0,)


def test_faulty_values_pass_through(tmp_path: Path, features: dict[str, Values]) -> None:
    features |= {LABEL: np.array([0, 4]), BOX + "xmax": np.array([1.2, np.nan], np.float32)}
    got = read(write_records(tmp_path / "a.tfrecord", features))[0]
    np.testing.assert_array_equal(got.labels, [-1, 3])
    np.testing.assert_allclose(got.boxes[:, 2], [48, np.nan], rtol=1e-6)


def test_crowds_and_source(tmp_path: Path, features: dict[str, Values]) -> None:
    features |= {"image/object/is_crowd": np.array([0, 1]), "image/source_id": ["Zürich 7".encode()]}
    got = read(write_records(tmp_path / "a.tfrecord", features))[0]
    np.testing.assert_array_equal(got.crowd, [False, True])
    assert got.source == "Zürich 7"


PLACE = r"a\.tfrecord: record 1 at byte \d+: "


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (BOX + "ymax", None, "image/object/bbox/ymax is missing or empty while .* holds 2 values; every box needs"),
        (LABEL, None, "image/object/class/label is missing or empty while"),
        (BOX + "xmin", np.array([0.5], np.float32), "lists must be equally long.*xmin 1, .*class/label 2"),
        ("image/object/is_crowd", np.array([1]), "lists must be equally long.*is_crowd 1"),
        ("image/encoded", None, "there is no image/encoded; every record needs"),
        ("image/encoded", [b""], "there is no image/encoded; every record needs"),
        (LABEL, [b"cat", b"dog"], "image/object/class/label must be a list of int64, not of bytes"),
        (BOX + "xmin", np.array([0, 1]), "image/object/bbox/xmin must be a list of float32, not of int64"),
    ],
)
def test_a_malformed_record_is_named(
    tmp_path: Path, features: dict[str, Values], name: str, values: Values | None, message: str
) -> None:
    changed = {key: found for key, found in features.items() if key != name}
    if values is not None:
        changed[name] = values
    dataset = read(write_records(tmp_path / "a.tfrecord", features, changed))
    assert len(dataset[0].labels) == 2
    with pytest.raises(ValueError, match=PLACE + message):
        dataset[1]


def test_a_record_that_is_no_example_is_named(tmp_path: Path, features: dict[str, Values]) -> None:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(frame(encode(features)) + frame(b"\x0a\x7fno example"))
    with pytest.raises(ValueError, match=PLACE + r"not a tf\.train\.Example"):
        read(str(path))[1]


def test_a_png_named_jpg_is_a_png(tmp_path: Path, features: dict[str, Values], picture: Callable[..., bytes]) -> None:
    features |= {"image/encoded": [picture(kind="PNG")], "image/filename": [b"a.jpg"], "image/format": [b"jpeg"]}
    got = read(write_records(tmp_path / "a.tfrecord", features))[0]
    assert (got.source, got.width, got.height) == ("a.jpg", 40, 30)


def test_class_names_stand_beside_the_records(tmp_path: Path, features: dict[str, Values]) -> None:
    path = write_records(tmp_path / "a.tfrecord", features)
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "other.txt").write_text("Katze\nHund\n")
    assert read(path).classes == (ClassName(1, "cat"), ClassName(2, "dog"))
    assert [found.name for found in read(path, labels_file=str(tmp_path / "other.txt")).classes] == ["Katze", "Hund"]


def test_shards_and_splits(tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to="tfrecord", split="train", shards=2)
    write(drawn, str(tmp_path), to="tfrecord", split="val", shards=5)
    assert splits(str(tmp_path)) == ("train", "val")
    assert sorted(path.name for path in tmp_path.glob("train*")) == [
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
    ]
    pictures = [found.encoded for found in drawn]
    assert [found.encoded for found in read(str(tmp_path), split="train")] == pictures
    assert [found.encoded for found in read(f"{tmp_path}/val-*")] == pictures
    assert splits(f"{tmp_path}/val-*") == ("val",)
    assert len(read(f"{tmp_path}/*.tfrecord")) == 6
    assert splits(f"{tmp_path}/*.tfrecord") == ("all",)
    assert len(read(f"{tmp_path}/train-*,{tmp_path}/val-0000[0-4]-of-00005.tfrecord")) == 6


def test_shards_are_begun_by_size(tmp_path: Path, drawn: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "SHARD_BYTES", len(drawn[0].encoded) + 1000)
    write(drawn, str(tmp_path), to="tfrecord", split="train")
    assert len(list(tmp_path.glob("train-*-of-00003.tfrecord"))) == 3
    assert [found.encoded for found in read(str(tmp_path))] == [found.encoded for found in drawn]


def test_a_missing_shard_is_named(tmp_path: Path, drawn: Dataset) -> None:
    write(drawn, str(tmp_path), to="tfrecord", split="train", shards=3)
    (tmp_path / "train-00001-of-00003.tfrecord").unlink()
    with pytest.raises(ValueError, match="the set has 3 files, and 2 are there; complete the set or"):
        read(str(tmp_path))
    assert len(read(f"{tmp_path}/train-*")) == 2


def test_records_without_samples_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tfrecord").write_bytes(b"")
    with pytest.raises(ValueError, match="is empty; at least one picture"):
        read(str(tmp_path / "a.tfrecord"))


def test_shards_must_be_positive(tmp_path: Path, drawn: Dataset) -> None:
    with pytest.raises(ValueError, match="shards must be at least 1, got 0"):
        write(drawn, str(tmp_path), to="tfrecord", split="train", shards=0)


def test_a_failed_write_leaves_no_records(tmp_path: Path, drawn: Dataset, sample: Callable[..., Sample]) -> None:
    broken = Sample("broken", b"x", 0, 0, drawn[0].boxes, drawn[0].labels, drawn[0].crowd)
    with pytest.raises(ValueError, match="broken"):
        write(Dataset([sample("a"), broken], ()), str(tmp_path), to="tfrecord", split="train")
    assert list(tmp_path.iterdir()) == []


def test_tensorflow_reads_what_is_written(tmp_path: Path, drawn: Dataset, tensorflow: Any) -> None:
    write(drawn, str(tmp_path), to="tfrecord", split="train", shards=2)
    tf = tensorflow
    wanted = {"image/encoded": tf.io.FixedLenFeature([], tf.string), LABEL: tf.io.VarLenFeature(tf.int64)}
    wanted |= {name: tf.io.FixedLenFeature([], tf.int64) for name in ("image/height", "image/width")}
    wanted |= {BOX + side: tf.io.VarLenFeature(tf.float32) for side in ("xmin", "ymin", "xmax", "ymax")}
    wanted |= {"image/object/class/text": tf.io.VarLenFeature(tf.string)}
    paths = sorted(str(path) for path in tmp_path.glob("train-*"))
    parsed = [tf.io.parse_single_example(record, wanted) for record in tf.data.TFRecordDataset(paths)]
    assert len(parsed) == 3
    for got, sample in zip(parsed, drawn, strict=True):
        assert got["image/encoded"].numpy() == sample.encoded
        assert (int(got["image/width"]), int(got["image/height"])) == (40, 30)
        np.testing.assert_array_equal(got[LABEL].values.numpy(), sample.labels + 1)
        for column, side in enumerate(("xmin", "ymin", "xmax", "ymax")):
            stated = got[BOX + side].values.numpy() * (40, 30)[column % 2]
            np.testing.assert_allclose(stated, sample.boxes[:, column], atol=1e-4)
    assert [text.decode() for text in parsed[0]["image/object/class/text"].values.numpy()] == ["vélo", "人"]


def test_what_tensorflow_writes_is_read(tmp_path: Path, features: dict[str, Values], tensorflow: Any) -> None:
    train, example = tensorflow.train, tensorflow.train.Example()
    for name, values in features.items():
        feature = example.features.feature[name]
        if name == "image/encoded":
            feature.CopyFrom(train.Feature(bytes_list=train.BytesList(value=values)))
        elif name == LABEL:
            feature.CopyFrom(train.Feature(int64_list=train.Int64List(value=values)))
        else:
            feature.CopyFrom(train.Feature(float_list=train.FloatList(value=values)))
    path = str(tmp_path / "train-00000-of-00001")
    with tensorflow.io.TFRecordWriter(path) as writer:
        writer.write(example.SerializeToString())
    got = read(path)[0]
    np.testing.assert_allclose(got.boxes, [[4, 12, 20, 24], [12, 15, 16, 21]], atol=1e-5)
    np.testing.assert_array_equal(got.labels, [0, 1])


def test_real_pictures_survive_conversion(tmp_path: Path, shared_data: Path) -> None:
    original = read(str(shared_data / "bccd"), split="test")
    write(original, str(tmp_path), to="tfrecord", split="test")
    back = read(f"{tmp_path}/test-*")
    assert len(back) == 72
    assert back.classes == original.classes
    for got, wanted in zip(back, original, strict=True):
        assert got.encoded == wanted.encoded
        np.testing.assert_allclose(got.boxes, wanted.boxes, atol=1e-3)
        np.testing.assert_array_equal(got.labels, wanted.labels)
