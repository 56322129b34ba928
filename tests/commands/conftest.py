"""A real control plane without a runner: jobs stay where a test puts them."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from boxwright.admission import Limits
from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.spec.machine import Machine
from boxwright.store.database import open_database
from boxwright.store.jobs import JobStore
from boxwright.store.records import JobRecord
from boxwright.store.tokens import TokenStore


@dataclass
class Plane:
    """A running control plane and its queue."""

    url: str
    jobs: JobStore
    tokens: TokenStore

    def start(self) -> JobRecord:
        """Let the next job run; its folder is made."""
        record = self.jobs.claim("runner", "host", now=time.time(), lease=60.0)
        assert record is not None
        Path(record.job_dir).mkdir(parents=True)
        return self.jobs.change(record, state="RUNNING", start_time=time.time())

    def end(self, record: JobRecord, **changes: Any) -> None:
        """Let a job end."""
        self.jobs.change(record, **{"state": "SUCCEEDED", "end_time": time.time(), **changes})


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plane]:
    """The commands of this test find it, and may do everything; jobs may write below the current folder."""
    engine = open_database(f"sqlite:///{tmp_path / 'boxwright.db'}")
    work = tmp_path / "work"
    work.mkdir()
    limits = Limits(
        Machine(cores=2, memory=24 * 10**9), (str(work),), str(tmp_path / "jobs"), False, previous=lambda name: name
    )
    context = Context(JobStore(engine), TokenStore(engine), limits)
    app = create_app(context)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    monkeypatch.setenv("BOXWRIGHT_SERVER", url)
    monkeypatch.setenv("BOXWRIGHT_TOKEN", context.tokens.create("test", "admin"))
    monkeypatch.delenv("BOXWRIGHT_PROJECT", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(work)
    yield Plane(url, context.jobs, context.tokens)
    app.state.followers.close()
    server.should_exit = True
    thread.join()
    engine.dispose()
    monkeypatch.delenv("TZ")
    time.tzset()
