"""A database of PostgreSQL."""

import ssl
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from boxwright.store.written import dumps

PATIENCE = 10.0
"""Seconds to wait for an answer of the database, or for a free connection to it."""


def open_postgresql(url: URL) -> Engine:
    """Nothing is asked of it yet. Raises: ValueError: an sslmode that is none."""
    url, encryption = _encryption(url)
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # a statement is a transaction and one journey to the server, where four were
        connect_args={"timeout": PATIENCE, "application_name": "boxwright", **encryption},
        pool_size=5,
        max_overflow=15,
        pool_timeout=PATIENCE,
        json_serializer=dumps,
    )
    faults = (OSError, engine.dialect.loaded_dbapi.Error)
    event.listen(engine, "checkout", lambda raw, *_: _ping(raw, faults))
    return engine


def _ping(raw: Any, faults: tuple[type[Exception], ...]) -> None:
    """Find out whether a connection of the pool still is one, else let the pool make new ones.

    SQLAlchemy's own `pool_pre_ping` does not know the errors of sockets, which pg8000 lets through.
    """
    try:
        raw.cursor().execute("SELECT 1")
    except faults as error:
        raise InvalidatePoolError from error


def _encryption(url: URL) -> tuple[URL, dict[str, Any]]:
    """libpq's sslmode and sslrootcert as pg8000 wants them; without them, encrypted where the server can."""
    mode, authority = url.query.get("sslmode", "prefer"), url.query.get("sslrootcert")
    modes: dict[object, Any] = {"disable": False, "prefer": None, "allow": None, "require": True}
    if mode in ("verify-ca", "verify-full"):
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        context.check_hostname = mode == "verify-full"
        modes[mode] = context
    if mode not in modes:
        raise ValueError(f"sslmode is one of disable, allow, prefer, require, verify-ca, verify-full, got {mode!r}")
    return url.difference_update_query(["sslmode", "sslrootcert"]), {"ssl_context": modes[mode]}
