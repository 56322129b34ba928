"""Tests of the client against a real HTTP server that answers as it is told to."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from boxwright.client import Address, Client, LogLine, ServerError, Unreachable, find_server

Answer = Callable[["Handler"], None]

REFUSED = {
    "error": {
        "code": 400,
        "status": "INVALID_ARGUMENT",
        "message": "the job has faults",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "trainingInput.args", "description": "unknown argument"}],
            }
        ],
    }
}


class Handler(BaseHTTPRequestHandler):
    """Notes each request and gives the next answer."""

    server: "Scripted"

    def do(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "")
        self.server.seen.append((self.command, url.path, dict(parse_qsl(url.query)), json.loads(body or "null"), token))
        self.server.answers.pop(0)(self)

    do_GET = do_POST = do_PATCH = do

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def start(self, code: int = 200, kind: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.end_headers()


class Scripted(ThreadingHTTPServer):
    """A server with a list of answers."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str, dict[str, str], Any, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def gives(values: Any, code: int = 200) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(code)
        handler.wfile.write(json.dumps(values).encode())

    return answer


def fails(code: int, status: str) -> Answer:
    return gives({"error": {"code": code, "status": status, "message": "no"}}, code)


def streams(*lines: str, broken: bool = False) -> Answer:
    """A stream of lines; a broken one ends with a reset connection, in the middle of a line."""

    def answer(handler: Handler) -> None:
        handler.start(kind="application/x-ndjson")
        handler.wfile.write("".join(f"{line}\n" for line in lines).encode() + (b'{"offset": 9' if broken else b""))
        handler.wfile.flush()
        if broken:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            time.sleep(0.05)  # what was written must be read before the reset
            handler.connection.close()

    return answer


def says(offset: int, text: str) -> str:
    return json.dumps({"offset": offset, "time": "2026-11-22T06:28:57Z", "text": text})


END = '{"state": "SUCCEEDED"}'


@contextmanager
def scripted(port: int = 0) -> Iterator[Scripted]:
    with Scripted(port) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as one:
        yield one
        assert one.answers == []


@pytest.fixture
def client(server: Scripted) -> Iterator[Client]:
    with Client(Address(server.url, "cells", "secret"), timeout=5) as one:
        yield one


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SERVER", "PROJECT", "TOKEN"):
        monkeypatch.delenv(f"BOXWRIGHT_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_each_method_is_one_request(server: Scripted, client: Client) -> None:
    job = {"jobId": "one", "state": "QUEUED"}
    server.answers += [gives(job), gives(job), gives({})]
    assert client.submit({"jobId": "one"}) == job
    assert client.get("one") == job
    client.cancel("one")
    assert server.seen == [
        ("POST", "/v1/projects/cells/jobs", {}, {"jobId": "one"}, "Bearer secret"),
        ("GET", "/v1/projects/cells/jobs/one", {}, None, "Bearer secret"),
        ("POST", "/v1/projects/cells/jobs/one:cancel", {}, {}, "Bearer secret"),
    ]
    assert client.uri("one") == f"{server.url}/v1/projects/cells/jobs/one"


def test_a_strange_id_stays_one_part_of_the_path(server: Scripted, client: Client) -> None:
    server.answers += [gives({})]
    client.get("../a?b#c")
    assert server.seen[0][1] == "/v1/projects/cells/jobs/..%2Fa%3Fb%23c"


def test_all_pages_are_read_as_they_are_needed(server: Scripted, client: Client) -> None:
    first, second = [{"jobId": f"j{n}"} for n in range(2)], [{"jobId": "j2"}]
    server.answers += [gives({"jobs": first, "nextPageToken": "t/1"}), gives({"jobs": second})]
    found = client.jobs("state:FAILED", page_size=2)
    assert [next(found), next(found)] == first
    assert len(server.seen) == 1
    assert list(found) == second
    asked = {"filter": "state:FAILED", "pageSize": "2"}
    assert [query for _, _, query, _, _ in server.seen] == [asked, {**asked, "pageToken": "t/1"}]


def test_an_empty_page_is_no_job(server: Scripted, client: Client) -> None:
    server.answers += [gives({})]
    assert list(client.jobs()) == []


def test_labels_are_changed_again_when_somebody_else_was_faster(server: Scripted, client: Client) -> None:
    server.answers += [
        gives({"labels": {"a": "1"}, "etag": "x"}),
        fails(409, "ABORTED"),
        gives({"labels": {"a": "1", "b": "2"}, "etag": "y"}),
        gives({"done": True}),
    ]
    assert client.relabel("one", lambda labels: labels | {"c": "3"}) == {"done": True}
    assert server.seen[3][2:4] == (
        {"updateMask": "labels,etag"},
        {"labels": {"a": "1", "b": "2", "c": "3"}, "etag": "y"},
    )


def test_labels_that_others_always_change_are_given_up(server: Scripted, client: Client) -> None:
    server.answers += 5 * [gives({"etag": "x"}), fails(409, "ABORTED")]
    with pytest.raises(ServerError, match="ABORTED: no"):
        client.relabel("one", dict)


def test_a_refusal_says_everything(server: Scripted, client: Client) -> None:
    server.answers += [gives(REFUSED, 400)]
    with pytest.raises(ServerError) as refused:
        client.submit({})
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    assert str(refused.value) == "INVALID_ARGUMENT: the job has faults\n  trainingInput.args: unknown argument"
    assert [str(fault) for fault in refused.value.violations] == ["trainingInput.args: unknown argument"]


@pytest.mark.parametrize("body", ["<html>", [1], {"error": "no"}, {"error": {"code": "x"}}, {}])
def test_errors_of_others_are_told_by_their_number(server: Scripted, client: Client, body: Any) -> None:
    server.answers += [gives(body, 502)]
    with pytest.raises(ServerError, match="HTTP 502 Bad Gateway"):
        client.get("one")


def test_an_answer_that_is_not_json(server: Scripted, client: Client) -> None:
    server.answers += [streams("<html>")]
    with pytest.raises(ServerError, match="is no Boxwright server; check --server"):
        client.get("one")


def test_nobody_answers() -> None:
    with scripted() as gone:
        url = gone.url
    with Client(Address(url)) as client:
        for ask in (lambda: client.get("one"), lambda: list(client.follow("one"))):
            with pytest.raises(Unreachable) as refused:
                ask()
            assert f"no server answers at {url}" in str(refused.value)
            assert "start one with `boxwright server`" in str(refused.value)


def test_a_lost_answer_says_that_the_job_may_be_there(server: Scripted, client: Client) -> None:
    server.answers += [lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)]
    with pytest.raises(Unreachable, match="the answer of .* was lost .* `boxwright jobs list` says"):
        client.submit({})


def test_proxies_are_not_asked_for_this_machine(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.answers += [gives({"jobId": "one"})]
    with Client(Address(server.url)) as client:
        assert client.get("one") == {"jobId": "one"}
    assert server.seen[0][4] == ""


def test_lines_are_followed_until_the_job_ends(server: Scripted, client: Client) -> None:
    line = {"offset": 9, "time": "", "text": "b", "severity": "ERROR", "task": "worker-1", "trial": "3"}
    server.answers += [streams(says(4, "a\u2028a"), "", json.dumps(line), END, says(20, "never"))]
    assert list(client.follow("one", 2)) == [
        LogLine(4, "2026-11-22T06:28:57Z", "a\u2028a"),
        LogLine(9, "", "b", "ERROR", "worker-1", "3"),
    ]
    assert server.seen[0][1:3] == ("/v1/projects/cells/jobs/one/log", {"offset": "2", "follow": "true"})


def test_a_line_comes_before_the_stream_ends(server: Scripted, client: Client) -> None:
    got = threading.Event()

    def answer(handler: Handler) -> None:
        handler.start()
        handler.wfile.write(f"{says(4, 'a')}\n".encode())
        assert got.wait(5)
        handler.wfile.write(f"{END}\n".encode())

    server.answers += [answer]
    lines = client.follow("one")
    assert next(lines).text == "a"
    got.set()
    assert list(lines) == []


def test_a_broken_stream_goes_on_where_it_was(server: Scripted, client: Client) -> None:
    server.answers += [
        streams(says(4, "a"), says(8, "b"), broken=True),
        fails(503, "UNAVAILABLE"),
        streams(says(12, "c")),
        streams(json.dumps({"error": {"code": 503, "status": "UNAVAILABLE", "message": "stopping"}})),
        streams("no json"),
        streams(END),
    ]
    told: list[str] = []
    lines = list(client.follow("one", longest_wait=0.01, told=told.append))
    assert [line.text for line in lines] == ["a", "b", "c"]
    assert [query["offset"] for _, _, query, _, _ in server.seen] == ["0", "8", "8", "12", "12", "12"]
    assert len(told) == 2  # once for each time that lines had come before
    assert told[0].endswith("; trying again")


def test_a_restarted_server_is_found_again() -> None:
    with scripted() as before:
        before.answers += [streams(says(4, "a"), broken=True)]
        url, port = before.url, before.server_address[1]
        with Client(Address(url)) as client:
            lines = client.follow("one", longest_wait=0.02)
            assert next(lines).text == "a"
            before.shutdown()
            before.server_close()
            late: list[Scripted] = []

            def start() -> None:
                time.sleep(0.1)
                with scripted(port) as after:
                    late.append(after)
                    after.answers += [streams(says(8, "b"), END)]
                    while after.answers:
                        time.sleep(0.01)
                    time.sleep(0.05)

            restart = threading.Thread(target=start)
            restart.start()
            assert [line.text for line in lines] == ["b"]
            restart.join()
    assert [query["offset"] for _, _, query, _, _ in late[0].seen] == ["4"]


def test_patience_has_an_end(server: Scripted, client: Client) -> None:
    server.answers += [streams(says(4, "a")), *100 * [fails(503, "UNAVAILABLE")]]
    with pytest.raises(Unreachable, match="the server answers 503"):
        list(client.follow("one", longest_wait=0.01, patience=0.05))
    server.answers.clear()


def test_a_silent_stream_counts_as_broken(server: Scripted) -> None:
    silence = threading.Event()

    def answer(handler: Handler) -> None:
        handler.start()
        silence.wait(5)

    server.answers += [answer, streams(END)]
    with Client(Address(server.url), timeout=0.1) as client:
        assert list(client.follow("one", longest_wait=0.01)) == []
    silence.set()


@pytest.mark.parametrize("stage", ["answer", "line"])
def test_a_refused_stream_is_not_tried_again(server: Scripted, client: Client, stage: str) -> None:
    error = {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "this token was revoked"}}
    server.answers += [gives(error, 401) if stage == "answer" else streams(says(4, "a"), json.dumps(error))]
    with pytest.raises(ServerError, match="UNAUTHENTICATED: this token was revoked"):
        list(client.follow("one"))


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_server() == Address("http://127.0.0.1:8600", "local", "")
    monkeypatch.setenv("BOXWRIGHT_SERVER", "https://box.example/")
    monkeypatch.setenv("BOXWRIGHT_PROJECT", "cells")
    monkeypatch.setenv("BOXWRIGHT_TOKEN", "secret")
    assert find_server() == Address("https://box.example", "cells", "secret")
    assert find_server("http://other:1", "more") == Address("http://other:1", "more", "secret")


@pytest.mark.parametrize("server", ["", "http://localhost:99", "https://[::1]", "http://127.0.0.9:8600"])
def test_a_server_on_this_machine_gets_the_token_that_it_left(server: str, tmp_path: Path) -> None:
    (tmp_path / ".boxwright").mkdir()
    (tmp_path / ".boxwright" / "token").write_text("left\n")
    assert find_server(server).token == "left"
    os.rename(tmp_path / ".boxwright", tmp_path / "elsewhere")
    assert find_server(server).token == ""
    assert find_server(server, data_dir=tmp_path / "elsewhere").token == "left"


@pytest.mark.parametrize("server", ["http://box.example", "http://10.0.0.1:8600", "http://localhost.example"])
def test_the_token_goes_nowhere_else(server: str, tmp_path: Path) -> None:
    (tmp_path / ".boxwright").mkdir()
    (tmp_path / ".boxwright" / "token").write_text("left")
    assert find_server(server).token == ""


@pytest.mark.parametrize("server", ["127.0.0.1:8600", "ftp://host", "http://", "http://host:port", "http://host:99999"])
def test_addresses_that_are_none(server: str) -> None:
    with pytest.raises(ValueError, match="must be a URL such as http://127.0.0.1:8600, got "):
        find_server(server)
