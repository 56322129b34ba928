"""A fleet of fake workers over a database, and a gateway to them."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.endpoints.worker import Worker
from boxwright.store.database import open_database
from boxwright.store.model_records import VersionRecord

FAKE = (sys.executable, "-S", str(Path(__file__).with_name("fake_worker.py")))


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait until something is so; gives it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.01)
    return found


@dataclass
class Deploying:
    """What a test deploys on."""

    deployed: Deployed
    folder: Path
    make: Callable[..., str]
    engine: Engine
    until: Callable[..., Any] = until
    command: tuple[str, ...] = FAKE
    _made: set[str] = field(default_factory=set)

    def version(self, name: str = "v1", *, model: str = "cells", nodes: int = 1, **fault: Any) -> VersionRecord:
        """Ask for a version of a model; faults are those of `fake_worker.py`."""
        if model not in self._made:
            self.deployed.models.create("local", {"name": model})
            self._made.add(model)
        folder = self.make(self.folder / model / name, **fault)
        request = {"name": name, "deploymentUri": folder, "manualScaling": {"nodes": nodes}}
        return self.deployed.versions.create("local", model, request)[0]

    def ready(self, name: str = "v1", **given: Any) -> VersionRecord:
        """Ask for a version and wait until it is READY."""
        self.version(name, **given)
        return self.wait(name, "READY", given.get("model", "cells"))

    def wait(self, name: str, state: str, model: str = "cells") -> VersionRecord:
        def found() -> VersionRecord | None:
            record = self.deployed.versions.get("local", model, name)
            return record if record.state == state else None

        record: VersionRecord = until(found)
        self.deployed.fleet.look_again()
        return record

    def workers(self, name: str = "v1", model: str = "cells") -> list[Worker]:
        """Those that answer."""
        endpoint = self.deployed.fleet.find("local", model)
        return endpoint.versions[name][1].usable() if endpoint and name in endpoint.versions else []


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'boxwright.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def deploying(engine: Engine, tmp_path: Path, deployable: Callable[..., str]) -> Iterator[Deploying]:
    """A fleet that runs."""
    deployed = Deployed.over(engine, FleetSettings(tmp_path / "logs", cores=4, command=FAKE, grace=5.0))
    others = fleets()  # those of servers that other tests share
    with deployed.fleet:
        yield Deploying(deployed, tmp_path / "models", deployable, engine)
    assert fleets() == others


def fleets() -> set[threading.Thread]:
    """Threads of fleets that run."""
    return {one for one in threading.enumerate() if one.name == "fleet"}
