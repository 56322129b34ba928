"""Starts and ends a process that serves a model."""

import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import uvicorn

from boxwright.commands.listening import Server, address_of, check_tls, is_private, listen, listen_locally
from boxwright.serving.access import Write
from boxwright.serving.app import create_app
from boxwright.serving.metrics import Metrics
from boxwright.serving.model import ServedModel
from boxwright.serving.shelf import Shelf
from boxwright.spec.serving import ServeSettings
from boxwright.termination import following_parent

Say = Callable[[str], None]

KEEP_ALIVE = 75
"""Seconds in which an idle connection stays open: longer than load balancers keep theirs, which is 60 as a rule."""


def serve_model(folder: str, settings: ServeSettings, say: Say) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Args:
        folder: the model's.
        settings: where to listen and how much to take on; its name is that of the job's folder where it is empty.
        say: is given lines for people.

    Raises:
        FileNotFoundError: no model there.
        ValueError: a model or settings that cannot be used.
        OSError: the address is taken.
    """
    check_tls(settings.certificate, settings.key)
    named = settings.model_copy(update={"name": settings.name or name_of(folder)})
    with _listener(named) as listener, _log(named, say) as write:
        measures = Metrics()
        shelf = Shelf([ServedModel.load(folder, named, measures)])
        app = create_app(shelf, named, measures, write)
        server = Server(_configure(app, named), lambda: _announce(named, listener, say))
        with following_parent():
            server.run([listener])


def name_of(folder: str) -> str:
    """A name for a model: its folder's, or that of the job's folder around it."""
    parts = [part for part in folder.replace("\\", "/").rstrip("/").split("/") if part not in ("", ".", "..")]
    while len(parts) > 1 and (parts[-1] == "model" or parts[-1].startswith("trial_")):
        parts.pop()
    return re.sub(r"[^A-Za-z0-9_.-]", "_", parts[-1]) if parts else "model"


def _listener(settings: ServeSettings) -> AbstractContextManager[socket.socket]:
    return listen_locally(settings.uds) if settings.uds else listen(settings.host, settings.port)


@contextlib.contextmanager
def _log(settings: ServeSettings, say: Say) -> Iterator[Write | None]:
    if settings.access_log in ("", "-"):
        yield say if settings.access_log else None
        return
    with open(settings.access_log, "a", buffering=1, encoding="utf-8") as file:

        def write(line: str) -> None:
            file.write(line + "\n")

        yield write


def _configure(app: Any, settings: ServeSettings) -> uvicorn.Config:
    tls: dict[str, Any] = {"ssl_certfile": settings.certificate or None, "ssl_keyfile": settings.key or None}
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.grace)),
        **tls,
    )


def _announce(settings: ServeSettings, listener: socket.socket, say: Say) -> None:
    where = settings.uds or address_of(settings.host, listener, tls=bool(settings.certificate))
    say(f"Boxwright serves {settings.name} on {where}")
    if not (settings.uds or is_private(settings.host) or settings.token_file):
        say("warning: without --token-file, everybody on the network can use this model")
