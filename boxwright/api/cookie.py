"""The cookie of a browser that has signed in, and what keeps other sites from using it."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from boxwright.api.errors import Refusal
from boxwright.store.sessions import LIFETIME

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; a browser shows their answers to pages of the same origin only."""


def session_of(request: HTTPConnection) -> str:
    """The session's secret that a browser sends along, empty where there is none.

    Raises:
        Refusal: another site's page sends the request, and it would change something.
    """
    secret = request.cookies.get(name_of(request), "")
    if secret and request.scope.get("method") not in READING and not is_same_origin(request):
        raise Refusal(
            "PERMISSION_DENIED",
            "a request with a session's cookie must come from this server's own pages; others send a token",
        )
    return secret


def is_same_origin(request: HTTPConnection) -> bool:
    """Whether a browser sends it from a page of this server."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")


def name_of(request: HTTPConnection) -> str:
    """Name of the cookie. It holds the port: browsers give cookies to all servers of a host."""
    port = urlsplit(f"//{request.headers.get('host', '')}").netloc.rpartition(":")[2]
    return f"boxwright_{port}" if port.isdigit() else "boxwright"


def set_session(response: Response, request: HTTPConnection, secret: str) -> None:
    """Put a session's secret into an answer; empty takes it away."""
    response.set_cookie(
        name_of(request),
        secret,
        max_age=int(LIFETIME) if secret else 0,
        httponly=True,
        samesite="lax",  # strict would show a link in a mail as signed out
        secure=request.url.scheme == "https",
    )
