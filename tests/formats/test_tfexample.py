import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxwright.formats import tfexample

NAMES = st.text(max_size=12)
INTS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6).map(lambda values: np.array(values, np.int64))
FLOATS = st.lists(st.floats(width=32, allow_nan=False), max_size=6).map(lambda values: np.array(values, np.float32))
BYTES = st.lists(st.binary(max_size=200), max_size=4)
FEATURES = st.dictionaries(NAMES, st.one_of(INTS, FLOATS, BYTES), max_size=6)

compared = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Everything:
    def __contains__(self, name: object) -> bool:
        return True


def as_lists(features: dict[str, tfexample.Values]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in features.items()}


def to_protobuf(tensorflow: Any, features: dict[str, tfexample.Values]) -> Any:
    train, example = tensorflow.train, tensorflow.train.Example()
    for name, values in features.items():
        if isinstance(values, list):
            feature = train.Feature(bytes_list=train.BytesList(value=values))
        elif values.dtype == np.float32:
            feature = train.Feature(float_list=train.FloatList(value=values))
        else:
            feature = train.Feature(int64_list=train.Int64List(value=values))
        example.features.feature[name].CopyFrom(feature)
    return example


@given(features=FEATURES)
@compared
def test_protobuf_reads_what_is_encoded(tensorflow: Any, features: dict[str, tfexample.Values]) -> None:
    parsed = tensorflow.train.Example.FromString(tfexample.encode(features))
    assert parsed.features == to_protobuf(tensorflow, features).features


@given(features=FEATURES)
@compared
def test_what_protobuf_wrote_is_decoded(tensorflow: Any, features: dict[str, tfexample.Values]) -> None:
    record = to_protobuf(tensorflow, features).SerializeToString()
    assert as_lists(tfexample.decode(record, Everything())) == as_lists(features)


@given(record=st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_decoded_or_refused(record: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(tfexample.decode(record, Everything()), dict)


def field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, len(payload)]) + payload


def example(key: bytes, *features: bytes) -> bytes:
    return field(1, field(1, field(1, key) + b"".join(field(2, feature) for feature in features)))


ONE = b"\x00\x00\x80\x3f"  # 1.0
TWO = b"\x00\x00\x00\x40"  # 2.0


@pytest.mark.parametrize(
    ("feature", "values"),
    [
        (field(2, field(1, ONE + TWO)), [1.0, 2.0]),
        (field(2, b"\x0d" + ONE + b"\x0d" + TWO), [1.0, 2.0]),
        (field(2, field(1, ONE) + b"\x0d" + TWO), [1.0, 2.0]),
        (field(3, field(1, b"\x05\xac\x02")), [5, 300]),
        (field(3, b"\x08\x05\x08\xac\x02"), [5, 300]),
        (field(3, field(1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), [-1]),
        (field(1, field(1, b"ab") + field(1, b"")), [b"ab", b""]),
        (field(2, b""), []),
        (field(3, field(1, b"\x01")) + field(2, field(1, ONE)), [1.0]),
        (field(3, field(1, b"\x01")) + field(3, field(1, b"\x02")), [1, 2]),
    ],
    ids=[
        "packed floats",
        "unpacked floats",
        "mixed floats",
        "packed ints",
        "unpacked ints",
        "negative",
        "bytes",
        "empty list",
        "last kind counts",
        "same kind is merged",
    ],
)
def test_hand_written_bytes(tensorflow: Any, feature: bytes, values: list[object]) -> None:
    record = example(b"k", feature)
    decoded = tfexample.decode(record, {"k"})["k"]
    assert list(decoded) == values
    theirs = tensorflow.train.Example.FromString(record).features.feature["k"]
    assert list(getattr(theirs, theirs.WhichOneof("kind")).value) == values


def test_a_feature_without_a_kind_is_left_out() -> None:
    assert tfexample.decode(example(b"k", b""), {"k"}) == {}


def test_only_wanted_features_are_looked_at() -> None:
    broken = field(1, field(1, b"other") + field(2, field(2, b"\x0a\x7f")))
    record = example(b"k", field(3, field(1, b"\x07"))) + field(1, broken)
    assert as_lists(tfexample.decode(record, {"k"})) == {"k": [7]}
    with pytest.raises(ValueError, match=r"not a tf\.train\.Example"):
        tfexample.decode(record, {"other"})


@pytest.mark.parametrize("record", [b"\x0a", b"\x0a\x7fabc", b"\x0b", b"\x08" + b"\xff" * 11, b"\x00\x00"])
def test_malformed_bytes_are_refused(record: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a tf\.train\.Example"):
        tfexample.decode(record, {"k"})


def test_floats_cut_off_are_refused() -> None:
    with pytest.raises(ValueError, match="not a multiple of 4"):
        tfexample.decode(example(b"k", field(2, field(1, ONE[:3]))), {"k"})
