"""All worker processes of one server: it makes what runs the same as what the database says should be served.

Every server that shares a database has worker processes of its own for every version, since requests may come to any
of them. The loop runs in a thread; the gateway reads what it has found.
"""

import itertools
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from boxwright.endpoints.deployment import Deployment, Endpoint
from boxwright.endpoints.group import Recipe
from boxwright.endpoints.retired import Retired
from boxwright.endpoints.worker import COMMAND, Worker
from boxwright.store.model_records import ModelRecord, VersionRecord
from boxwright.store.records import StoreUnavailable
from boxwright.store.versions import VersionStore, Wanted

LOG = logging.getLogger("boxwright.endpoints")

LOOK_EVERY = 0.1
"""Seconds between looks at the workers."""

READ_EVERY = 0.5
"""Seconds between looks at the database; changes that come by this server are seen at once."""

PATIENCE = 5.0
"""Seconds that a change waits to be known to the gateway; it is then known a little later."""

USED_EVERY = 30.0
"""Seconds between notes of when versions were used last."""


@dataclass(frozen=True)
class FleetSettings:
    """Where and how worker processes run.

    Attributes:
        logs: folder for what they print: PROJECT/MODEL/VERSION.log.
        cores: processor cores of this machine, which the workers of a version share.
        command: what serves a model's folder.
    """

    logs: Path
    cores: int = 1
    command: Sequence[str] = COMMAND
    grace: float = 30.0


class Fleet:
    """The worker processes of one server, within a `with` statement.

    Args:
        store: says what should be served.
        settings: see `FleetSettings`.

    Attributes:
        endpoints: what can be asked, by project and model; replaced as a whole, never changed.
    """

    def __init__(self, store: VersionStore, settings: FleetSettings) -> None:
        self._store, self._settings = store, settings
        self.endpoints: Mapping[tuple[str, str], Endpoint] = {}
        self._deployments: dict[int, Deployment] = {}
        self._retired = Retired(settings.grace)
        self._wanted: Wanted = []
        self._numbers = itertools.count()
        self._sockets = Path()
        self._changed, self._stopping = threading.Event(), threading.Event()
        self._looked, self._asked, self._answered = threading.Condition(), 0, 0
        self._read_at = self._used_at = -1e9
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._sockets = Path(tempfile.mkdtemp(prefix="boxwright-"))  # short: a socket's path has at most 107 bytes
        self._step_safely()  # so that the first request is not told that there is no such model
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.endpoints = {}
        self._retired.add(worker for one in self._deployments.values() for worker in one.release())
        self._retired.finish()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def look_again(self) -> None:
        """What should be served has changed: wait until it is known here, but not for long."""
        self._changed.set()  # before it is counted: a look that counts it has read the database since
        with self._looked:
            self._asked += 1
            mine = self._asked
            self._changed.set()
            if self._thread.is_alive():
                self._looked.wait_for(lambda: self._answered >= mine, PATIENCE)

    def find(self, project: str, model: str) -> Endpoint | None:
        """What is known of a model; None where there is none, or it was made a moment ago."""
        return self.endpoints.get((project, model))

    def step(self) -> None:
        """Look at everything once."""
        now, asked = time.monotonic(), self._asked
        if self._changed.is_set() or now - self._read_at >= READ_EVERY:
            self._changed.clear()
            self._read()
            self._read_at = now
        there = {version.uid: (model, version) for model, versions in self._wanted for version in versions}
        for uid in self._deployments.keys() - there.keys():
            self._retired.add(self._deployments.pop(uid).release())
        for model, version in there.values():
            self._attend(model, version)
        self.endpoints = {(model.project, model.name): self._endpoint(model, some) for model, some in self._wanted}
        with self._looked:
            self._answered = asked
            self._looked.notify_all()
        self._retired.step()
        if now - self._used_at >= USED_EVERY:
            self._note_use()
            self._used_at = now

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._step_safely()
            self._changed.wait(LOOK_EVERY)

    def _step_safely(self) -> None:
        try:
            self.step()
        except StoreUnavailable as error:
            LOG.warning("%s", error)
        except Exception:  # the next look may find it mended
            LOG.exception("the worker processes could not be looked at")

    def _read(self) -> None:
        self._wanted = self._store.wanted()

    def _attend(self, model: ModelRecord, version: VersionRecord) -> None:
        """Bring the processes of one version nearer to what is wanted, and note how far they are."""
        deployment = self._deployments.setdefault(version.uid, Deployment(version.name, self._start))
        if version.state in ("DELETING", "FAILED"):
            self._retired.add(deployment.release())
            if version.state == "DELETING" and not deployment.leaving:
                self._store.remove(version)
                self._changed.set()
            return
        self._retired.add(deployment.step(self._recipe(model, version), version.spec.workers))
        if version.state in ("CREATING", "UPDATING") and (deployment.settled or deployment.problem):
            self._store.settle(version, "" if deployment.settled else deployment.problem)
            self._changed.set()

    def _recipe(self, model: ModelRecord, version: VersionRecord) -> Recipe:
        spec = version.spec
        return Recipe(
            project=model.project,
            model=model.name,
            version=version.name,
            generation=version.generation,
            folder=spec.deployment_uri,
            settings=tuple(sorted(spec.settings.items())),
        )

    def _endpoint(self, model: ModelRecord, versions: Sequence[VersionRecord]) -> Endpoint:
        found = {one.name: (one, self._deployments[one.uid]) for one in versions if one.uid in self._deployments}
        return Endpoint(model, found)

    def _start(self, recipe: Recipe, count: int) -> Worker:
        socket = self._sockets / f"{next(self._numbers)}.sock"
        share = str(max(1, self._settings.cores // count))
        shared = {"threads": share, "lanes": share} if count > 1 else {}  # one by itself takes what there is
        options = {
            **shared,
            **dict(recipe.settings),
            "name": recipe.model,
            "version": recipe.version,
            "uds": str(socket),
        }
        words = [f"--{name.replace('_', '-')}={text}" for name, text in options.items()]
        log = self._settings.logs / recipe.project / recipe.model / f"{recipe.version}.log"
        return Worker([*self._settings.command, recipe.folder, *words], str(socket), log)

    def _note_use(self) -> None:
        for uid, deployment in self._deployments.items():
            if deployment.used is not None:
                self._store.used(uid, deployment.used)
                deployment.used = None
