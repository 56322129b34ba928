"""Starts and ends a server: its database, its first token, its address, and the runner beside it."""

import contextlib
import functools
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from boxwright.admission import Limits
from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.commands.listening import Server, address_of, check_tls, is_private, listen
from boxwright.console.mount import mount
from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.runners.host import this_machine
from boxwright.spec.server import ServerSettings
from boxwright.store.database import open_database
from boxwright.store.jobs import JobStore
from boxwright.store.sessions import SessionStore
from boxwright.store.tokens import TokenExists, TokenMissing, TokenStore

Say = Callable[[str], None]

FIRST_TOKEN = "local"
"""Name of the token that a server makes for itself."""

GRACE = 10
"""Seconds in which requests may end when a server is stopped."""


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
        ValueError: settings that do not work, such as a key without a certificate or a root that is not there.
        OSError: the address is taken, the folder cannot be written, or the database cannot be reached.
    """
    check_tls(settings.certificate, settings.key)
    check_roots(settings)
    with listen(settings.host, settings.port) as listener:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        context = make_context(settings, allow_substitute)
        secret = first_token(context.tokens, settings.folder, anew=new_token)
        address = address_of(settings.host, listener, tls=bool(settings.certificate))
        app = create_app(context)
        mount(app)
        ready = functools.partial(announce, settings, address, secret, say)
        server = Server(configure(app, settings), ready, app.state.followers.close)
        with beside, context.deployed.fleet:
            server.run([listener])


def check_roots(settings: ServerSettings) -> None:
    """Raises: ValueError: a root that was named is no folder; buckets are taken as they are."""
    for root in settings.roots:
        if "://" not in root and not Path(root).expanduser().is_dir():
            raise ValueError(f"--roots: there is no folder {root!r}; make it first, or write folders as /a,/b")


def make_context(settings: ServerSettings, allow_substitute: bool) -> Context:
    """Open the database. Raises: OSError, ValueError: it cannot be opened."""

    def previous(job_id: str) -> str:
        raise LookupError(f"no job {job_id!r}: no project is named")  # each request puts in its project's

    engine = open_database(settings.database_url)
    limits = Limits(this_machine(), settings.job_roots, settings.default_root, allow_substitute, previous)
    fleet = FleetSettings(logs=settings.folder / "endpoints", cores=limits.machine.cores)
    deployed = Deployed.over(engine, fleet)
    stores = (JobStore(engine), TokenStore(engine), SessionStore(engine))
    return Context(*stores, deployed, limits, settings.max_request_bytes, settings.max_upload_bytes)


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
    if not settings.certificate and not is_private(settings.host):
        say("warning: without --certificate and --key, tokens can be read on the network")
