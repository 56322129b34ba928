"""What stands before the console's pages: who is not signed in is shown where to, and other sites are kept out."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boxwright.api.cookie import is_same_origin, name_of
from boxwright.console.view import MOUNT

SIGN_IN = f"{MOUNT}/sign-in"
LINK = f"{MOUNT}/open"
"""Where the server's own address leads a browser."""

OPEN = (SIGN_IN, LINK, f"{MOUNT}/_nicegui/", f"{MOUNT}/static/", f"{MOUNT}/favicon.ico")
"""Paths for everybody: the page to sign in with, and files that are the same on every server."""

LEFT = "No response returned."

SOCKET = f"{MOUNT}/_nicegui_ws/"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Vue compiles its templates in the browser
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of pages: nothing from anywhere else."""


class Guard:
    """ASGI middleware over the whole server, for the paths of the console.

    Args:
        app: what it stands before.
        server: put into the scope of requests as "boxwright.server", for the pages to ask.
        is_good: whether a session's secret is; blocks.
    """

    def __init__(self, app: ASGIApp, server: FastAPI, is_good: Callable[[str], bool]) -> None:
        self.app, self._server, self._is_good = app, server, is_good

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path == "/" and scope["type"] == "http" and _is_browser(HTTPConnection(scope)):
            scope = {**scope, "path": LINK, "raw_path": LINK.encode()}
            path = LINK
        if scope["type"] not in ("http", "websocket") or not (path == MOUNT or path.startswith(MOUNT + "/")):
            await self.app(scope, receive, send)
            return
        scope["boxwright.server"] = self._server
        connection = HTTPConnection(scope)
        if path.startswith(SOCKET):
            await self._socket(connection, scope, receive, send)
        elif path.startswith(OPEN) or await self._is_signed_in(connection):
            await self._page(scope, receive, _with_policy(send))
        else:
            query = f"?{connection.url.query}" if connection.url.query else ""
            await RedirectResponse(f"{SIGN_IN}?next={quote(path + query)}", 303)(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            # Starlette's middleware says so when a browser has left before its page was there: no fault of ours.
            if str(error) != LEFT:
                raise

    async def _socket(self, connection: HTTPConnection, scope: Scope, receive: Receive, send: Send) -> None:
        """The pages' live connection: browsers let every site open one, cookies included."""
        if is_same_origin(connection) and await self._is_signed_in(connection):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await RedirectResponse(SIGN_IN, 303)(scope, receive, send)

    async def _is_signed_in(self, connection: HTTPConnection) -> bool:
        secret = connection.cookies.get(name_of(connection), "")
        return bool(secret) and await run_in_threadpool(self._is_good, secret)


def _is_browser(connection: HTTPConnection) -> bool:
    return "text/html" in connection.headers.get("accept", "") or "token" in connection.query_params


def _with_policy(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["content-security-policy"] = POLICY
        await send(message)

    return sent
