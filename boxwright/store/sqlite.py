"""A database in a file of SQLite, which the processes of one machine share."""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from boxwright.store.records import StoreUnavailable
from boxwright.store.written import dumps

Found = TypeVar("Found")

PATIENCE = 10.0
"""Seconds to wait for another process to end its write, or for a free connection."""

ALONE = "boxwright_alone"
"""Execution option of a transaction that keeps other writers out."""


def open_sqlite(path: Path) -> Engine:
    """With the file's lock held: switching to the write-ahead log needs the file alone. Raises: StoreUnavailable."""
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=PATIENCE)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"cannot open the database {path}: {error}") from error

    def connect() -> sqlite3.Connection:
        # mode=rw: a file that is gone is an error, and not made anew without tables.
        uri = f"file:{quote(str(path))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)

    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=connect,
        pool_size=5,
        max_overflow=15,
        pool_timeout=PATIENCE,
        json_serializer=dumps,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(ALONE):
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA synchronous=FULL")
        when_free(raw, lambda: raw.execute("BEGIN IMMEDIATE"))


def when_free(raw: sqlite3.Connection, run: Callable[[], Found]) -> Found:
    """Run what writes once no other process does, with sleeps that become shorter: SQLite's own become longer, up to
    0.1 s, so that who has waited long would wait longer still."""
    until = time.monotonic() + PATIENCE
    raw.execute("PRAGMA busy_timeout=0")
    try:
        for attempt in itertools.count(1):
            try:
                return run()
            except (sqlite3.OperationalError, OperationalError) as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(max(0.0001, 0.002 / attempt))
        raise AssertionError("counting ends nowhere")
    finally:
        raw.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """For who opens the database. Raises: StoreUnavailable: it cannot be had, or the folder not be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=60):
            yield
    except (Timeout, OSError) as error:
        raise StoreUnavailable(f"cannot open the database {path}: {error}") from error
