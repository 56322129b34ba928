"""`boxwright serve` as a process: its first line, its end, and what it says of wrong options."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from boxwright import formats
from boxwright.commands.serving import name_of

COMMAND = (sys.executable, "-m", "boxwright.cli", "serve")


@pytest.fixture(scope="module")
def picture(records: Path) -> bytes:
    return formats.read(f"{records}/train-*")[0].encoded


@contextlib.contextmanager
def serving(*words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the line that says where it listens."""
    given = [*COMMAND, *map(str, words)]
    with subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


class OverSocket(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(connection: http.client.HTTPConnection, encoded: bytes) -> dict[str, Any]:
    connection.request("POST", "/invocations", encoded, {"Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    assert answer.status == 200
    body: dict[str, Any] = json.loads(answer.read())
    return body


def test_a_stopped_process_still_answers_what_is_under_way(finished: Any, picture: bytes) -> None:
    options = ("--port=0", "--name=shapes", "--max-wait=1", "--max-batch=2", "--lanes=1", "--threads=1")
    with serving(finished.model, *options) as (process, line):
        assert line.startswith("Boxwright serves shapes on http://127.0.0.1:")
        address = urlsplit(line.split()[-1]).netloc
        answers: list[dict[str, Any]] = []

        def send() -> None:
            with contextlib.closing(http.client.HTTPConnection(address, timeout=20)) as connection:
                answers.append(ask(connection, picture))

        send()
        under_way = threading.Thread(target=send)
        under_way.start()
        while "waiting_pictures 1.0" not in httpx.get(f"http://{address}/metrics", trust_env=False).text:
            assert under_way.is_alive()  # it waits a second for its batch to fill
        process.send_signal(signal.SIGTERM)
        under_way.join()
        assert answers[1]["prediction"] == answers[0]["prediction"]
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_unix_socket_is_for_its_owner_only_and_goes_with_the_process(
    finished: Any, picture: bytes, tmp_path: Path
) -> None:
    path, log = tmp_path / "serving.sock", tmp_path / "access.jsonl"
    with serving(finished.model, f"--uds={path}", f"--access-log={log}") as (process, line):
        assert line == f"Boxwright serves run on {path}"
        assert path.stat().st_mode & 0o777 == 0o600
        with contextlib.closing(OverSocket(str(path))) as connection:
            assert ask(connection, picture)["prediction"]
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert not path.exists()
    assert json.loads(log.read_text())["path"] == "/invocations"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--port=8080",), "the model's folder comes first"),
        (("nowhere",), "no model in 'nowhere'"),
        (("nowhere", "--prot=1"), "unknown option --prot"),
        (("nowhere", "--queue=0"), "--queue: Input should be greater than or equal to 1, got '0'"),
        (("nowhere", "--key=a"), "--certificate and --key belong together"),
    ],
)
def test_what_is_wrong_is_said(command: Callable[..., Any], words: tuple[str, ...], message: str) -> None:
    ran = command("serve", *words)
    assert ran.status == 1
    assert message in ran.err


def test_the_help_lists_each_option_with_its_default(command: Callable[..., Any]) -> None:
    ran = command("serve", "--help")
    assert ran.status == 0
    assert "--max-batch" in ran.out
    assert "Default: 8080" in ran.out


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("runs/cells/model", "cells"),
        ("runs/cells/model/", "cells"),
        ("runs/cells/model/trial_3", "cells"),
        ("gs://bucket/cells of mine/model", "cells_of_mine"),
        ("cells", "cells"),
        ("./model", "model"),
    ],
)
def test_a_model_is_called_by_its_job(folder: str, name: str) -> None:
    assert name_of(folder) == name


def test_an_address_that_is_taken_is_said_so(finished: Any, command: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ran = command("serve", finished.model, f"--port={other.getsockname()[1]}")
    assert ran.status == 1
    assert "choose another --host or --port" in ran.err
