"""JSON objects from strangers: strict, and never deeper than what Python and the databases can take."""

import json
from typing import Any, NoReturn

MAX_DEPTH = 50
"""Objects and lists within each other."""

NESTING = (dict, list)


def parse(text: bytes, what: str = "the request") -> dict[str, Any]:
    """The object that a request's body holds; empty where it holds nothing.

    Args:
        what: the text is, for messages.

    Raises:
        ValueError: not JSON in UTF-8, not an object, NaN or infinite numbers, or nested too deeply.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError(_too_deep(what)) from error
    except ValueError as error:
        raise ValueError(f"{what} must be JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be a JSON object {{...}}, got {text[:40]!r}")
    if not _is_shallow(value, MAX_DEPTH):
        raise ValueError(_too_deep(what))
    return value


def _too_deep(what: str) -> str:
    return f"{what}'s JSON is nested too deeply; at most {MAX_DEPTH} levels"


def _is_shallow(value: Any, depth: int) -> bool:
    """Whether an object or list has at most so many levels. Numbers, of which there may be millions, cost little."""
    parts = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(part, depth - 1) for part in [one for one in parts if type(one) in NESTING])


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")
