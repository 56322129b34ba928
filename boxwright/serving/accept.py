"""Content types that a request accepts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxwright.serving.rejection import Rejection


@dataclass(frozen=True)
class MediaType:
    """A content type: its name in small letters, and its parameters; one without a value has an empty text."""

    name: str
    parameters: Mapping[str, str]


def accepted(header: str, offered: Sequence[str]) -> MediaType:
    """The content type that an answer should have.

    Args:
        header: `Accept` of the request; nothing, and wildcards, take what is offered first.
        offered: names of content types.

    Raises:
        Rejection: 406, none of them is accepted.
    """
    asked = [_parse(part) for part in header.split(",") if part.strip()]
    for one in sorted(asked or [MediaType("*/*", {})], key=_weight, reverse=True):
        if _weight(one) > 0:
            for name in offered:
                if one.name in (name, "*/*", name.partition("/")[0] + "/*"):
                    return MediaType(name, one.parameters)
    raise Rejection(406, f"Accept {header[:200]!r} is not answered here; there is {', '.join(offered)}")


def _parse(part: str) -> MediaType:
    name, *rest = (one.strip() for one in part.split(";"))
    pairs = (one.partition("=") for one in rest if one)
    return MediaType(name.lower(), {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs})


def _weight(one: MediaType) -> float:
    """Its `q`; 1 where there is none or it is no number."""
    try:
        return min(max(float(one.parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 1.0
