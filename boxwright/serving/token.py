"""Who may use a served model: those who send its token. ASGI middleware around all contracts."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from boxwright.serving.rejection import Rejection, form_of

OPEN = ("/ping", "/health", "/v2/health/live", "/v2/health/ready")
"""Addresses that load balancers ask without a token."""

SIGNED = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/")
"""The beginning of a request that AWS's clients have signed; the group is the access key's id."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="boxwright"'}


class TokenRequired:
    """ASGI middleware that refuses requests without the token.

    A token comes as `Authorization: Bearer TOKEN`; as the password of HTTP Basic, which is what Label Studio sends; or
    as the access key's id of a signature of AWS, which is what boto3 sends. The signature itself is not looked at.

    Args:
        app: what is guarded.
        token: that is asked for.
        routers: know in which form an address is told that it is refused.
    """

    def __init__(self, app: ASGIApp, token: str, routers: Iterable[APIRouter]) -> None:
        self.app, self.routers = app, tuple(routers)
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN or self._is_known(_given(scope)):
            await self.app(scope, receive, send)
            return
        message = "this model needs its token; send 'Authorization: Bearer TOKEN'"
        answer = Rejection(401, message, headers=CHALLENGE).answer(form_of(scope, self.routers))
        await answer(scope, receive, send)

    def _is_known(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token)


def read_token(path: Path) -> str:
    """The token that a file holds. Raises: OSError; ValueError: the file is empty."""
    token = path.expanduser().read_text("utf-8").strip()
    if not token:
        raise ValueError(f"the token file {path} is empty; write a token into it, such as 'openssl rand -hex 32' gives")
    return token


def _given(scope: Scope) -> str:
    """The token of a request, empty where it has none."""
    header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    signed = SIGNED.match(header)
    if signed:
        return signed.group(1)
    kind, _, value = header.partition(" ")
    if kind.lower() == "basic":
        return _password(value)
    return value.strip() if kind.lower() == "bearer" else ""


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
