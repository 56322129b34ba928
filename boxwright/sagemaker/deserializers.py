"""Stands in for `sagemaker.deserializers`: reads what an endpoint answers."""

import json
from typing import Any, Protocol


class Deserializer(Protocol):
    """Reads answers of certain content types."""

    ACCEPT: tuple[str, ...]

    def deserialize(self, body: bytes, content_type: str) -> Any:
        """The value of an answer."""
        ...


class BytesDeserializer:
    """Gives the bytes as they are."""

    ACCEPT: tuple[str, ...] = ("*/*",)

    def deserialize(self, body: bytes, content_type: str) -> bytes:  # noqa: ARG002  # every kind is taken
        """The bytes."""
        return body


class StringDeserializer:
    """Gives the text."""

    ACCEPT: tuple[str, ...] = ("application/json",)

    def deserialize(self, body: bytes, content_type: str) -> str:  # noqa: ARG002  # every kind is taken
        """The bytes as UTF-8."""
        return body.decode()


class JSONDeserializer:
    """Gives the value of JSON."""

    ACCEPT: tuple[str, ...] = ("application/json",)

    def __init__(self, accept: str = "application/json") -> None:
        self.ACCEPT = (accept,)

    def deserialize(self, body: bytes, content_type: str) -> Any:  # noqa: ARG002  # every kind is taken
        """The value."""
        return json.loads(body)
