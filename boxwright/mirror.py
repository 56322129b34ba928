"""A job folder in remote storage, worked on in a local one: fetched at the start, sent back as it changes."""

import hashlib
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from boxwright import files
from boxwright.ahead import ahead
from boxwright.cache import cache_folder
from boxwright.jobdir import Event
from boxwright.store_faults import StoreAway

LOG = logging.getLogger("boxwright.mirror")

SENT_AFTER = ("checkpoint", "finished", "stopped")
"""Kinds of events after which the remote folder is brought up to date."""

WAIT_FOR_NO_STORE = ("checkpoint",)
"""Those of them after which the job has better things to do than to wait for a store that does not answer."""

PATIENCE = 600.0
PAUSE = 5.0
"""Seconds for which a job at its end waits for the store, and between its attempts."""

AT_ONCE = 4
"""Files on their way at a time; each is held in memory."""

OF_THIS_MACHINE = (".lock", "worker.json", "worker.log")
"""Files that stay where they are: they speak of a process of this machine."""


@dataclass
class Mirror:
    """Keeps a remote folder equal to a local one.

    Attributes:
        local: where the job works.
        remote: URL of the job's folder, such as `gs://bucket/job`.
    """

    local: Path
    remote: str
    _sent: dict[str, tuple[int, int]] = field(default_factory=dict)

    def fetch(self) -> None:
        """Make the local folder equal to the remote one. Raises: OSError."""
        there = self._there()
        deque(ahead(self._fetch_one, there, AT_ONCE), maxlen=0)
        for path in self._here():
            if path.relative_to(self.local).as_posix() not in there:
                path.unlink()
        self._sent = {name: self._state(self.local / name) for name in there}

    def send(self) -> None:
        """Send what is new or has changed, and delete remotely what is gone. Raises: OSError."""
        states = {path.relative_to(self.local).as_posix(): self._state(path) for path in self._here()}
        changed = [name for name, state in states.items() if self._sent.get(name) != state]
        deque(ahead(self._send_one, changed, AT_ONCE), maxlen=0)
        for name in self._sent.keys() - states.keys():
            files.remove(files.join(self.remote, name))
        self._sent = states

    def __call__(self, event: Event) -> None:
        """Listen to a job: send after the events that leave something worth keeping.

        A store that does not answer at a checkpoint is left until the next one; at the end of a job it is waited for.
        """
        end = time.monotonic() + PATIENCE
        while event.kind in SENT_AFTER:
            try:
                self.send()
                return
            except StoreAway as error:
                LOG.warning("step %d is not sent (yet): %s", event.step, error)
                if event.kind in WAIT_FOR_NO_STORE:
                    return
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)

    def _fetch_one(self, name: str) -> None:
        files.write_bytes(str(self.local / name), files.read_bytes(files.join(self.remote, name)))

    def _send_one(self, name: str) -> None:
        files.write_bytes(files.join(self.remote, name), (self.local / name).read_bytes())

    def _there(self) -> list[str]:
        return files.walk(self.remote) if files.is_folder(self.remote) else []

    def _here(self) -> list[Path]:
        found = [path for path in self.local.rglob("*") if path.is_file()] if self.local.is_dir() else []
        return [path for path in found if path.relative_to(self.local).as_posix() not in OF_THIS_MACHINE]

    @staticmethod
    def _state(path: Path) -> tuple[int, int]:
        status = path.stat()
        return status.st_mtime_ns, status.st_size


def mirror(remote: str) -> Mirror:
    """The mirror of a remote folder, always in the same place of the cache."""
    return Mirror(cache_folder("jobs", hashlib.sha256(remote.rstrip("/").encode()).hexdigest()[:16]), remote)
