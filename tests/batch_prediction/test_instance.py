"""Tests of keys and pictures of single instances."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.batch_prediction.instance import Instance, from_json, from_picture, from_record
from boxwright.batch_prediction.item import Item, Position
from boxwright.formats import tfexample
from boxwright.store_faults import StoreAway

PICTURE = b"\x89PNG and so on"
B64 = {"b64": base64.b64encode(PICTURE).decode()}


def line(value: Any) -> Item:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Item("/in/a.jsonl", Position(3, 80), "line 3", data)


def record(data: bytes) -> Item:
    return Item("/in/a.tfrecord", Position(2, 80), "record 2 at byte 80", data)


@pytest.mark.parametrize("key", ["one", "", 7, 2.5, True, None, [1, "a"], {"a": {"b": []}}, "\ud800é"])
def test_keys_of_any_type_are_kept(key: Any) -> None:
    assert from_json(line({"encoded_image": B64, "key": key})) == Instance(key, PICTURE)


@pytest.mark.parametrize("value", [{"encoded_image": B64}, {"image_bytes": B64}, B64, {"encoded_image": B64["b64"]}])
def test_forms_of_a_json_instance(value: Any) -> None:
    assert from_json(line(value)) == Instance("a.jsonl:3", PICTURE)


def test_base64_of_urls_is_read_too() -> None:
    text = base64.urlsafe_b64encode(b"\xff\xef\xbe\xff").decode().rstrip("=")
    assert from_json(line({"image_bytes": {"b64": text}})).encoded == b"\xff\xef\xbe\xff"


@pytest.mark.parametrize(
    ("value", "key", "said"),
    [
        (b"{", "a.jsonl:3", "a line must be JSON in UTF-8"),
        (b'{"key": "\xff"}', "a.jsonl:3", "a line must be JSON in UTF-8"),
        (b'{"key": NaN}', "a.jsonl:3", "NaN is no JSON number"),
        (b"[" * 100_000, "a.jsonl:3", "nested too deeply"),
        ([1], "a.jsonl:3", "a line must be a JSON object"),
        (b" ", "a.jsonl:3", "the line must have the field 'encoded_image'"),
        ({"key": 5}, 5, "the line must have the field 'encoded_image', .*it has 'key'"),
        ({"key": 5, "encoded_image": B64, "image_bytes": B64}, 5, "the line must have the field"),
        ({"key": 5, "encoded_image": "a*c"}, 5, "the line.encoded_image is not base64"),
        ({"key": 5, "encoded_image": {"b64": 5}}, 5, "the line.encoded_image.b64 must be a text in base64, got int"),
        ({"key": 5, "image_bytes": {"b64": "a*b"}}, 5, "the line.image_bytes.b64 is not base64"),
        ({"key": 5, "b64": "abcde"}, 5, "the line.b64 is not base64"),
    ],
)
def test_faulty_lines_keep_their_key(value: Any, key: Any, said: str) -> None:
    found = from_json(line(value))
    assert (found.key, found.encoded) == (key, b"")
    with pytest.raises(ValueError, match=said):
        raise ValueError(found.fault)


def test_a_record_is_a_picture_or_an_example() -> None:
    assert from_record(record(PICTURE)) == Instance("a.tfrecord:2", PICTURE)
    example = tfexample.encode({"image/encoded": [PICTURE], "image/source_id": [b"one"], "image/filename": [b"x"]})
    assert from_record(record(example)) == Instance("one", PICTURE)


@pytest.mark.parametrize(
    ("feature", "key"),
    [
        ([b"k\xc3\xa9y"], "kéy"),
        ([b"\xff"], {"b64": "/w=="}),
        (np.array([7]), 7),
        (np.array([0.5], np.float32), 0.5),
        (np.array([np.nan], np.float32), "nan"),
        ([], "a.tfrecord:2"),
    ],
)
def test_keys_of_examples(feature: Any, key: Any) -> None:
    example = tfexample.encode({"image/encoded": [PICTURE], "key": feature})
    assert from_record(record(example)) == Instance(key, PICTURE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the record is empty"),
        (b"\n\xff\xff\xff", "not a tf.train.Example"),
        (tfexample.encode({"image/height": np.array([3])}), "there is no image/encoded"),
        (tfexample.encode({"image/encoded": np.array([3])}), "there is no image/encoded"),
    ],
)
def test_faulty_records(data: bytes, said: str) -> None:
    found = from_record(record(data))
    assert found.key == "a.tfrecord:2" and said in found.fault


def test_a_picture_file_has_its_path_as_key(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert "No such file" in from_picture(Item(str(path), Position())).fault
    path.write_bytes(PICTURE)
    assert from_picture(Item(str(path), Position())) == Instance(str(path), PICTURE)


def test_a_store_that_is_away_is_no_fault_of_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> bytes:
        raise StoreAway("does not answer")

    monkeypatch.setattr("boxwright.files.read_bytes", away)
    with pytest.raises(StoreAway, match="does not answer"):
        from_picture(Item("s3://cells/a.jpg", Position()))
