"""Puts the console on a server."""

import logging
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.staticfiles import StaticFiles

from boxwright.console import sign_in
from boxwright.console.guard import Guard
from boxwright.console.live import Feeds
from boxwright.console.shell import shell
from boxwright.console.styles import router as styles
from boxwright.console.view import MOUNT

STATIC = Path(__file__).parent / "static"

RECONNECT = 30.0
"""Seconds that a page may be without its connection before it is built anew."""

PATIENCE = 60.0
"""Seconds that a page's frame may take: on a busy machine somebody rather waits than reads that it was too slow."""


def mount(server: FastAPI) -> None:
    """Add the console's pages to a server that answers the API. Only one server of a process can have them."""
    server.state.feeds = Feeds()
    server.include_router(sign_in.router)
    server.include_router(styles)
    server.mount(f"{MOUNT}/static", StaticFiles(directory=STATIC))
    logging.getLogger("nicegui").setLevel(logging.WARNING)
    ui.page("/{_:path}", response_timeout=PATIENCE)(shell)
    ui.run_with(
        server,
        title="Boxwright",
        mount_path=MOUNT,
        favicon=STATIC / "icon.svg",
        tailwind=False,
        dark=None,
        binding_refresh_interval=None,  # nothing is bound: pages are told by feeds
        reconnect_timeout=RECONNECT,
        show_welcome_message=False,
    )
    tokens = server.state.context.tokens
    server.add_middleware(Guard, server=server, is_good=lambda secret: tokens.check(secret) is not None)
