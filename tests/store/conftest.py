"""The same tests on SQLite and on a real PostgreSQL (`export BOXWRIGHT_TEST_POSTGRES=$(scripts/postgres)`)."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from boxwright.store import JobStore, NewJob, TokenStore, open_database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An own database on the PostgreSQL server for tests, dropped at the end of the session."""
    server = os.environ.get("BOXWRIGHT_TEST_POSTGRES")
    if not server:
        pytest.skip("no PostgreSQL: BOXWRIGHT_TEST_POSTGRES is not set")
    url = make_url(server).set(drivername="postgresql+pg8000")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"boxwright_test_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def empty_postgres_url(postgres_url: str) -> str:
    """The same database without tables."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without jobs."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path}/store.db")
        yield engine
        engine.dispose()
        return
    engine = open_database(request.getfixturevalue("postgres_url"))
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE jobs, tokens, models, versions, operations, datasets"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def store(engine: Engine) -> JobStore:
    return JobStore(engine)


@pytest.fixture
def token_store(engine: Engine) -> TokenStore:
    return TokenStore(engine)


@pytest.fixture
def new_job() -> Callable[..., NewJob]:
    """Makes jobs that differ in name and folder."""

    def make(job_id: str = "job", **fields: object) -> NewJob:
        values = {"project": "local", "kind": "wait", "request": {"jobId": job_id}, "job_dir": f"/jobs/{job_id}"}
        return NewJob(job_id=job_id, **{**values, **fields})  # type: ignore[arg-type]  # fields of NewJob, of any type

    return make
