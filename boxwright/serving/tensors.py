"""Tensors of the Open Inference Protocol, in JSON and in the bytes after it.

With the header Inference-Header-Content-Length, so many bytes of a body are JSON; the elements of tensors with the
parameter `binary_data_size` follow it, one tensor after the other, little-endian. An element of BYTES is its length in
four bytes, then its bytes.
"""

import contextlib
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright import json_object
from boxwright.serving.body import from_base64
from boxwright.serving.rejection import Rejection

JSON_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Tensor:
    """An input.

    Attributes:
        name: of the input.
        shape: its sizes.
        values: elements of BYTES, or uint8 (shape).
    """

    name: str
    shape: tuple[int, ...]
    values: list[bytes] | NDArray[np.uint8]


def read(body: bytes, json_length: str | None) -> tuple[dict[str, Any], list[Tensor]]:
    """The JSON object of a request and its inputs.

    Args:
        body: of the request.
        json_length: what the header says, None without it.

    Raises:
        Rejection: 400, malformed JSON or tensors, or lengths that do not fit.
    """
    length = len(body) if json_length is None else _length(json_length, len(body))
    try:
        request = json_object.parse(body[:length], "the request's JSON")
    except ValueError as error:
        raise Rejection(400, f"{error}{_hint(json_length)}") from error
    given = request.get("inputs")
    if not isinstance(given, list) or not given:
        raise Rejection(400, 'the request must hold "inputs": [{"name", "shape", "datatype", "data"}, ...]')
    rest = _Bytes(memoryview(body)[length:])
    tensors = [_tensor(one, f"inputs[{number}]", rest) for number, one in enumerate(given)]
    if rest.left:
        raise Rejection(400, f"{rest.left} bytes after the JSON belong to no input; see their 'binary_data_size'")
    return request, tensors


def output(
    name: str, values: NDArray[np.float32] | Sequence[Sequence[str]], *, binary: bool
) -> tuple[dict[str, Any], bytes]:
    """An output: its JSON object, and the bytes that follow the JSON, which are none unless `binary`.

    Args:
        values: FP32 of any shape, or rows of as many texts each, for BYTES.
    """
    if isinstance(values, np.ndarray):
        described: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(values.shape)}
        flat: list[Any] = [] if binary else values.ravel().tolist()
        raw = values.astype("<f4").tobytes() if binary else b""
    else:
        described = {"name": name, "datatype": "BYTES", "shape": [len(values), len(values[0])]}
        flat = [text for row in values for text in row]
        raw = b"".join(_counted(text.encode()) for text in flat) if binary else b""
    return described | ({"parameters": {"binary_data_size": len(raw)}} if binary else {"data": flat}), raw


def _counted(element: bytes) -> bytes:
    return struct.pack("<I", len(element)) + element


def _length(text: str, size: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= size):
        shown = text[:40]
        raise Rejection(
            400, f"{JSON_LENGTH} is the number of bytes of JSON at the start of the body's {size}; got {shown!r}"
        )
    return int(text)


def _hint(json_length: str | None) -> str:
    if json_length is not None:
        return f" ({JSON_LENGTH} says that the first {json_length} bytes are JSON)"
    return f"; bytes after the JSON need the header {JSON_LENGTH}"


class _Bytes:
    """What follows the JSON, taken piece by piece."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    @property
    def left(self) -> int:
        """Bytes not taken."""
        return len(self._content) - self._at

    def take(self, size: int, place: str) -> memoryview:
        """The next bytes. Raises: Rejection: 400, there are not so many."""
        if size > self.left:
            raise Rejection(400, f"{place} has {size} bytes after the JSON; only {self.left} are left")
        self._at += size
        return self._content[self._at - size : self._at]


def _tensor(given: object, place: str, rest: _Bytes) -> Tensor:
    if not isinstance(given, dict):
        raise Rejection(400, f"{place} must be an object with name, shape, datatype and data")
    name, shape, kind = given.get("name"), given.get("shape"), given.get("datatype")
    if not isinstance(name, str) or kind not in ("BYTES", "UINT8"):
        raise Rejection(
            400, f"{place} must have a name, and a datatype of BYTES or UINT8; got {name!r}, {str(kind)[:40]!r}"
        )
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**63 for size in shape):
        raise Rejection(400, f"{place}.shape must be a list of whole numbers from 0 on")
    sizes, parameters = tuple(shape), given.get("parameters") or {}
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        found = _from_json(given.get("data"), kind, math.prod(sizes), place)
    elif type(size) is int and size >= 0 and "data" not in given:
        found = _from_bytes(rest.take(size, place), kind, math.prod(sizes), place)
    else:
        raise Rejection(400, f"{place} has either data or a binary_data_size from 0 on")
    return Tensor(name, sizes, found.reshape(sizes) if isinstance(found, np.ndarray) else found)


def _from_json(data: object, kind: str, count: int, place: str) -> list[bytes] | NDArray[np.uint8]:
    if kind == "BYTES":
        texts = list(_flat(data))
        _check_count(len(texts), count, place)
        return [from_base64(text, f"{place}.data[{number}]") for number, text in enumerate(texts)]
    numbers = _numbers(data, place)
    _check_count(numbers.size, count, place)
    if numbers.size and not (numbers.dtype.kind in "iu" and 0 <= numbers.min() <= numbers.max() <= 255):
        raise Rejection(400, f"{place}.data must hold whole numbers from 0 to 255, as UINT8 does")
    return numbers.astype(np.uint8)


def _numbers(data: object, place: str) -> NDArray[Any]:
    """The elements of a list, nested or not, of any type. Raises: Rejection: 400, its parts differ in length."""
    if isinstance(data, list):
        with contextlib.suppress(TypeError, ValueError):
            return np.frombuffer(bytes(data), np.uint8)  # a flat list of what it should hold: many times faster
    try:
        return np.asarray(data)
    except (ValueError, OverflowError) as error:
        raise Rejection(400, f"{place}.data is no tensor: {error}") from error


def _flat(data: object) -> Iterator[object]:
    for one in data if isinstance(data, list) else [data]:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one


def _from_bytes(content: memoryview, kind: str, count: int, place: str) -> list[bytes] | NDArray[np.uint8]:
    if kind == "UINT8":
        _check_count(len(content), count, place)
        return np.frombuffer(content, np.uint8)
    elements = list(_elements(content, place))
    _check_count(len(elements), count, place)
    return elements


def _elements(content: memoryview, place: str) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        head = content[at : at + 4]
        size = int.from_bytes(head, "little")
        at += 4
        if len(head) < 4 or at + size > len(content):
            left = max(0, len(content) - at)
            raise Rejection(
                400, f"{place}: an element of BYTES is four bytes of length, then so many bytes; {left} are left"
            )
        yield bytes(content[at : at + size])
        at += size


def _check_count(got: int, count: int, place: str) -> None:
    if got != count:
        raise Rejection(400, f"{place}.shape says {count} elements, but {got} came")


def wants_binary(parameters: object, name: str, default: bool) -> bool:
    """Whether `name` among parameters is set; `default` where it does not stand there."""
    return bool(parameters.get(name, default)) if isinstance(parameters, Mapping) else default
