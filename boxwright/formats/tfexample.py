"""The protobuf wire format of `tf.train.Example`, read and written without TensorFlow or protobuf.

The messages, from `tensorflow/core/example/{example,feature}.proto`:

    Example   { Features features = 1 }
    Features  { map<string, Feature> feature = 1 }          a map entry is { string key = 1, Feature value = 2 }
    Feature   { BytesList = 1 | FloatList = 2 | Int64List = 3 }
    BytesList { repeated bytes value = 1 }
    FloatList { repeated float value = 1 }
    Int64List { repeated int64 value = 1 }

Repeated numbers may be packed (one run of bytes) or not (one tagged value each), or a mixture; a message that occurs
again is merged with the earlier one; the last entry of a map key counts. All as protobuf's own parser does it.
"""

from collections.abc import Container, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Values = list[bytes] | NDArray[np.float32] | NDArray[np.int64]
"""What a feature holds: a list of byte strings, float32 (N,) or int64 (N,)."""

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_BYTES, _FLOATS, _INTS = 1, 2, 3

_Span = tuple[int, int]
_Field = tuple[int, int, int, int]
"""Number, wire type, first byte and end of the payload."""


def decode(record: bytes, wanted: Container[str]) -> dict[str, Values]:
    """Read the features named in `wanted`; the others are skipped without being looked at.

    A feature that states no kind of list is left out, as TensorFlow treats it as missing.

    Raises:
        ValueError: the bytes are not a `tf.train.Example`.
    """
    features: dict[str, Values] = {}
    for examples in _messages(record, (0, len(record)), 1):
        for entry in _messages(record, examples, 1):
            key = b"".join(record[start:end] for start, end in _messages(record, entry, 1)[-1:]).decode()
            if key in wanted:
                features.pop(key, None)
                values = _feature(record, _messages(record, entry, 2))
                if values is not None:
                    features[key] = values
    return features


def encode(features: Mapping[str, Values]) -> bytes:
    """Write features as one `tf.train.Example`, numbers packed, in the order of the mapping."""
    entries = [
        _delimited(1, _delimited(1, key.encode()) + _delimited(2, _encode_feature(values)))
        for key, values in features.items()
    ]
    return _delimited(1, b"".join(entries))


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise ValueError(f"not a tf.train.Example: unfinished number at byte {at}")


def _fields(data: bytes, span: _Span) -> Iterator[_Field]:
    at, end = span
    while at < end:
        tag, at = _varint(data, at, end)
        wire, start = tag & 7, at
        if wire == _VARINT:
            _, at = _varint(data, at, end)
        elif wire == _DELIMITED:
            length, start = _varint(data, at, end)
            at = start + length
        elif wire in _FIXED_SIZES:
            at += _FIXED_SIZES[wire]
        else:
            raise ValueError(f"not a tf.train.Example: wire type {wire} at byte {start}")
        if at > end or tag < 8:
            raise ValueError(f"not a tf.train.Example: the field at byte {start} is malformed or cut off")
        yield tag >> 3, wire, start, at


def _messages(data: bytes, span: _Span, number: int) -> list[_Span]:
    return [(start, end) for found, wire, start, end in _fields(data, span) if found == number and wire == _DELIMITED]


def _feature(data: bytes, spans: list[_Span]) -> Values | None:
    kind, lists = 0, list[_Span]()
    for span in spans:
        for number, wire, start, end in _fields(data, span):
            if wire != _DELIMITED or number not in (_BYTES, _FLOATS, _INTS):
                continue
            if number != kind:
                kind, lists = number, []
            lists.append((start, end))
    if not kind:
        return None
    if kind == _BYTES:
        return [data[start:end] for span in lists for start, end in _messages(data, span, 1)]
    if kind == _FLOATS:
        raw = _payload(data, lists, _FIXED32)
        if len(raw) % 4:
            raise ValueError(f"not a tf.train.Example: a list of floats has {len(raw)} bytes, not a multiple of 4")
        return np.frombuffer(raw, "<f4").astype(np.float32)
    return _integers(_payload(data, lists, _VARINT))


def _payload(data: bytes, lists: list[_Span], unpacked: int) -> bytes:
    # A value on its own has the same bytes as in a packed run, so joining the payloads reads both.
    fields = (field for span in lists for field in _fields(data, span))
    return b"".join(
        data[start:end] for number, wire, start, end in fields if number == 1 and wire in (_DELIMITED, unpacked)
    )


def _integers(raw: bytes) -> NDArray[np.int64]:
    small = np.frombuffer(raw, np.uint8)
    if not (small & 0x80).any():
        return small.astype(np.int64)
    values, at = [], 0
    while at < len(raw):
        value, at = _varint(raw, at, len(raw))
        values.append(value)
    return np.array(values, np.uint64).view(np.int64)


def _encode_varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _delimited(number: int, payload: bytes) -> bytes:
    return _encode_varint(number << 3 | _DELIMITED) + _encode_varint(len(payload)) + payload


def _encode_feature(values: Values) -> bytes:
    if isinstance(values, list):
        return _delimited(_BYTES, b"".join(_delimited(1, value) for value in values))
    if np.issubdtype(values.dtype, np.floating):
        packed, kind = values.astype("<f4").tobytes(), _FLOATS
    else:
        packed, kind = b"".join(_encode_varint(int(value)) for value in values), _INTS
    return _delimited(kind, _delimited(1, packed) if packed else b"")
