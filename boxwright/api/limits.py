"""How large a request may be. One that is larger is never held in memory, however it is sent."""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boxwright.api.errors import Refusal

LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: some clients read the answer only then."""


class RequestLimit:
    """ASGI middleware that refuses a larger request with 413.

    Args:
        app: what is guarded.
        max_bytes: the largest body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Counted(self.max_bytes, receive, send)
        if _declared(scope) > self.max_bytes:
            request.exceeded = True
            await self.refusal().response()(scope, request.receive, request.send)
            return
        request.refusal = self.refusal()
        await self.app(scope, request.receive, request.send)

    def refusal(self) -> Refusal:
        return Refusal(
            "INVALID_ARGUMENT",
            f"a request may have at most {self.max_bytes:,} bytes (the server's --max-request-bytes)",
            headers={"Connection": "close"},
            code=413,
        )


class _Counted:
    """Receives and sends for one request."""

    def __init__(self, max_bytes: int, receive: Receive, send: Send) -> None:
        self.exceeded = False
        self.refusal: Refusal | None = None
        self._left = max_bytes
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """Raises: Refusal: more has come than may come."""
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
