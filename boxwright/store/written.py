"""How text and JSON are written to both databases, so that both take the same and give it back unchanged."""

import json


def dumps(value: object) -> str:
    """JSON without NaN and infinity, which PostgreSQL refuses. Raises: ValueError."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def storable(text: str) -> str:
    """Text with the characters replaced that a database refuses: NUL, and halves of pairs from undecodable names."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
