"""Endpoints: models that answer over HTTP, as a process of this machine or on a server."""

import atexit
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from boxwright.client import Address, Client, ServerError, find_server
from boxwright.sagemaker.launch import served
from boxwright.sagemaker.session import buckets
from boxwright.termination import FOLLOW_PARENT

NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
"""SageMaker's rule for names of endpoints."""

COMMAND = (sys.executable, "-m", "boxwright.cli", "serve")

READY = re.compile(r"^Boxwright serves \S+ on (\S+)$", re.MULTILINE)

START = 120.0
"""Seconds that a model has to start answering."""

POLL = 0.05

VERSION = "AllTraffic"
"""SageMaker's name of an endpoint's only variant."""


class EndpointFailed(ValueError):
    """An endpoint that does not come up; says why."""


class Endpoint(Protocol):
    """A model that answers under a name."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def url(self) -> str:
        """Address of the service, for boto3's `endpoint_url`."""
        ...

    @property
    def token(self) -> str:
        """What requests must bear; empty where nothing is asked for."""
        ...

    def delete(self) -> None:
        """End it. Nothing happens where it has ended."""
        ...


@dataclass
class LocalEndpoint:
    """A process of this machine, `boxwright serve`. It ends with this program, however that ends."""

    name: str
    url: str
    process: "subprocess.Popen[bytes]"
    token: str = ""

    @classmethod
    def start(cls, name: str, folder: str, wait: float = START) -> "LocalEndpoint":
        """Serve a model's folder. Raises: EndpointFailed: it does not answer in time; says what it printed."""
        log = _records() / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        words = [*COMMAND, folder, f"--name={name}", f"--version={VERSION}", "--port=0", "--access-log="]
        with open(log, "wb") as output:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,  # held until this program is gone, which the process notices
                stdout=output,
                stderr=output,
                env={**os.environ, FOLLOW_PARENT: "1"},
            )
        end = time.monotonic() + wait
        while not (found := READY.search(log.read_text("utf-8", "replace"))):
            if process.poll() is not None or time.monotonic() > end:
                _end(process)
                raise EndpointFailed(f"endpoint {name} does not answer: {_last(log)}")
            time.sleep(POLL)
        return cls(name, found.group(1), process)

    def delete(self) -> None:
        """End it; requests under way are answered."""
        _end(self.process)
        if RUNNING.get(self.name) is self:
            del RUNNING[self.name]


RUNNING: dict[str, LocalEndpoint] = {}
"""Endpoints of this program."""


@dataclass
class ServedEndpoint:
    """A model of a server with one version."""

    name: str
    address: Address

    @property
    def url(self) -> str:
        """Address of the server."""
        return self.address.url

    @property
    def token(self) -> str:
        """As whom requests come."""
        return self.address.token

    @classmethod
    def start(cls, name: str, folder: str, workers: int, address: Address, wait: float = START) -> "ServedEndpoint":
        """Deploy a model's folder.

        Raises:
            EndpointFailed: its processes do not answer in time; says why.
            ServerError: the server refuses, such as a name that is taken.
        """
        version = {"name": VERSION, "deploymentUri": folder, "manualScaling": {"nodes": workers}}
        with Client(address) as client:
            client.ask("POST", "models", {"name": name})
            found = cls(name, address)
            try:
                _wait_for(client, client.ask("POST", f"models/{name}/versions", version), name, wait)
            except (ServerError, EndpointFailed):
                found.delete()  # so that the name is free for the next attempt
                raise
        return found

    def delete(self) -> None:
        """Remove the model and its version from the server."""
        with Client(self.address) as client:
            for path in (f"models/{self.name}/versions/{VERSION}", f"models/{self.name}"):
                try:
                    _wait_for(client, client.ask("DELETE", path), self.name, START)
                except ServerError as error:
                    if error.code != 404:
                        raise


def name_of(job: str) -> str:
    """A name for an endpoint, made of a job's."""
    return re.sub("[^A-Za-z0-9]+", "-", job).strip("-")[:63].rstrip("-")


def start(name: str, folder: str, workers: int = 1) -> Endpoint:
    """An endpoint over a model's folder: on the server that BOXWRIGHT_SERVER names, else a process of this machine.

    Raises:
        ValueError: a name that is none, or is taken.
        EndpointFailed: it does not come up; says why.
        ServerError, OSError: the server refuses, or cannot be reached.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"an endpoint's name has up to 63 letters, digits and dashes between them, got {name!r}")
    if served():
        return ServedEndpoint.start(name, folder, workers, find_server())
    if name in RUNNING:
        raise ValueError(f"there is an endpoint {name} already; delete it, or name this one otherwise")
    RUNNING[name] = LocalEndpoint.start(name, folder)
    return RUNNING[name]


def find(name: str) -> Endpoint:
    """An endpoint that was started before: by this program, or on the server that BOXWRIGHT_SERVER names.

    Raises:
        LookupError: this program has started none of this name.
    """
    if served():
        return ServedEndpoint(name, find_server())
    if name not in RUNNING:
        raise LookupError(f"this program runs no endpoint {name!r}; there is {', '.join(RUNNING) or 'none'}")
    return RUNNING[name]


@atexit.register
def end_all() -> None:
    """End the endpoints of this program."""
    for one in list(RUNNING.values()):
        one.delete()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()
    assert process.stdin is not None, "it was started with a pipe"
    process.stdin.close()


def _wait_for(client: Client, operation: dict[str, Any], name: str, wait: float) -> None:
    end = time.monotonic() + wait
    while not operation.get("done"):
        if time.monotonic() > end:
            raise EndpointFailed(f"endpoint {name} is not ready after {wait:g} s; the server's log says more")
        time.sleep(POLL * 4)
        operation = client.ask("GET", "operations/" + operation["name"].rpartition("/")[2])
    if "error" in operation:
        raise EndpointFailed(f"endpoint {name}: {operation['error'].get('message', 'the server does not say why')}")


def _records() -> Path:
    return buckets() / ".endpoints"


def _last(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return "\n".join(lines[-5:]).removeprefix("boxwright: ") or "it printed nothing in time"
