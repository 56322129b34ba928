"""Pictures of a request in the forms that the SavedModel's signature knows them by, and what is answered for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boxwright.serving.answer import NUMBER, SHARE, TEXT, Schema, a_list, an_object
from boxwright.serving.body import from_base64
from boxwright.serving.found import Found
from boxwright.serving.rejection import Rejection

SIGNATURE = "serving_default"

PICTURE = "encoded_image"
"""The signature's input; `image_bytes` is the name that other exporters of detectors give it."""

NAMES = (PICTURE, "image_bytes")

B64 = an_object("b64", b64={**TEXT, "format": "byte"})

INSTANCE: Schema = {
    "description": "A picture in base64, alone or with a key that comes back with its answer.",
    "anyOf": [an_object(PICTURE, encoded_image=B64, key={}), an_object("b64", b64=TEXT, key={}), TEXT],
}

PREDICTION = an_object(
    *("detection_boxes", "detection_classes", "detection_scores", "num_detections", "key"),
    detection_boxes=a_list(a_list(SHARE, minItems=4, maxItems=4)),
    detection_classes=a_list(NUMBER),
    detection_scores=a_list(SHARE),
    num_detections=NUMBER,
    key={},
)


@dataclass(frozen=True)
class Instance:
    """One picture.

    Attributes:
        encoded: its bytes.
        key: any JSON value, given back with what was found.
    """

    encoded: bytes
    key: Any = ""


def read_instances(body: Mapping[str, Any], limit: int) -> list[Instance]:
    """The `instances` of a request. Raises: Rejection: as `read_list` and `read_instance`."""
    return [read_instance(one, f"instances[{number}]") for number, one in enumerate(read_list(body, limit))]


def read_list(body: Mapping[str, Any], limit: int) -> list[Any]:
    """The values of `instances` in a request.

    Args:
        body: the request's JSON object.
        limit: most of them.

    Raises:
        Rejection: 400 none; 413 too many.
    """
    given = body.get("instances")
    if not isinstance(given, list) or not given:
        raise Rejection(400, 'the request must hold pictures: {"instances": [{"encoded_image": {"b64": ...}}, ...]}')
    if len(given) > limit:  # before their base64 is decoded
        raise Rejection(413, f"a request may hold at most {limit} (--max-pictures) pictures, got {len(given)}")
    return given


def read_instance(given: object, place: str) -> Instance:
    """One picture: `{"encoded_image": {"b64": TEXT}, "key": KEY}`, `{"b64": TEXT}`, or TEXT alone, in base64.

    Args:
        given: from the request's JSON.
        place: where it stands, for messages.

    Raises:
        Rejection: 400, none of these.
    """
    if not isinstance(given, dict):
        return Instance(bytes_of(given, place))
    name = next((one for one in (*NAMES, "b64") if one in given), None)
    if name is None or given.keys() - {name, "key"}:
        names = ", ".join(map(repr, given)) or "none"
        raise Rejection(400, f"{place} must have the field {PICTURE!r}, and may have 'key'; it has {names}")
    return Instance(bytes_of(given[name], f"{place}.{name}"), given.get("key", ""))


def bytes_of(given: object, place: str) -> bytes:
    """The bytes of `{"b64": TEXT}` or TEXT, in base64. Raises: Rejection: 400."""
    if isinstance(given, dict) and given.keys() == {"b64"}:
        return from_base64(given["b64"], f"{place}.b64")
    return from_base64(given, place)


def check_signature(body: Mapping[str, Any]) -> None:
    """Raises: Rejection: 400, `signature_name` asks for another one than the model's."""
    name = body.get("signature_name") or SIGNATURE
    if name != SIGNATURE:
        # TensorFlow Serving's words, which its clients look for.
        shown = f'"{name}"' if isinstance(name, str) and name.isprintable() else repr(name)
        raise Rejection(400, f"Serving signature name: {shown} not found in signature def; there is {SIGNATURE!r}")


def prediction(found: Found, slots: int, key: Any) -> dict[str, Any]:
    """The five outputs of the signature for one picture."""
    return {**found.slots(slots), "key": key}
