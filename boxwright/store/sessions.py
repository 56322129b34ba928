"""Sessions: a browser's cookie stands for a token until it is signed out, expires, or the token is revoked."""

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from boxwright.store.database import fetch, write
from boxwright.store.schema import sessions, tokens
from boxwright.store.tokens import SESSION_PREFIX, digest_of

LIFETIME = 30 * 24 * 3600.0
"""Seconds until a session is over by itself."""

BROWSER_LENGTH = 200
"""Characters kept of what a browser says of itself."""


@dataclass(frozen=True)
class SessionRecord:
    """A session without its secret.

    Attributes:
        uid: its number, by which it can be ended.
        token: name of the token that it stands for.
        browser: what the browser said of itself.
        create_time, expire_time: seconds since 1970.
    """

    uid: int
    token: str
    browser: str
    create_time: float
    expire_time: float


class SessionStore:
    """All sessions. Every method raises StoreUnavailable while the database cannot be reached.

    `TokenStore.check` takes their secrets as it takes those of tokens.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, token: str, browser: str = "") -> str | None:
        """Begin a session and give its secret, which cannot be had again; None for a token that is not good.

        Args:
            token: the secret of a token; that of a session opens none.
            browser: what it says of itself.
        """
        query = select(tokens.c.uid).where(tokens.c.digest == digest_of(token), tokens.c.revoke_time.is_(None))
        rows = fetch(self._engine, query)
        if not rows:
            return None
        now = time.time()
        write(self._engine, delete(sessions).where(sessions.c.expire_time < now))
        secret = SESSION_PREFIX + secrets.token_urlsafe(32)
        values = {"token_uid": rows[0]["uid"], "digest": digest_of(secret), "browser": browser[:BROWSER_LENGTH]}
        write(self._engine, insert(sessions).values(**values, create_time=now, expire_time=now + LIFETIME))
        return secret

    def close(self, secret: str) -> None:
        """From now on the secret is good for nothing; that of no session is nothing already."""
        write(self._engine, delete(sessions).where(sessions.c.digest == digest_of(secret)))

    def end(self, uid: int, token: str = "") -> bool:
        """End a session by its number, if it is one of the named token's; whether there was one."""
        found = delete(sessions).where(sessions.c.uid == uid)
        if token:
            found = found.where(sessions.c.token_uid.in_(select(tokens.c.uid).where(tokens.c.name == token)))
        return bool(write(self._engine, found.returning(sessions.c.uid)))

    def number_of(self, secret: str) -> int | None:
        """The number of the session that a secret is of; None where it is of none."""
        rows = fetch(self._engine, select(sessions.c.uid).where(sessions.c.digest == digest_of(secret)))
        return int(rows[0]["uid"]) if rows else None

    def list(self, token: str = "") -> "list[SessionRecord]":
        """Sessions that are not over, the newest first: all, or those of the token of this name."""
        query = (
            select(sessions.c.uid, tokens.c.name.label("token"), *_COLUMNS)
            .join(tokens, tokens.c.uid == sessions.c.token_uid)
            .where(sessions.c.expire_time > time.time(), tokens.c.revoke_time.is_(None))
            .order_by(sessions.c.uid.desc())
        )
        rows = fetch(self._engine, query.where(tokens.c.name == token) if token else query)
        return [SessionRecord(**row) for row in rows]


_COLUMNS = (sessions.c.browser, sessions.c.create_time, sessions.c.expire_time)
