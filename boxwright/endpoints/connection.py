"""HTTP to a worker process over its Unix socket. One of the two doors to httpx."""

import socket

import httpx

from boxwright.endpoints.message import Answer, Call

PING_TIMEOUT = 2.0
CONNECT_TIMEOUT = 5.0

ANSWER_TIMEOUT = 120.0
"""Seconds of silence after which an answer is waited for no longer; the worker's own limit is mostly shorter."""

IDLE = 2.0
"""Seconds after which a connection without requests is closed: sooner than the worker closes it."""

BASE = "http://worker"


class NotReached(ConnectionError):
    """The worker does not accept connections; the request has not reached it."""


class Lost(ConnectionError):
    """The worker ended while it had the request; whether it worked on it is not known."""


class TooSlow(TimeoutError):
    """The worker has the request, but gives no answer."""


class Connection:
    """Kept-alive connections to one worker; to be used and closed within one event loop.

    Args:
        path: of the worker's Unix socket.
    """

    def __init__(self, path: str) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=path, limits=httpx.Limits(max_connections=None, keepalive_expiry=IDLE)
            ),
            timeout=httpx.Timeout(ANSWER_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None),
        )

    async def send(self, call: Call) -> Answer:
        """The worker's answer, read to its end, so that a request whose answer breaks off can be sent again.

        Raises:
            NotReached, Lost, TooSlow: there is no answer.
        """
        url = httpx.URL(BASE, raw_path=call.target)
        request = httpx.Request(call.method, url, headers=list(call.headers), content=call.body)
        try:
            answer = await self._http.send(request, stream=True)
            try:
                body = b"".join([part async for part in answer.aiter_raw()])
            finally:
                await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotReached(str(error)) from error
        except httpx.TimeoutException as error:
            raise TooSlow(str(error)) from error
        except httpx.TransportError as error:
            raise Lost(str(error)) from error
        return Answer(answer.status_code, tuple(answer.headers.raw), body)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def ping(path: str) -> bool:
    """Whether the worker on a Unix socket says that its model is loaded; waits at most two seconds."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PING_TIMEOUT)
            connection.connect(path)
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False
