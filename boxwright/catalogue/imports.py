"""The imports of one server: a child process each, two at once, begun again where the server was stopped meanwhile."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from boxwright.catalogue.place import Order, Place
from boxwright.store.dataset_records import DatasetMissing, DatasetRecord
from boxwright.store.datasets import DatasetStore
from boxwright.store.records import StoreUnavailable
from boxwright.termination import FOLLOW_PARENT

LOG = logging.getLogger("boxwright.catalogue")

COMMAND = (sys.executable, "-m", "boxwright.catalogue.importing")

AT_ONCE = 2
LOOK_EVERY = 0.2
REST = 1.0
"""Seconds between looks, with and without children; what comes by this server is seen at once."""

PATIENCE = 5.0
"""Seconds that a request waits for a data set to be cleared away; it is gone a little later then."""

MAX_DEATHS = 2
"""Of an import's processes, one after another, that say nothing: killed ones may have been in the way of others."""


@dataclass
class _Child:
    """An import that runs; `record` is as it was when it was begun."""

    record: DatasetRecord
    process: subprocess.Popen[bytes]


class Imports:
    """Makes what data sets should be known the same as what is known, within a `with` statement.

    Args:
        store: says which.
        folder: what this server keeps of them.
        roots: folders that data may be read from.
        command: what imports the folder that is put behind it.

    Attributes:
        forgotten: is called with a data set of which nothing is left.
    """

    def __init__(
        self, store: DatasetStore, folder: Path, roots: Sequence[str], command: Sequence[str] = COMMAND
    ) -> None:
        self._store, self._folder, self._roots, self._command = store, folder, tuple(roots), tuple(command)
        self.forgotten: Callable[[DatasetRecord], None] = lambda _: None
        self._children: dict[int, _Child] = {}
        self._deaths: dict[tuple[int, str], int] = {}
        self._changed, self._stopping = threading.Event(), threading.Event()
        self._looked, self._asked, self._answered = threading.Condition(), 0, 0
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="imports", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for child in self._children.values():
            _end(child.process)
        self._children.clear()

    def look_again(self) -> None:
        """What should be known has changed: wait until that has been seen here, but not for long."""
        with self._looked:
            self._asked += 1
            mine = self._asked
            self._changed.set()
            if self._thread is not None and self._thread.is_alive():
                self._looked.wait_for(lambda: self._answered >= mine, PATIENCE)

    def step(self) -> None:
        """Look at everything once."""
        asked = self._asked
        wanted = {record.uid: record for record in self._store.wanted(str(self._folder))}
        for uid, child in list(self._children.items()):
            now = wanted.get(uid)
            if now is None or now.etag != child.record.etag:
                _end(child.process)
                del self._children[uid]
            elif child.process.poll() is not None:
                del self._children[uid]
                if self._settle(child):
                    del wanted[uid]
        for record in wanted.values():
            if record.state == "DELETING":
                self._clear(record)
            elif record.uid not in self._children and len(self._children) < AT_ONCE:
                self._begin(record)
        with self._looked:
            self._answered = asked
            self._looked.notify_all()

    def _run(self) -> None:
        away = False
        while not self._stopping.is_set():
            self._changed.clear()
            try:
                self.step()
                away = False
            except StoreUnavailable as error:
                if not away:
                    LOG.warning("%s; imports wait", error)
                away = True
            except Exception:  # the next look may find it mended
                LOG.exception("the imports could not be looked at")
            self._changed.wait(LOOK_EVERY if self._children else REST)

    def _begin(self, record: DatasetRecord) -> None:
        place = Place(record.folder)
        try:
            place.begin(self._order(record))
            with open(place.log, "ab") as log:
                process = subprocess.Popen(
                    [*self._command, str(place.folder)],
                    stdin=subprocess.PIPE,  # its other end is held until this process is gone; the child notices
                    stdout=log,
                    stderr=log,
                    env={**os.environ, FOLLOW_PARENT: "1"},
                )
        except (OSError, DatasetMissing) as error:
            self._store.settle(record, {}, f"the import cannot be started: {error}")
            return
        self._children[record.uid] = _Child(record, process)

    def _order(self, record: DatasetRecord) -> Order:
        request, roots = record.spec, self._roots
        if not request.parent:
            return Order(request=request, roots=roots)
        parent = self._store.get(record.project, request.parent)
        if parent.state != "READY":
            raise DatasetMissing(f"data set {parent.name}, which it is made from, is {parent.state}")
        known = parent.result
        return Order(
            request=request,
            parent_path=known["path"],
            parent_labels_file=known["labels_file"],
            roots=(*roots, str(parent.folder)),
        )

    def _settle(self, child: _Child) -> bool:
        """Keep what a child that has ended says; False where it was ended from outside, and is to begin again."""
        record, place = child.record, Place(child.record.folder)
        _end(child.process)
        outcome = place.outcome()
        if outcome is not None:
            self._store.settle(record, outcome.model_dump(mode="json"), outcome.error_message)
            return True
        key = (record.uid, record.etag)
        self._deaths[key] = self._deaths.get(key, 0) + 1
        if self._deaths[key] < MAX_DEATHS:
            return False
        status, words = child.process.returncode, _last_words(place.log)
        message = f"the import ended with status {status} and no result{words and ': ' + words}"
        self._store.settle(record, {}, f"{message}; it may have run out of memory. Try again")
        return True

    def _clear(self, record: DatasetRecord) -> None:
        self.forgotten(record)
        if record.folder.exists():
            shutil.rmtree(record.folder)
        self._store.remove(record)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child and leave nothing of it behind; what it has made so far counts for nothing."""
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace")[-2000:].strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""
