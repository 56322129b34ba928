"""How pages reach the API: by requests, in process, with the session of the browser that looks at the page."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI

from boxwright.client import ServerError, read_error

TIMEOUT = 60.0
"""Seconds for an answer."""


class Api:
    """Sends requests to an app of this process as a signed-in browser.

    Every method gives the answer's JSON object, and raises ServerError where the API refuses: it holds the HTTP
    status, the API's words, and the fields at fault.

    Args:
        app: that answers.
        secret: of the browser's session.
    """

    def __init__(self, app: FastAPI, secret: str) -> None:
        self.secret = secret
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://console",
            headers={"Authorization": f"Bearer {secret}"},
            timeout=TIMEOUT,
        )

    async def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """GET; a query's values that are empty or None are left out."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, /, **query: Any) -> dict[str, Any]:
        return await self._ask("POST", path, body or {}, query)

    async def patch(self, path: str, body: Mapping[str, Any], /, **query: Any) -> dict[str, Any]:
        return await self._ask("PATCH", path, body, query)

    async def delete(self, path: str, /, **query: Any) -> dict[str, Any]:
        return await self._ask("DELETE", path, query=query)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        given = {name: value for name, value in (query or {}).items() if value not in ("", None)}
        answer = await self._http.request(method, path, params=given or None, json=body)
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ServerError:
    try:
        return read_error(answer.json()["error"])
    except (ValueError, LookupError, TypeError, AttributeError):  # a fault of the server: it has no words for it
        return ServerError(answer.status_code, "INTERNAL", f"HTTP {answer.status_code} {answer.reason_phrase}")
