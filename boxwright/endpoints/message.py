"""A request on its way to a worker, and the answer on its way back."""

from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[bytes, bytes], ...]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110, 7.6.1: about one connection, so of no meaning on the next."""

NOT_TO_WORKERS = HOP_BY_HOP | {b"authorization", b"content-length", b"cookie", b"expect", b"host"}
"""A worker is told nothing of who asks."""

NOT_TO_CLIENTS = HOP_BY_HOP | {b"content-length", b"date", b"server"}


@dataclass(frozen=True)
class Call:
    """A request for a worker.

    Attributes:
        method: of HTTP.
        target: path and query as they are written in the request's first line.
        headers: without those in `NOT_TO_WORKERS`.
        body: whole.
    """

    method: str
    target: bytes
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What a worker has answered.

    Attributes:
        status: of HTTP.
        headers: all of them.
        body: as it was sent, compressed if it was.
        version: of the model that answered; empty where that is not known yet.
    """

    status: int
    headers: Headers
    body: bytes
    version: str = ""


def without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> Headers:
    """Headers but for those of these names, nor those that Connection names."""
    given = tuple((name.lower(), value) for name, value in headers)
    listed = {one.strip().lower() for name, value in given if name == b"connection" for one in value.split(b",")}
    return tuple((name, value) for name, value in given if name not in names and name not in listed)


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The first header of a name in lowercase; empty where there is none."""
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")
