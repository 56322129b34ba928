"""A real server on a free port of this machine, over SQLite, and clients for it."""

import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import googleapiclient
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from googleapiclient.discovery import build_from_document
from httplib2 import Http
from sqlalchemy import Engine, delete

from boxwright.admission import Limits
from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.spec.machine import Machine
from boxwright.store import schema
from boxwright.store.database import open_database, writing
from boxwright.store.jobs import JobStore
from boxwright.store.records import JobRecord
from boxwright.store.sessions import SessionStore
from boxwright.store.tokens import Role, TokenStore

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "ml.v1.json"
MAX_REQUEST_BYTES = 100_000
FAKE_WORKER = (sys.executable, "-S", str(Path(__file__).parents[1] / "endpoints" / "fake_worker.py"))


@dataclass
class Served:
    """A running server, what it works on, and clients for it."""

    url: str
    app: FastAPI
    context: Context
    engine: Engine
    folder: Path
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def jobs(self) -> JobStore:
        return self.context.jobs

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """Within, the database cannot be reached."""
        self.engine.dispose()
        names = [path for path in self.folder.glob("boxwright.db*") if path.suffix != ".lock"]
        for path in names:
            path.rename(path.with_name(f"gone-{path.name}"))
        try:
            yield
        finally:
            for path in names:
                path.with_name(f"gone-{path.name}").rename(path)

    def client(self, role: Role = "admin") -> httpx.Client:
        """With a token of this role."""
        if role not in self._clients:
            headers = {"Authorization": f"Bearer {self.context.tokens.create(f'a-{role}', role)}"}
            self._clients[role] = httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False)
        return self._clients[role]

    def submit(self, job_id: str = "one", **given: Any) -> httpx.Response:
        """Submit a job that only waits."""
        training_input = {"masterConfig": {"imageUri": "wait"}, **given}
        body = {"jobId": job_id, "trainingInput": training_input}
        return self.client().post("/v1/projects/local/jobs", json=body)

    def running(self, job_id: str = "one") -> tuple[JobRecord, Path]:
        """A job that has been started, and its log, which does not exist yet."""
        assert self.submit(job_id).status_code == 200
        record = self.jobs.claim("runner", "host", now=time.time(), lease=60.0)
        assert record is not None
        folder = Path(record.job_dir)
        folder.mkdir(parents=True)
        return self.jobs.change(record, state="RUNNING", start_time=time.time()), folder / "log.txt"

    def deploy(self, folder: str, *, model: str = "cells", project: str = "local", **given: Any) -> None:
        """Serve a folder as a version of a model, and wait until it is; `given` are `version` and other fields."""
        models = f"/v1/projects/{project}/models"
        self.client().post(models, json={"name": model})
        body = {"name": given.pop("version", "v1"), "deploymentUri": folder, **given}
        answer = self.client().post(f"{models}/{model}/versions", json=body)
        assert answer.status_code == 200, answer.text
        operation = self.wait(answer.json())
        assert "error" not in operation, operation

    def wait(self, operation: dict[str, Any]) -> Any:
        """An operation when it is done."""
        end = time.monotonic() + 30
        while not operation.get("done"):
            assert time.monotonic() < end, operation
            time.sleep(0.02)
            operation = self.client().get(f"/v1/{operation['name']}").json()
        return operation

    def forget(self) -> None:
        """Leave nothing for the next test."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        while list(self.app.state.followers.watches):
            time.sleep(0.01)
        with writing(self.engine) as connection:
            connection.execute(delete(schema.jobs))
            for table in (
                schema.tokens,
                schema.sessions,
                schema.models,
                schema.versions,
                schema.operations,
                schema.datasets,
            ):
                connection.execute(delete(table))
        for name in ("jobs", "runs", "datasets"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Run an app on a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        app.state.followers.close()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for all tests of this folder."""
    folder = tmp_path_factory.mktemp("server")
    engine = open_database(f"sqlite:///{folder / 'boxwright.db'}")
    limits = Limits(Machine(cores=2, memory=24 * 10**9), (str(folder / "runs"),), str(folder / "jobs"), False, previous)
    deployed = Deployed.over(engine, FleetSettings(folder / "endpoints", cores=2, command=FAKE_WORKER, grace=5.0))
    context = Context(JobStore(engine), TokenStore(engine), SessionStore(engine), deployed, limits, MAX_REQUEST_BYTES)
    app = create_app(context)
    with deployed.fleet, serve(app) as url:
        yield Served(url, app, context, engine, folder)
    engine.dispose()


def previous(_: str) -> str:
    raise LookupError("filled in by request")


@pytest.fixture
def served(standing: Served) -> Iterator[Served]:
    """A server without jobs and tokens."""
    yield standing
    standing.forget()


@pytest.fixture
def google(served: Served) -> Iterator[Any]:
    """Google's own client, pointed at the server: `projects().jobs()`."""
    document = json.loads(DOCUMENT.read_text("utf-8"))
    document["rootUrl"] = document["baseUrl"] = f"{served.url}/"
    http = Http()
    token = served.context.tokens.create("google", "trainer")
    send = http.request

    def request(uri: str, method: str = "GET", body: Any = None, headers: Any = None, **named: Any) -> Any:
        return send(uri, method, body, {**(headers or {}), "Authorization": f"Bearer {token}"}, **named)

    http.request = request
    with build_from_document(document, http=http) as service:
        yield service
