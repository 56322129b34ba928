"""The one door to the database: opens it, brings it up to date, and says in one way when it cannot be reached.

SQLite serves one machine, PostgreSQL several. Both give the same promises: a write sees no other write half done, and
what was answered is on the disk.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Executable,
    RowMapping,
    Select,
    make_url,
    text,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from boxwright.store.postgresql import open_postgresql
from boxwright.store.records import StoreUnavailable
from boxwright.store.sqlite import ALONE, file_lock, open_sqlite, when_free

MIGRATION_LOCK = 8_600_862_413
"""Key of PostgreSQL's advisory lock that one server holds while it makes or updates the tables."""

OUTAGES = ("08", "28", "3D", "40", "53", "55P03", "57")
"""PostgreSQL's codes (SQLSTATE): connection, log-in, no such database, conflicts, resources, locks, shutdown."""


def open_database(url: str) -> Engine:
    """Connect, and make or update the tables; safe when several processes do so at once.

    Args:
        url: SQLAlchemy's: sqlite:///file, or postgresql://user:password@host:port/name.

    Raises:
        ValueError: no such kind of database, or one written by a newer release.
        StoreUnavailable: it cannot be reached.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "").expanduser().absolute()
        with file_lock(path):
            return _migrated(open_sqlite(path))
    return _migrated(open_postgresql(parsed))


def fetch(engine: Engine, statement: Select[Any]) -> Sequence[RowMapping]:
    """The rows that a query finds. Raises: StoreUnavailable."""
    with _reached(engine), engine.connect() as connection:
        return connection.execute(statement).mappings().all()


def write(engine: Engine, statement: Executable, *, recoverable: bool = False) -> Sequence[RowMapping]:
    """Run one statement that writes, in a transaction of its own; gives the rows that it returns.

    No process holds a lock while its own code runs: one that has to wait for the processor then would hold up all.

    Args:
        recoverable: on SQLite a power cut (not the death of a process) may undo it, which saves waiting for the disk;
            for what runners write, since the job's folder tells it again.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """

    def run() -> Sequence[RowMapping]:
        result = connection.execute(statement)
        return result.mappings().all() if result.returns_rows else ()

    with _reached(engine), engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            return run()
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA synchronous={'NORMAL' if recoverable else 'FULL'}")
        return when_free(raw, run)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction of several statements; on SQLite it is alone from its start. Raises: StoreUnavailable."""
    options = {"isolation_level": "READ COMMITTED"} if engine.dialect.name == "postgresql" else {ALONE: True}
    with _reached(engine), engine.execution_options(**options).begin() as connection:
        yield connection


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"a database is sqlite:///FILE or postgresql://USER@HOST/NAME, got {url!r}") from error
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+pg8000")
    if kind != "sqlite":
        raise ValueError(f"a database is sqlite:///FILE or postgresql://USER@HOST/NAME, got {kind!r}")
    if parsed.database in (None, "", ":memory:"):
        raise ValueError(f"SQLite needs a file, which all processes share: sqlite:///FILE, got {url!r}")
    return parsed


def _migrated(engine: Engine) -> Engine:
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            _migrate(connection)
    except CommandError as error:
        engine.dispose()
        problem = f"the database {_where(engine)} was written by a newer release ({error}); update this one"
        raise ValueError(problem) from error
    except StoreUnavailable:
        engine.dispose()
        raise
    return engine


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _reached(engine: Engine) -> Iterator[None]:
    """Turn what drivers raise when the database is away into StoreUnavailable."""
    try:
        yield
    except SQLAlchemyError as error:
        if not _is_outage(error):
            raise
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreUnavailable(f"the database {_where(engine)} cannot be reached: {cause}; try again later") from error
    except (sqlite3.OperationalError, TimeoutError, ConnectionError) as error:
        raise StoreUnavailable(f"the database {_where(engine)} cannot be reached: {error}; try again later") from error


def _is_outage(error: SQLAlchemyError) -> bool:
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    details = error.orig.args[0] if error.orig and error.orig.args else None
    code = str(details.get("C", "")) if isinstance(details, dict) else ""
    return error.connection_invalidated or code.startswith(OUTAGES)


def _where(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
