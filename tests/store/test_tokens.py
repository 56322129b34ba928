"""Tokens: a secret opens until it is revoked, and is kept nowhere."""

import hashlib

import pytest
from sqlalchemy import Engine, select

from boxwright.store import ROLES, Role, TokenExists, TokenMissing, TokenRecord, TokenStore
from boxwright.store.schema import tokens


def test_a_secret_gives_its_token(token_store: TokenStore) -> None:
    secret = token_store.create("ci", "trainer")
    found = token_store.check(secret)
    assert found is not None
    assert (found.name, found.role, found.revoke_time) == ("ci", "trainer", None)


@pytest.mark.parametrize("secret", ["", "bw_", "ci", "bw_" + "x" * 43, "\ud800", "\0"])
def test_other_secrets_give_none(token_store: TokenStore, secret: str) -> None:
    token_store.create("ci", "admin")
    assert token_store.check(secret) is None


def test_only_the_hash_is_kept(token_store: TokenStore, engine: Engine) -> None:
    secret = token_store.create("ci", "viewer")
    with engine.connect() as connection:
        row = connection.execute(select(tokens)).mappings().one()
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert not any(secret in str(value) for value in row.values())


def test_a_revoked_token_is_none_any_more_and_its_name_is_free(token_store: TokenStore) -> None:
    old = token_store.create("ci", "admin")
    token_store.revoke("ci")
    new = token_store.create("ci", "viewer")
    assert token_store.check(old) is None
    assert [(one.role, one.revoke_time is None) for one in token_store.list()] == [("admin", False), ("viewer", True)]
    found = token_store.check(new)
    assert found is not None
    assert found.role == "viewer"


def test_names_are_given_once(token_store: TokenStore) -> None:
    token_store.create("ci", "admin")
    with pytest.raises(TokenExists, match="a token named ci already; revoke it, or choose another"):
        token_store.create("ci", "viewer")


def test_only_a_good_token_can_be_revoked(token_store: TokenStore) -> None:
    token_store.create("ci", "admin")
    token_store.revoke("ci")
    for name in ("ci", "other"):
        with pytest.raises(TokenMissing, match=f"no token named {name}"):
            token_store.revoke(name)


def test_lists_by_name(token_store: TokenStore) -> None:
    for name in ("b", "a", "C"):
        token_store.create(name, "viewer")
    assert [one.name for one in token_store.list()] == ["C", "a", "b"]


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "x" * 64])
def test_bad_names(token_store: TokenStore, name: str) -> None:
    with pytest.raises(ValueError, match="a token's name is 1 to 63"):
        token_store.create(name, "viewer")


def test_bad_roles(token_store: TokenStore) -> None:
    with pytest.raises(ValueError, match="a role is one of viewer, annotator, trainer, admin, got 'root'"):
        token_store.create("ci", "root")  # type: ignore[arg-type]  # what a request may hold


@pytest.mark.parametrize(("role", "included"), [("viewer", 1), ("annotator", 2), ("trainer", 3), ("admin", 4)])
def test_roles_include_those_before(role: Role, included: int) -> None:
    assert [TokenRecord("ci", role, 0.0).may(other) for other in ROLES] == [n < included for n in range(4)]
