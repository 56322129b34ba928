"""`boxwright server` as a process."""

import datetime
import ipaddress
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from boxwright.client import Address, Client, ServerError, Unreachable
from boxwright.commands import runner_process
from boxwright.commands.control_plane import first_token
from boxwright.commands.runner_process import RunnerProcess
from boxwright.store.database import open_database
from boxwright.store.tokens import TokenStore

JOBS = "/v1/projects/local/jobs"


@dataclass
class Started:
    """A server process, and what it has said until it listened."""

    process: subprocess.Popen[str]
    said: list[str]

    @property
    def url(self) -> str:
        return self.said[0].removeprefix("Boxwright listens on ")

    def ended(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start a server on a free port with its data in tmp_path/data."""
    processes = []

    def run(*words: str, lines: int = 1) -> Started:
        command = [sys.executable, "-m", "boxwright.cli", "server", "--port=0", f"--data-dir={tmp_path}/data", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        processes.append(process)
        assert process.stdout
        return Started(process, [process.stdout.readline().strip() for _ in range(lines)])

    yield run
    for process in processes:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        process.stdout.close()  # type: ignore[union-attr]


def until(condition: Callable[[], Any]) -> Any:
    """Wait, up to 20 s, until something is so."""
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "not within 20 s"
        time.sleep(0.05)
    return found


def test_the_first_start_makes_a_token_which_can_be_replaced(start: Any, tmp_path: Path) -> None:
    first = start("--no-runner", lines=2)
    file = tmp_path / "data" / "token"
    assert first.said[0] == f"Boxwright listens on {first.url}"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first.url)
    assert first.said[1].endswith(f"{first.url}/?token={file.read_text().strip()}")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    headers = {"Authorization": f"Bearer {file.read_text().strip()}"}
    assert httpx.get(f"{first.url}/v1/tokens", headers=headers).json()["tokens"][0]["name"] == "local"
    assert first.ended() == 0
    second = start("--no-runner", "--new-token", lines=2)
    assert httpx.get(f"{second.url}/v1/tokens", headers=headers).status_code == 401
    assert file.read_text().strip() in second.said[1]


def test_jobs_are_run_and_a_runner_that_dies_is_replaced(start: Any, tmp_path: Path) -> None:
    server = start("--poll=0.05", "--lease=1", "--min-free-memory=0", "--min-free-disk=0", lines=2)
    headers = {"Authorization": f"Bearer {(tmp_path / 'data' / 'token').read_text().strip()}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:

        def submit(job_id: str) -> None:
            given = {"masterConfig": {"imageUri": "wait"}, "args": ["--steps=1"]}
            answer = client.post(JOBS, json={"jobId": job_id, "trainingInput": given})
            assert answer.status_code == 200, answer.text

        def has_ended(job_id: str) -> bool:
            return bool(client.get(f"{JOBS}/{job_id}").json()["state"] == "SUCCEEDED")

        def runner() -> psutil.Process | None:
            found = [one for one in psutil.Process(server.process.pid).children() if "runner" in one.cmdline()]
            return found[0] if found else None

        submit("one")
        until(lambda: has_ended("one"))
        first = until(runner)
        os.kill(first.pid, signal.SIGKILL)
        assert "the runner ended with status -9" in server.process.stdout.readline()
        submit("two")
        until(lambda: has_ended("two"))
        second = until(runner)
        assert second.pid != first.pid and "password" not in " ".join(second.cmdline())
        with client.stream("GET", f"{JOBS}/one/log?follow=true") as answer:
            assert '{"state": "SUCCEEDED"}' in answer.read().decode()
    assert server.ended() == 0
    assert not second.is_running()


def test_a_stream_ends_when_the_server_does(start: Any, tmp_path: Path) -> None:
    server = start("--no-runner", lines=2)
    headers = {"Authorization": f"Bearer {(tmp_path / 'data' / 'token').read_text().strip()}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        body = {"jobId": "one", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
        assert client.post(JOBS, json=body).status_code == 200
        with client.stream("GET", f"{JOBS}/one/log?follow=true") as answer:
            begin = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert '"UNAVAILABLE"' in answer.read().decode()
    assert server.process.wait(30) == 0 and time.monotonic() - begin < 9


def test_tls(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, key = certificate(tmp_path)
    server = start("--no-runner", f"--certificate={chain}", f"--key={key}", lines=2)
    assert server.url.startswith("https://127.0.0.1:")
    trusted = ssl.create_default_context(cafile=str(chain))
    assert httpx.get(f"{server.url}/healthz", verify=trusted).json()["status"] == "ok"
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{server.url}/healthz")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{server.url}/healthz".replace("https", "http"))
    with Client(Address(server.url)) as client, pytest.raises(Unreachable, match="in SSL_CERT_FILE"):
        client.get("one")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    with Client(Address(server.url)) as client, pytest.raises(ServerError, match="UNAUTHENTICATED: a token is needed"):
        client.get("one")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return files


def test_a_runner_that_keeps_dying_is_started_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_process, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(runner_process, "LONGEST_WAIT", 0.4)
    times: list[float] = []
    with RunnerProcess((), os.environ, lambda _: times.append(time.monotonic()), ("false",)):
        until(lambda: len(times) == 4)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert gaps[0] >= 0.1 and gaps[1] >= 0.2 and gaps[2] >= 0.4


def test_a_runner_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_process, "GRACE", 0.3)
    deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, file=sys.stderr); "
    with RunnerProcess((), os.environ, lambda _: None, (sys.executable, "-c", f"{deaf}time.sleep(60)")) as one:
        pid = until(lambda: one.pid)
        time.sleep(0.5)
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prot=1"], "--prot"),
        (["--port=70000"], "--port: Input should be less than or equal to 65535"),
        (["--key=key.pem"], "--certificate and --key belong together"),
        (['--roots=["/tmp"]'], "--roots: there is no folder '[\"/tmp\"]'; make it first, or write folders as /a,/b"),
        (["--roots=/,s3://bucket,/nowhere"], "--roots: there is no folder '/nowhere'"),
        (["--key=/nowhere", "--certificate=/nowhere"], "must be a certificate chain and its key, both PEM"),
        (["--host=192.0.2.1", "--port=0"], "cannot listen on 192.0.2.1:0"),
        (["--database=mysql://x/y", "--port=0"], "a database is sqlite:///FILE or postgresql://USER@HOST/NAME"),
        (["extra"], "extra"),
    ],
)
def test_settings_that_do_not_work(command: Any, tmp_path: Path, words: list[str], said: str) -> None:
    failed = command("server", f"--data-dir={tmp_path}", "--no-runner", *words)
    assert failed.status == 1 and said in failed.err


def test_help_names_every_option(command: Any) -> None:
    text = command("server", "--help").out
    for name in ("--port", "--data-dir", "--max-jobs", "--no-runner", "--new-token"):
        assert f"  {name}\n" in text


def test_a_token_is_made_only_where_there_is_no_admin(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'boxwright.db'}")
    tokens = TokenStore(engine)
    tokens.create("somebody", "trainer")
    first = first_token(tokens, tmp_path, anew=False)
    assert first_token(tokens, tmp_path, anew=False) is None
    second = first_token(tokens, tmp_path, anew=True)
    assert first and second and tokens.check(first) is None and tokens.check(second)
    assert (tmp_path / "token").read_text() == f"{second}\n"
    engine.dispose()
