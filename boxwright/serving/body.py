"""Bodies of requests: JSON, pictures in base64, and pictures fetched from an address."""

import asyncio
import base64
import binascii
import sys
from typing import Any

from fastapi import Request

from boxwright import json_object
from boxwright.serving.rejection import Rejection

LARGE = 1_000_000
"""Bytes from which on a body is read beside the answers to others: it may hold numbers without end."""

PICTURES = ("application/x-image", "image/*", "application/octet-stream")
"""Content types of bodies that are a picture."""

PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "One JPEG, PNG, GIF or BMP picture.",
        "required": True,
        "content": {
            name: {"schema": {"type": "string", "format": "binary"}}
            for name in ("image/jpeg", "image/png", "application/x-image")
        },
    }
}
"""What OpenAPI is told of a request whose body is a picture."""


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of a request; empty where it carries nothing. Raises: Rejection: 400."""
    body = await request.body()
    try:
        if len(body) < LARGE:
            return json_object.parse(body)
        return await asyncio.to_thread(json_object.parse, body)
    except ValueError as error:
        raise Rejection(400, str(error)) from error


def from_base64(text: object, place: str) -> bytes:
    """The bytes of a base64 text, standard or URL-safe, padded or not.

    Args:
        text: as it stands in the request.
        place: where it stands, for the message.

    Raises:
        Rejection: 400, no text or not base64.
    """
    if not isinstance(text, str):
        raise Rejection(400, f"{place} must be a text in base64, got {type(text).__name__}")
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejection(400, f"{place} is not base64: {error}") from error


def as_number(value: object, place: str) -> float:
    """A JSON number. Raises: Rejection: 400; `place` says where it stands."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        raise Rejection(400, f"{place} must be a number, got {str(value)[:40]!r}")
    return float(value)


def as_whole(value: object, place: str) -> int:
    """A JSON number without a fraction, such as 5 or 5.0. Raises: Rejection: 400; `place` says where it stands."""
    number = as_number(value, place)
    if not number.is_integer():
        raise Rejection(400, f"{place} must be a whole number, got {number:g}")
    return int(number)


def kind_of(request: Request) -> str:
    """A request's content type without its parameters, in small letters; empty where it names none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_picture(request: Request, kinds: tuple[str, ...]) -> bytes:
    """A request's body as one encoded picture.

    Args:
        request: with the picture as its body.
        kinds: content types that say so; "image/*" stands for all beginning with "image/".

    Raises:
        Rejection: 415 another content type, 400 nothing in the body.
    """
    given = kind_of(request)
    if given and given not in kinds and not ("image/*" in kinds and given.startswith("image/")):
        raise Rejection(415, f"content type {given!r} is not one of {', '.join(kinds)}")
    encoded = await request.body()
    if not encoded:
        raise Rejection(400, "the body is empty; send the picture's bytes")
    return encoded
