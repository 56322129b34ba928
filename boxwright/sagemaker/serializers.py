"""Stands in for `sagemaker.serializers`: makes bytes of what an endpoint is asked."""

import json
from pathlib import Path
from typing import Any, Protocol


class Serializer(Protocol):
    """Makes bytes of a content type."""

    CONTENT_TYPE: str

    def serialize(self, data: Any) -> bytes:
        """The bytes of a request."""
        ...


class IdentitySerializer:
    """Takes bytes as they are."""

    def __init__(self, content_type: str = "application/octet-stream") -> None:
        self.CONTENT_TYPE = content_type

    def serialize(self, data: Any) -> bytes:
        """The bytes that are given. Raises: TypeError: something else is."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(
                f"a picture's bytes are asked for, such as open(path, 'rb').read(), got {type(data).__name__}"
            )
        return bytes(data)


class DataSerializer(IdentitySerializer):
    """Takes bytes, or the path of a file."""

    def __init__(self, content_type: str = "application/x-image") -> None:
        super().__init__(content_type)

    def serialize(self, data: Any) -> bytes:
        """The bytes, or those of the file. Raises: OSError; TypeError: neither."""
        return Path(data).read_bytes() if isinstance(data, str | Path) else super().serialize(data)


class JSONSerializer:
    """Writes JSON."""

    CONTENT_TYPE = "application/json"

    def serialize(self, data: Any) -> bytes:
        """The value as JSON."""
        return json.dumps(data).encode()
