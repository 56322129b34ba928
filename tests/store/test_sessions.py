"""Tests of the sessions of browsers."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from boxwright.store import schema
from boxwright.store.database import fetch, open_database, write
from boxwright.store.sessions import BROWSER_LENGTH, LIFETIME, SessionStore
from boxwright.store.tokens import TokenStore


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def tokens(engine: Engine) -> TokenStore:
    return TokenStore(engine)


@pytest.fixture
def sessions(engine: Engine) -> SessionStore:
    return SessionStore(engine)


def test_a_session_counts_as_its_token(tokens: TokenStore, sessions: SessionStore) -> None:
    secret = sessions.open(tokens.create("lab", "trainer"), "Browser 1")
    assert secret is not None
    assert secret.startswith("bs_")
    found = tokens.check(secret)
    assert found is not None
    assert (found.name, found.role) == ("lab", "trainer")
    (listed,) = sessions.list()
    assert (listed.token, listed.browser) == ("lab", "Browser 1")
    assert listed.expire_time - listed.create_time == LIFETIME


def test_only_a_good_token_opens_one(tokens: TokenStore, sessions: SessionStore) -> None:
    secret = tokens.create("lab", "viewer")
    session = sessions.open(secret)
    assert session is not None
    assert sessions.open("bw_nothing") is None
    assert sessions.open(session) is None  # or a stolen session could be made to live on
    tokens.revoke("lab")
    assert sessions.open(secret) is None


def test_it_is_over_when_it_is_closed_or_ended_or_its_token_revoked(tokens: TokenStore, sessions: SessionStore) -> None:
    token = tokens.create("lab", "viewer")
    closed, ended, revoked = (str(sessions.open(token)) for _ in range(3))
    sessions.close(closed)
    assert tokens.check(closed) is None
    assert tokens.check(ended) is not None
    uid = sessions.list()[1].uid
    assert not sessions.end(uid, "another")
    assert sessions.end(uid, "lab")
    assert not sessions.end(uid)
    assert tokens.check(ended) is None
    tokens.revoke("lab")
    assert tokens.check(revoked) is None
    assert sessions.list() == []


def test_it_is_over_after_its_time(engine: Engine, tokens: TokenStore, sessions: SessionStore) -> None:
    token = tokens.create("lab", "viewer")
    secret = str(sessions.open(token))
    write(engine, update(schema.sessions).values(expire_time=time.time() - 1))
    assert tokens.check(secret) is None
    assert sessions.list("lab") == []
    sessions.open(token)
    assert len(fetch(engine, select(schema.sessions))) == 1  # the old row is gone


def test_secrets_are_not_kept_and_browsers_cut_short(
    engine: Engine, tokens: TokenStore, sessions: SessionStore
) -> None:
    secret = str(sessions.open(tokens.create("lab", "viewer"), "x" * 5000))
    (row,) = fetch(engine, select(schema.sessions))
    assert secret not in str(dict(row))
    assert len(row["browser"]) == BROWSER_LENGTH
