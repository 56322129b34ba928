"""Keys and pictures of the inputs of a batch prediction, or why there is no picture."""

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boxwright import files, json_object
from boxwright.batch_prediction.item import Item
from boxwright.formats import tfexample
from boxwright.serving.instances import read_instance
from boxwright.serving.rejection import Rejection
from boxwright.store_faults import StoreAway

ENCODED = "image/encoded"
KEYS = ("key", "image/source_id", "image/filename")
"""Features of a `tf.train.Example` that name its picture; the first that is there counts."""

EXAMPLE_START = b"\n"
"""First byte of every `tf.train.Example` (field 1, delimited), and of no picture."""


@dataclass(frozen=True)
class Instance:
    """A picture and its key.

    Attributes:
        key: joins a result to its input; any JSON value.
        encoded: the picture.
        fault: why there is no picture; empty where there is one.
    """

    key: Any
    encoded: bytes = b""
    fault: str = ""


def from_json(item: Item) -> Instance:
    """The instance of a line such as {"encoded_image": {"b64": "..."}, "key": "..."}."""
    try:
        value = json_object.parse(item.data, "a line")
    except ValueError as error:
        return Instance(item.name, fault=str(error))
    try:
        return Instance(value.get("key", item.name), read_instance(value, "the line").encoded)
    except Rejection as error:
        return Instance(value.get("key", item.name), fault=error.message)


def from_record(item: Item) -> Instance:
    """The instance of a TFRecord: a picture's file, or a `tf.train.Example` with `image/encoded`."""
    if not item.data.startswith(EXAMPLE_START):
        fault = "" if item.data else "the record is empty; it must hold a picture or a tf.train.Example"
        return Instance(item.name, item.data, fault)
    try:
        features = tfexample.decode(item.data, (ENCODED, *KEYS))
    except ValueError as error:
        return Instance(item.name, fault=str(error))
    key = next((_key(features[name]) for name in KEYS if len(features.get(name, ()))), item.name)
    encoded = features.get(ENCODED)
    if not isinstance(encoded, list) or not encoded:
        return Instance(key, fault=f"there is no {ENCODED}; every record needs the picture's encoded bytes")
    return Instance(key, encoded[0])


def _key(values: tfexample.Values) -> Any:
    if not isinstance(values, list):
        number = values[0].item()
        return number if math.isfinite(number) else str(number)
    try:
        return values[0].decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(values[0]).decode()}


def from_picture(item: Item) -> Instance:
    """The instance of a picture's file; its path is the key. Raises: StoreAway: which is not the picture's fault."""
    try:
        return Instance(item.path, files.read_bytes(item.path))
    except StoreAway:
        raise
    except OSError as error:
        return Instance(item.path, fault=error.strerror or str(error))


PARSERS: dict[str, Callable[[Item], Instance]] = {
    "JSON": from_json,
    "TEXT": from_json,
    "TF_RECORD": from_record,
    "TF_RECORD_GZIP": from_record,
    "IMAGE": from_picture,
}
"""By `dataFormat`."""
