"""The headers of tus 1.0.0, the protocol of uploads that go on where they broke off (https://tus.io)."""

import base64
import binascii
from collections.abc import Mapping
from email.utils import formatdate

from fastapi import Depends, Request, Response

from boxwright.api.errors import Refusal

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "termination", "expiration")

BYTES = "application/offset+octet-stream"
"""Content type of a part of a file."""

RESUMABLE = {"Tus-Resumable": VERSION}

MAX_METADATA = 8192
"""Characters of Upload-Metadata."""

NAME_KEYS = ("relativePath", "filename", "name")
"""Keys under which clients send a file's name, in the order in which they are looked at."""

OVERRIDE = "x-http-method-override"


async def check_version(request: Request) -> None:
    """What is refused from here on carries the version, too. Raises: Refusal: the client speaks another version."""
    request.state.form = refused
    version = request.headers.get("tus-resumable")
    if version != VERSION:
        message = f"uploads speak tus {VERSION}; send the header 'Tus-Resumable: {VERSION}', got {version!r}"
        raise Refusal("FAILED_PRECONDITION", message, headers={**RESUMABLE, "Tus-Version": VERSION}, code=412)


def refused(refusal: Refusal) -> Response:
    """A refusal as tus has it: every answer names the version."""
    response = refusal.response()
    response.headers.update(RESUMABLE)
    return response


Versioned = Depends(check_version)
"""Of routes whose requests must speak tus."""


def capabilities(max_bytes: int) -> dict[str, str]:
    """What a server tells of itself."""
    return {
        **RESUMABLE,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_bytes),
    }


def progress(offset: int, expire_time: float, **more: str) -> dict[str, str]:
    """How far a file has come, and when it is forgotten in seconds since 1970; `more` is Upload_Length and the like."""
    named = {name.replace("_", "-"): value for name, value in more.items() if value}
    expires = formatdate(expire_time, usegmt=True)
    return {**RESUMABLE, "Upload-Offset": str(offset), "Upload-Expires": expires, **named}


def number(request: Request, name: str) -> int:
    """A header that is a whole number from 0. Raises: Refusal."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refusal.of_field(name, f"must be a whole number from 0, got {text!r}")
    return int(text)


def check_bytes(request: Request) -> None:
    """Raises: Refusal: the request does not carry a part of a file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != BYTES:
        raise Refusal("INVALID_ARGUMENT", f"Content-Type must be {BYTES}, got {kind!r}", code=415)


def file_name(metadata: Mapping[str, str]) -> str:
    """The name that the client gives a file; "upload" where it gives none."""
    return next((metadata[key] for key in NAME_KEYS if metadata.get(key)), "upload")


def read_metadata(text: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and its value in base64, with commas between. Raises: Refusal."""
    if len(text) > MAX_METADATA:
        raise Refusal.of_field("Upload-Metadata", f"has at most {MAX_METADATA} characters, got {len(text)}")
    found: dict[str, str] = {}
    for pair in filter(str.strip, text.split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as error:
            rule = "is 'key base64' pairs of UTF-8 texts with commas between them"
            raise Refusal.of_field("Upload-Metadata", f"{rule}, got {pair[:100]!r}") from error
    return found


def answer(status: int, headers: Mapping[str, str]) -> Response:
    """An answer without a body."""
    return Response(status_code=status, headers=dict(headers))
