"""Requests that are too large."""

import http.client
import resource
import socket
from collections.abc import Iterator
from typing import Any

import httpx

GB = 10**9
PATH = "/v1/projects/local/jobs"


def test_a_body_that_says_it_has_2_gb_is_refused_unread(served: Any) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {2 * GB}\r\n\r\n"
        connection.sendall(head.encode() + b'{"jobId": "')
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert b'"code":413' in answer.read()
        assert answer.headers["connection"] == "close"


def test_2_gb_in_chunks_are_refused_without_holding_them(served: Any) -> None:
    """The sender gives up at the latest when the connection is closed; the server never holds what has come."""
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        chunk = b" " * 2_000_000
        while sent < 2 * GB:
            sent += len(chunk)
            yield chunk

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        answer = served.client().post(PATH, content=chunks())
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.ReadError):  # closed while it was still sending
        assert sent < 2 * GB
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 100e6
    assert served.client().get(PATH).status_code == 200


def test_a_body_in_chunks_that_is_too_large_is_told_so(served: Any) -> None:
    answer = served.client().post(PATH, content=iter([b" " * 60_000] * 10))
    assert answer.status_code == 413
    assert "at most 100,000 bytes" in answer.json()["error"]["message"]


def test_a_large_body_that_is_sent_whole_gets_its_answer(served: Any) -> None:
    answer = served.client().post(PATH, content=b" " * 5_000_000)
    assert answer.status_code == 413
    assert answer.json()["error"] == {
        "code": 413,
        "message": "a request may have at most 100,000 bytes (the server's --max-request-bytes)",
        "status": "INVALID_ARGUMENT",
    }


def test_a_body_of_just_the_limit_is_read(served: Any) -> None:
    body = b'{"jobId": "one", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}'
    assert served.client().post(PATH, content=body.ljust(100_000)).status_code == 200
    assert served.client().post(PATH, content=body.ljust(100_001)).status_code == 413
    assert served.client().post(PATH, content=iter([body.ljust(100_001)])).status_code == 413
