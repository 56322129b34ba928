"""Endpoints of this machine, over a stand-in for `boxwright serve`, and of a server, over a stand-in for its client."""

import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright.client import Address, ServerError
from boxwright.sagemaker import endpoint
from boxwright.sagemaker.endpoint import EndpointFailed

SERVE = """
import http.server, os, sys
folder, options = sys.argv[1], dict(word[2:].split("=", 1) for word in sys.argv[2:])
if folder == "broken":
    sys.exit("boxwright: no model in 'broken'")
if folder == "slow":
    sys.stdin.read()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{folder} {options} {os.environ['BOXWRIGHT_FOLLOW_PARENT']}".encode())

with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(f"Boxwright serves {options['name']} on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
"""


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: Path) -> Iterator[None]:  # noqa: ARG001
    script = tmp_path / "serve.py"
    script.write_text(SERVE)
    monkeypatch.setattr(endpoint, "COMMAND", (sys.executable, str(script)))
    monkeypatch.delenv("BOXWRIGHT_SERVER", raising=False)
    yield
    endpoint.end_all()
    assert endpoint.RUNNING == {}


def test_a_process_serves_the_model_until_it_is_deleted() -> None:
    started = endpoint.start("my-cells", "runs/model")
    with urllib.request.urlopen(started.url) as answer:
        said = answer.read().decode()
    expected = {"name": "my-cells", "version": "AllTraffic", "port": "0", "access-log": ""}
    assert said == f"runs/model {expected} 1"
    assert endpoint.find("my-cells") is started
    assert started.token == ""
    started.delete()
    started.delete()
    with pytest.raises(LookupError, match="runs no endpoint 'my-cells'; there is none"):
        endpoint.find("my-cells")


def test_a_name_is_taken_once() -> None:
    endpoint.start("cells", "a")
    with pytest.raises(ValueError, match="there is an endpoint cells already"):
        endpoint.start("cells", "b")


def test_a_model_that_does_not_come_up_says_why() -> None:
    with pytest.raises(EndpointFailed, match="endpoint cells does not answer: no model in 'broken'"):
        endpoint.start("cells", "broken")


def test_a_model_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint.LocalEndpoint.start.__func__, "__defaults__", (0.2,))
    with pytest.raises(EndpointFailed, match="it printed nothing in time"):
        endpoint.start("cells", "slow")


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "../a", "a" * 64])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="up to 63 letters"):
        endpoint.start(name, "a")


@pytest.mark.parametrize("job", ["my_job.1", "a--b_", "é job", "x" * 80, "a" * 62 + "-b"])
def test_a_job_s_name_gives_one_that_is(job: str) -> None:
    assert endpoint.NAME.fullmatch(endpoint.name_of(job))


class Server:
    """A client that answers what it is told to; `asked` is what it was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.asked = answers, list[Any]()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append((method, path, body))
        answer = self.answers.get(f"{method} {path}", {"done": True})
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    monkeypatch.setenv("BOXWRIGHT_SERVER", "http://server:8081")
    monkeypatch.setenv("BOXWRIGHT_TOKEN", "secret")

    def make(**answers: Any) -> Server:
        found = Server({name.replace("_", " ", 1): answer for name, answer in answers.items()})
        monkeypatch.setattr(endpoint, "Client", lambda address: found if isinstance(address, Address) else None)
        return found

    return make


def test_a_server_serves_it_where_one_is_named(server: Callable[..., Server]) -> None:
    asked = server(**{"POST_models/cells/versions": {"name": "projects/local/operations/7"}}).asked
    started = endpoint.start("cells", "/models/a", 3)
    assert (started.url, started.token) == ("http://server:8081", "secret")
    version = {"name": "AllTraffic", "deploymentUri": "/models/a", "manualScaling": {"nodes": 3}}
    assert asked == [
        ("POST", "models", {"name": "cells"}),
        ("POST", "models/cells/versions", version),
        ("GET", "operations/7", None),
    ]
    asked.clear()
    endpoint.find("cells").delete()
    assert [one[:2] for one in asked] == [("DELETE", "models/cells/versions/AllTraffic"), ("DELETE", "models/cells")]


def test_what_a_server_refuses_leaves_nothing_behind(server: Callable[..., Server]) -> None:
    refusal = ServerError(400, "INVALID_ARGUMENT", "no model there")
    asked = server(**{"POST_models/cells/versions": refusal}).asked
    with pytest.raises(ServerError, match="no model there"):
        endpoint.start("cells", "/models/a")
    assert asked[-1][:2] == ("DELETE", "models/cells")


def test_a_version_that_fails_on_a_server_says_why(
    server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server(**{"POST_models/cells/versions": {"done": True, "error": {"message": "out of memory"}}})
    with pytest.raises(EndpointFailed, match="out of memory"):
        endpoint.start("cells", "/models/a")
    server(**{"POST_models/cells/versions": {"name": "o/7"}, "GET_operations/7": {"name": "o/7"}})
    monkeypatch.setattr(endpoint.ServedEndpoint.start.__func__, "__defaults__", (0.0,))
    with pytest.raises(EndpointFailed, match="not ready after 0 s"):
        endpoint.start("cells", "/models/a")


def test_an_endpoint_that_is_gone_from_a_server_is_deleted_again(server: Callable[..., Server]) -> None:
    gone = ServerError(404, "NOT_FOUND", "no such model")
    server(**{"DELETE_models/cells/versions/AllTraffic": gone, "DELETE_models/cells": gone})
    endpoint.find("cells").delete()
    server(**{"DELETE_models/cells": ServerError(403, "PERMISSION_DENIED", "no")})
    with pytest.raises(ServerError, match="PERMISSION_DENIED"):
        endpoint.find("cells").delete()
