"""Tensors of the Open Inference Protocol, against bytes written by hand."""

import struct

import numpy as np
import pytest

from boxwright.serving import tensors
from boxwright.serving.rejection import Rejection

HEAD = (
    b'{"id": "x", "inputs": ['
    b'{"name": "a", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 11}},'
    b'{"name": "b", "shape": [1, 2], "datatype": "UINT8", "data": [[7, 255]]},'
    b'{"name": "c", "shape": [3, 1], "datatype": "UINT8", "parameters": {"binary_data_size": 3}}]}'
)
REST = b"\x03\x00\x00\x00abc\x00\x00\x00\x00" + bytes([0, 128, 255])


def test_binary_tensors_follow_the_json_in_their_order() -> None:
    asked, (first, second, third) = tensors.read(HEAD + REST, str(len(HEAD)))
    assert asked["id"] == "x"
    assert (first.name, first.shape, first.values) == ("a", (2,), [b"abc", b""])
    assert (second.shape, np.asarray(second.values).tolist()) == ((1, 2), [[7, 255]])
    assert (third.shape, np.asarray(third.values).tolist()) == ((3, 1), [[0], [128], [255]])


@pytest.mark.parametrize("cut", range(1, len(REST) + 1))
def test_no_byte_may_be_missing(cut: int) -> None:
    with pytest.raises(Rejection, match="bytes"):
        tensors.read((HEAD + REST)[:-cut], str(len(HEAD)))


@pytest.mark.parametrize("length", ["", "x", "+5", "1_0", "\u0663", "1.0", "9" * 5000])
def test_a_length_is_a_whole_number(length: str) -> None:
    with pytest.raises(Rejection, match="is the number of bytes of JSON at the start of the body's"):
        tensors.read(HEAD + REST, length)


def test_floats_are_written_as_numbers_or_little_endian() -> None:
    values = np.array([[0.5, -2.0]], np.float32)
    described = {"name": "s", "datatype": "FP32", "shape": [1, 2]}
    assert tensors.output("s", values, binary=False) == (described | {"data": [0.5, -2.0]}, b"")
    written = struct.pack("<2f", 0.5, -2.0)
    assert tensors.output("s", values, binary=True) == (described | {"parameters": {"binary_data_size": 8}}, written)


def test_texts_are_written_as_they_are_or_after_their_length_in_utf8() -> None:
    described = {"name": "t", "datatype": "BYTES", "shape": [1, 2]}
    assert tensors.output("t", [["é", ""]], binary=False) == (described | {"data": ["é", ""]}, b"")
    written = b"\x02\x00\x00\x00\xc3\xa9\x00\x00\x00\x00"
    assert tensors.output("t", [["é", ""]], binary=True) == (
        described | {"parameters": {"binary_data_size": 10}},
        written,
    )


@pytest.mark.parametrize(
    ("parameters", "expected"), [(None, False), ({}, False), ({"binary": True}, True), ([True], False)]
)
def test_binary_is_asked_for_by_a_parameter(parameters: object, expected: bool) -> None:
    assert tensors.wants_binary(parameters, "binary", False) is expected
    assert tensors.wants_binary({"binary": False}, "binary", True) is False
