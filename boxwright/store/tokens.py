"""Bearer tokens: who may do what. A secret is shown once; what is kept is its SHA-256."""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from boxwright.store.database import fetch, write
from boxwright.store.schema import sessions, tokens

Role = Literal["viewer", "annotator", "trainer", "admin"]

ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""

PREFIX = "bw_"
SESSION_PREFIX = "bs_"
"""Of every secret of a token and of a browser's session, so that a leaked one is recognised."""


class TokenExists(ValueError):
    """The name is taken by a token that has not been revoked."""


class TokenMissing(LookupError):
    """There is no such token."""


@dataclass(frozen=True)
class TokenRecord:
    """A token without its secret. Times are in seconds since 1970; `revoke_time` is None while it is good."""

    name: str
    role: Role
    create_time: float
    revoke_time: float | None = None

    def may(self, role: Role) -> bool:
        """Whether its role includes another."""
        return ROLES.index(self.role) >= ROLES.index(role)


class TokenStore:
    """All tokens. Every method raises StoreUnavailable while the database cannot be reached."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, name: str, role: Role) -> str:
        """Make a token and give its secret, which cannot be had again.

        Raises:
            ValueError: no such role, or no name.
            TokenExists: the name is taken.
        """
        if role not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}, got {role!r}")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}", name):
            raise ValueError(
                f"a token's name is 1 to 63 letters, digits and _.@- and starts with a letter or digit, got {name!r}"
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        values = {"name": name, "role": role, "digest": digest_of(secret), "create_time": time.time()}
        try:
            write(self._engine, insert(tokens).values(**values))
        except IntegrityError as error:
            raise TokenExists(f"there is a token named {name} already; revoke it, or choose another name") from error
        return secret

    def check(self, secret: str) -> TokenRecord | None:
        """The token of a secret, its own or that of a session, or None for one that is unknown, revoked or over.

        Looked up by hash: the time it takes says nothing about the secret.
        """
        query = select(*_COLUMNS).where(tokens.c.revoke_time.is_(None))
        if secret.startswith(SESSION_PREFIX):
            query = query.join(sessions, sessions.c.token_uid == tokens.c.uid)
            query = query.where(sessions.c.digest == digest_of(secret), sessions.c.expire_time > time.time())
        else:
            query = query.where(tokens.c.digest == digest_of(secret))
        rows = fetch(self._engine, query)
        return TokenRecord(**rows[0]) if rows else None

    def revoke(self, name: str) -> None:
        """From now on the token is good for nothing; its name can be given to another.

        Raises:
            TokenMissing: no good token has this name.
        """
        named = update(tokens).where(tokens.c.name == name, tokens.c.revoke_time.is_(None))
        if not write(self._engine, named.values(revoke_time=time.time()).returning(tokens.c.uid)):
            raise TokenMissing(f"there is no token named {name}, or it has been revoked")

    def list(self) -> "list[TokenRecord]":
        """All tokens by name, revoked ones too."""
        query = select(*_COLUMNS).order_by(tokens.c.name, tokens.c.uid)
        return [TokenRecord(**row) for row in fetch(self._engine, query)]


_COLUMNS = (tokens.c.name, tokens.c.role, tokens.c.create_time, tokens.c.revoke_time)


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
