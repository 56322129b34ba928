"""A box to drop files into: a zip, many pictures, or a folder of them. The browser sends them itself."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from boxwright.console.heard import translate
from boxwright.console.view import View

Ready = Callable[[dict[str, Any]], Awaitable[None]]

PART_BYTES = 8 << 20

WORDS = (
    *(
        "help",
        "touch",
        "kinds",
        "files",
        "other",
        "folder",
        "nothing",
        "line",
        "progress",
        "unpacking",
        "pause",
        "paused",
    ),
    *("resume", "cancel", "retry", "discard", "lost", "earlier", "done"),
)
"""Texts of the box."""

LATER = ("sent", "total", "done", "count", "speed", "left", "name")
"""Placeholders that the browser fills in."""


class UploadBox(Element, component="static/upload.js"):
    """Sends files to the project's uploads, and goes on after a lost connection or a closed page.

    Args:
        view: of the page.
        ready: is awaited with the upload, as `GET /v1/projects/PROJECT/uploads/ID` gives it, when it is READY.
        on_busy: is told when something begins to be sent, and when that ends without being ready.
        part_bytes: of a request; the server's --max-request-bytes must let it pass, or smaller parts are tried.

    Attributes:
        busy: something is being sent, or prepared by the server.
    """

    busy = False

    def __init__(
        self,
        view: View,
        ready: Ready,
        *,
        on_busy: Callable[[bool], None] = lambda _: None,
        part_bytes: int = PART_BYTES,
    ) -> None:
        super().__init__()
        self._view, self._ready, self._on_busy = view, ready, on_busy
        self._props["part"] = part_bytes
        self._props["base"] = view.resource("uploads")
        kept = {name: f"{{{name}}}" for name in LATER}
        self._props["words"] = {name: view.text(f"upload.{name}", **kept) for name in WORDS}
        self.on("ready", self._done)
        translate(self, view)
        self.on("busy", self._turned)

    def _turned(self, event: GenericEventArguments) -> None:
        self.busy = bool(event.args)
        self._on_busy(self.busy)

    async def _done(self, event: GenericEventArguments) -> None:
        # What a browser says is looked up: the API answers for uploads of this viewer only.
        upload = await self._view.api.get(self._view.resource("uploads", str(event.args["uploadId"])))
        self.busy = False
        await self._ready(upload)
