"""Counts each request and writes a line of it: ASGI middleware around all contracts."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boxwright.request_limit import LEFT
from boxwright.serving.metrics import Metrics

Write = Callable[[str], None]


class Access:
    """ASGI middleware.

    Args:
        app: what answers.
        metrics: where requests are counted.
        write: is given one JSON object for each request; no line is made when None.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, write: Write | None) -> None:
        self.app, self.metrics, self.write = app, metrics, write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.metrics.counting:
            await self.app(scope, receive, send)
            return
        answer = _Answer(receive, send)
        start = time.perf_counter()
        try:
            await self.app(scope, answer.receive, answer.send)
        finally:
            self._note(scope, answer, time.perf_counter() - start)

    def _note(self, scope: Scope, answer: "_Answer", seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self.metrics.requests.labels(route, str(answer.status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        if self.write is not None:
            self.write(json.dumps(_line(scope, answer, seconds)))


class _Answer:
    """What came in and went out for one request."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.status, self.received, self.sent = LEFT, 0, 0
        self._receive, self._send = receive, send

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.sent += len(message.get("body", b""))
        await self._send(message)


def _line(scope: Scope, answer: _Answer, seconds: float) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "client": client[0] if client else "",
        "method": scope["method"],
        "path": scope["path"],
        "status": answer.status,
        "milliseconds": round(seconds * 1000, 2),
        "bytes_in": answer.received,
        "bytes_out": answer.sent,
    }
