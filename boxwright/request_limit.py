"""How large a request may be. One that is larger is never held in memory, however it is sent."""

import asyncio
import contextlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: some clients read the answer only then."""


LEFT = 499
"""Status of a request whose client has left, in logs and measures; nobody receives it. It is nginx's number."""


async def nobody(_: Request, __: Exception) -> Response:
    """What a client is answered that has left before it had sent its request: no error of the server's."""
    return Response(status_code=LEFT)


class Answerable(Exception):
    """An exception that is an HTTP answer."""

    def response(self) -> Response:
        """The answer."""
        raise NotImplementedError


class RequestLimit:
    """ASGI middleware that refuses a larger request.

    Args:
        app: what is guarded; it answers what `refuse` makes by its `response()`.
        max_bytes: the largest body.
        refuse: makes the exception for a request that is larger.
        at_once: a request that says that it is larger never reaches the app; otherwise the app meets the exception
            when it reads the body, and so can answer in the form of the route that was asked.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, refuse: Callable[[int], Answerable], *, at_once: bool = True
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.refuse = refuse
        self.at_once = at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Counted(self.max_bytes, receive, send)
        if _declared(scope) > self.max_bytes:
            request.exceeded = True
        if request.exceeded and self.at_once:
            await self.refuse(self.max_bytes).response()(scope, request.receive, request.send)
            return
        request.refusal = self.refuse(self.max_bytes)
        await self.app(scope, request.receive, request.send)


class _Counted:
    """Receives and sends for one request."""

    def __init__(self, max_bytes: int, receive: Receive, send: Send) -> None:
        self.exceeded = False
        self.refusal: Exception | None = None
        self._left = max_bytes
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """Raises: what `refuse` makes: more has come than may come."""
        if self.exceeded and self.refusal:
            raise self.refusal
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0 and self.refusal:
            self.exceeded = True
            raise self.refusal
        return message

    async def send(self, message: Message) -> None:
        """Send; the connection of a refused request is closed only after its sender had time to read the answer."""
        last = message["type"] == "http.response.body" and not message.get("more_body")
        if not (last and self.exceeded):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._drain()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        while (message := await self._receive())["type"] == "http.request" and message.get("more_body"):
            pass


def _declared(scope: Scope) -> int:
    """What Content-Length says, 0 without it."""
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0
