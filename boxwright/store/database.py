"""The one door to the database: opens it, brings it up to date, and says in one way when it cannot be reached.

SQLite serves one machine, PostgreSQL several. Both give the same promises: a write sees no other write half done, and
what was answered is on the disk.
"""

import itertools
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Executable,
    RowMapping,
    Select,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from boxwright.store.records import StoreUnavailable
from boxwright.store.written import dumps

Found = TypeVar("Found")

PATIENCE = 10.0
"""Seconds to wait for an answer of the database, or for another process to end its write to SQLite."""

MIGRATION_LOCK = 8_600_862_413
"""Key of PostgreSQL's advisory lock that one server holds while it makes or updates the tables."""

OUTAGES = ("08", "28", "3D", "40", "53", "55P03", "57")
"""PostgreSQL's codes (SQLSTATE): connection, log-in, no such database, conflicts, resources, locks, shutdown."""


_ALONE = "boxwright_alone"
"""Execution option of a SQLite transaction that keeps other writers out."""


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
        with _file_lock(path):
            return _migrated(_sqlite(path))
    return _migrated(_postgresql(parsed))


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
        return _when_free(raw, run)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction of several statements; on SQLite it is alone from its start. Raises: StoreUnavailable."""
    options = {"isolation_level": "READ COMMITTED"} if engine.dialect.name == "postgresql" else {_ALONE: True}
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


def _postgresql(url: URL) -> Engine:
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


def _sqlite(path: Path) -> Engine:
    """Called with the file's lock held: switching to the write-ahead log needs the file alone."""
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
    if connection.get_execution_options().get(_ALONE):
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA synchronous=FULL")
        _when_free(raw, lambda: raw.execute("BEGIN IMMEDIATE"))


def _when_free(raw: sqlite3.Connection, run: Callable[[], Found]) -> Found:
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
def _file_lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=60):
            yield
    except (Timeout, OSError) as error:
        raise StoreUnavailable(f"cannot open the database {path}: {error}") from error


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
