"""The database opens, updates itself, and when it is away every method says so in one way until it is back."""

import contextlib
import gc
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, make_url, text

from boxwright.store import JobStore, NewJob, StoreUnavailable, TokenStore, database, open_database, parse_filter
from boxwright.store import sqlite as sqlite_store
from boxwright.store.schema import metadata

Make = Callable[..., NewJob]


def test_migrations_make_the_tables_of_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = {index["name"] for index in inspect(connection).get_indexes("jobs")}
        assert {str(index.name) for index in metadata.tables["jobs"].indexes} <= made


def test_opening_again_keeps_the_jobs(empty_url: str, new_job: Make) -> None:
    first = open_database(empty_url)
    record = JobStore(first).submit(new_job())
    second = open_database(empty_url)
    assert JobStore(second).get("local", "job") == record
    first.dispose()
    second.dispose()


def test_servers_may_start_at_once_on_an_empty_database(empty_url: str) -> None:
    script = (
        "import sys; from boxwright.store import open_database, JobStore; s = JobStore(open_database(sys.argv[1]));"
    )
    script += "sys.exit(len(s.list('local')[0]))"
    starts = [subprocess.Popen([sys.executable, "-c", script, empty_url], stderr=subprocess.PIPE) for _ in range(3)]
    errors = [start.communicate(timeout=60)[1].decode() for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], errors


def test_a_newer_database_is_refused(empty_url: str) -> None:
    engine = open_database(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ValueError, match="was written by a newer release"):
        open_database(empty_url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "a database is sqlite:///FILE or postgresql://USER@HOST/NAME, got ''"),
        ("/var/lib/store.db", "a database is sqlite:///FILE"),
        ("mysql://root@localhost/x", "got 'mysql'"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("postgresql://localhost/x?sslmode=maybe", "sslmode is one of disable"),
    ],
)
def test_addresses_that_are_none(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        open_database(url)


def test_sqlite_settings(tmp_path: Path) -> None:
    # Characters that mean something in a URI, and folders to be made.
    path = tmp_path / "a?b#c%20" / "store.db"
    engine = open_database(make_url("sqlite://").set(database=str(path)).render_as_string())
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA busy_timeout")) == sqlite_store.PATIENCE * 1000
    assert path.stat().st_mode & 0o777 == 0o600
    assert database.write(engine, text("PRAGMA synchronous")) == [{"synchronous": 2}]  # FULL
    assert database.write(engine, text("PRAGMA synchronous"), recoverable=True) == [{"synchronous": 1}]  # NORMAL
    engine.dispose()


def test_files_that_are_no_database(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("This is no database. " * 100)
    (tmp_path / "folder").mkdir()
    for name in ("text", "folder", "text/store.db"):
        with pytest.raises(StoreUnavailable, match=f"cannot open the database {tmp_path}/{name}"):
            open_database(f"sqlite:///{tmp_path}/{name}")


def _uses(engine: Engine, new: NewJob) -> dict[str, Callable[[], object]]:
    """Every method of both stores, with arguments that would do."""
    store, tokens = JobStore(engine), TokenStore(engine)
    record = store.submit(new)
    return {
        "submit": lambda: store.submit(new),
        "get": lambda: store.get("local", "job"),
        "list": lambda: store.list("local", where=parse_filter("jobId:j*")),
        "position": lambda: store.position(record),
        "relabel": lambda: store.relabel("local", "job", {}),
        "cancel": lambda: store.cancel("local", "job"),
        "claim": lambda: store.claim("a", "host", now=0.0, lease=20.0),
        "adopt": lambda: store.adopt("a", "host", now=0.0, lease=20.0),
        "renew": lambda: store.renew("a", now=0.0, lease=20.0),
        "change": lambda: store.change(record, note="x"),
        "requeue": lambda: store.requeue(record, not_before=0.0, faults=0, progress=0),
        "overdue": lambda: store.overdue(now=0.0),
        "create": lambda: tokens.create("ci", "viewer"),
        "check": lambda: tokens.check("x"),
        "revoke": lambda: tokens.revoke("ci"),
        "tokens": tokens.list,
    }


WRITES = ("submit", "relabel", "cancel", "claim", "change", "requeue", "create", "revoke")


def test_sqlite_that_another_process_holds(tmp_path: Path, new_job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "PATIENCE", 0.05)
    engine = open_database(f"sqlite:///{tmp_path}/store.db")
    uses = _uses(engine, new_job())
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for name in WRITES:
        with pytest.raises(StoreUnavailable, match=r"store\.db cannot be reached: database is locked; try again later"):
            uses[name]()
    assert uses["get"]() is not None
    other.execute("ROLLBACK")
    other.close()
    uses["cancel"]()
    engine.dispose()


def test_sqlite_whose_file_is_away(tmp_path: Path, new_job: Make) -> None:
    path, away = tmp_path / "store.db", tmp_path / "away.db"
    engine = open_database(f"sqlite:///{path}")
    uses = _uses(engine, new_job())
    engine.dispose()  # the last connection folds the write-ahead log into the file
    path.rename(away)
    for use in uses.values():
        with pytest.raises(StoreUnavailable, match="unable to open database file"):
            use()
    assert not path.exists()
    away.rename(path)
    assert uses["get"]() is not None
    engine.dispose()


class Gate:
    """A TCP door to a server, which can be shut: open connections break and new ones are refused."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._links: list[socket.socket] = []
        self._server: socketserver.ThreadingTCPServer | None = None

    def open(self) -> None:
        gate = self

        class Link(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                far = socket.create_connection(gate._target)
                gate._links += [self.request, far]
                back = threading.Thread(target=_pump, args=(far, self.request))
                back.start()
                _pump(self.request, far)
                back.join()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", self.port), Link)
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()

    def shut(self) -> None:
        if self._server is None:
            return
        self._server.shutdown()
        for link in self._links:
            _end(link)
        self._server.server_close()
        for link in self._links:
            link.close()
        self._links, self._server = [], None


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _end(source)
    _end(target)


def _end(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gate(empty_postgres_url: str) -> Iterator[tuple[Gate, str]]:
    """A gate before the database, and the URL that leads through it."""
    url = make_url(empty_postgres_url)
    gate = Gate(url.host or "127.0.0.1", url.port or 5432)
    gate.open()
    yield gate, url.set(host="127.0.0.1", port=gate.port).render_as_string(hide_password=False)
    gate.shut()


def test_postgres_that_goes_away_and_comes_back(gate: tuple[Gate, str], new_job: Make) -> None:
    door, url = gate
    engine = open_database(url)
    uses = _uses(engine, new_job())
    door.shut()
    started = time.monotonic()
    for use in uses.values():
        with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{door.port}/.* cannot be reached: .*; try again later"):
            use()
    with pytest.raises(StoreUnavailable):
        open_database(url)
    assert time.monotonic() - started < 20
    door.open()
    assert JobStore(engine).get("local", "job").state == "QUEUED"
    engine.dispose()


def test_postgres_that_ends_our_connections(empty_postgres_url: str, new_job: Make) -> None:
    url = empty_postgres_url
    engine, other = open_database(url), open_database(url)
    store = JobStore(engine)
    store.submit(new_job())
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with other.connect() as connection:
        connection.execute(text(f"{end} AND pid <> pg_backend_pid()"))
    assert store.cancel("local", "job").state == "CANCELLED"
    with pytest.raises(StoreUnavailable), database.writing(engine) as connection:
        with other.connect() as killer:
            killer.execute(text(f"{end} AND pid <> pg_backend_pid()"))
        connection.execute(text("SELECT 1"))
    assert store.get("local", "job").state == "CANCELLED"
    engine.dispose()
    other.dispose()


# pg8000 leaves it to the garbage collector to close the socket of a log-in that was refused.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_postgres_that_lets_nobody_in(empty_postgres_url: str) -> None:
    url = make_url(empty_postgres_url)
    for wrong in (url.set(database="no_such_database"), url.set(username="nobody_at_all")):
        with pytest.raises(StoreUnavailable, match="does not exist|authentication failed"):
            open_database(wrong.render_as_string(hide_password=False))
    gc.collect()


def test_passwords_are_not_told() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_database("postgresql://me:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(caught.value)
    assert "me:***@127.0.0.1:1/x cannot be reached" in str(caught.value)
