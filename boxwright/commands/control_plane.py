"""Starts and ends a server: its database, its first token, its address, and the runner beside it."""

import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from boxwright.admission import Limits
from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.runners.host import this_machine
from boxwright.spec.server import ServerSettings
from boxwright.store.database import open_database
from boxwright.store.jobs import JobStore
from boxwright.store.tokens import TokenExists, TokenMissing, TokenStore

Say = Callable[[str], None]

FIRST_TOKEN = "local"
"""Name of the token that a server makes for itself."""

GRACE = 10
"""Seconds in which requests may end when a server is stopped."""


class Server(uvicorn.Server):
    """uvicorn's, which says when it listens, ends its log streams before it stops, and leaves signals be afterwards."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.followers.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again in the end, which would make an error of an orderly one."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(
    settings: ServerSettings, *, allow_substitute: bool, new_token: bool, beside: AbstractContextManager[Any], say: Say
) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Args:
        settings: of the server.
        allow_substitute: jobs that ask for more than this machine has are run on it.
        new_token: make a new admin token in any case.
        beside: entered when everything is ready to serve, left afterwards.
        say: is given lines for people.

    Raises:
        ValueError: settings that do not work, such as a key without a certificate.
        OSError: the address is taken, the folder cannot be written, or the database cannot be reached.
    """
    check_tls(settings)
    with listen(settings.host, settings.port) as listener:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        context = make_context(settings, allow_substitute)
        secret = first_token(context.tokens, settings.folder, anew=new_token)
        address = address_of(settings, listener)
        app = create_app(context)
        server = Server(configure(app, settings), app, lambda: announce(settings, address, secret, say))
        with beside:
            server.run([listener])


def check_tls(settings: ServerSettings) -> None:
    """Raises: ValueError: certificate and key are not both there, or do not belong together."""
    if bool(settings.certificate) != bool(settings.key):
        raise ValueError("--certificate and --key belong together: give both, or neither")
    if settings.certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certificate, settings.key)
        except OSError as error:
            files = f"{settings.certificate} and {settings.key}"
            raise ValueError(f"{files} must be a certificate chain and its key, both PEM: {error}") from error


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises: OSError: the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); choose another --host or --port"
        ) from error
    with listener:
        yield listener


def address_of(settings: ServerSettings, listener: socket.socket) -> str:
    """URL of a server, with the port that it got."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http{'s' if settings.certificate else ''}://{host}:{listener.getsockname()[1]}"


def make_context(settings: ServerSettings, allow_substitute: bool) -> Context:
    """Open the database. Raises: OSError, ValueError: it cannot be opened."""

    def previous(job_id: str) -> str:
        raise LookupError(f"no job {job_id!r}: no project is named")  # each request puts in its project's

    engine = open_database(settings.database_url)
    limits = Limits(this_machine(), settings.job_roots, settings.default_root, allow_substitute, previous)
    return Context(JobStore(engine), TokenStore(engine), limits, settings.max_request_bytes)


def configure(app: FastAPI, settings: ServerSettings) -> uvicorn.Config:
    """How uvicorn runs. It writes no access log, in which the token of the first link would stand."""
    tls: dict[str, Any] = {"ssl_certfile": settings.certificate or None, "ssl_keyfile": settings.key or None}
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        **tls,
    )


def first_token(tokens: TokenStore, folder: Path, *, anew: bool) -> str | None:
    """Make an admin token, where there is none or a new one is wanted, and write it to a file of the folder.

    Returns:
        the token; None where none was made.
    """
    if anew:
        with contextlib.suppress(TokenMissing):
            tokens.revoke(FIRST_TOKEN)
    elif any(one.role == "admin" and one.revoke_time is None for one in tokens.list()):
        return None
    try:
        secret = tokens.create(FIRST_TOKEN, "admin")
    except TokenExists:  # another server on the same database was quicker
        return None
    write_secret(folder / "token", secret)
    return secret


def write_secret(path: Path, secret: str) -> None:
    """Write a file that only its owner can read, at no moment anybody else."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    written.replace(path)


def announce(settings: ServerSettings, address: str, secret: str | None, say: Say) -> None:
    """Say where the server is, and its token once."""
    say(f"Boxwright listens on {address}")
    if secret:
        say(f"admin token, shown this once and kept in {settings.folder / 'token'}: {address}/?token={secret}")
    if not settings.certificate and settings.host not in ("127.0.0.1", "::1", "localhost"):
        say("warning: without --certificate and --key, tokens can be read on the network")
