"""The worker processes of one version: as many as wanted, started again when they die."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from boxwright.endpoints.worker import Worker

LOG = logging.getLogger("boxwright.endpoints")

START_LIMIT = 120.0
"""Seconds in which a worker must become ready."""

MAX_EARLY_DEATHS = 3
"""Of workers that were killed before one was ever ready; one that ends by itself says why, and is believed at once."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
"""Seconds before a worker is started again; at once after the first death, doubled each time that it dies soon."""

LONG_LIFE = 60.0
"""Seconds after which a worker's death is no longer soon."""


@dataclass(frozen=True)
class Recipe:
    """What a group serves; another recipe needs other processes.

    Attributes:
        generation: of the version.
        folder: of the model.
        settings: options of `boxwright serve`, by name.
    """

    project: str
    model: str
    version: str
    generation: int
    folder: str
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.project}/{self.model}/{self.version}"


Start = Callable[[Recipe, int], Worker]
"""Starts a worker of a group of so many. Raises: OSError."""


class Group:
    """Workers of one recipe.

    Args:
        recipe: what they serve.
        start: see `Start`.

    Attributes:
        workers: all that have been started and not been let go; replaced as a whole, never changed.
        problem: why this recipe cannot be served; empty while it may be.
    """

    def __init__(self, recipe: Recipe, start: Start) -> None:
        self.recipe, self._start = recipe, start
        self.workers: tuple[Worker, ...] = ()
        self.problem = ""
        self._was_ready = False
        self._deaths, self._not_before = 0, 0.0

    def usable(self) -> list[Worker]:
        """Workers that requests can be sent to."""
        return [worker for worker in self.workers if worker.usable]

    def complete(self, count: int) -> bool:
        """Whether so many workers answer."""
        return len(self.usable()) >= count

    def step(self, count: int, now: float | None = None) -> list[Worker]:
        """Look at all workers, clear up after dead ones, and start what is missing.

        Args:
            count: workers wanted.
            now: `time.monotonic()`.

        Returns:
            workers that are too many; they are the caller's to drain.
        """
        now = time.monotonic() if now is None else now
        for worker in self.workers:
            worker.look()
            worker.trim_log()
        if any(worker.was_ready for worker in self.workers):
            self._was_ready, self.problem = True, ""
        dead = [worker for worker in self.workers if worker.ending is not None]
        for worker in dead:
            self._bury(worker, now)
        slow = [one for one in self.workers if not one.was_ready and one.started + START_LIMIT < now]
        if slow and not self._was_ready:
            self.problem = f"no worker was ready within {START_LIMIT:.0f} s: {slow[0].last_words()}".rstrip(": ")
        for worker in slow:
            worker.kill()
        alive = sorted((one for one in self.workers if one not in dead), key=lambda one: not one.ready)
        self.workers = tuple(alive[:count])
        if now >= self._not_before:
            self.workers += tuple(self._started(count, count - len(alive), now))
        return alive[count:]

    def _started(self, count: int, missing: int, now: float) -> Iterator[Worker]:
        try:
            for _ in range(missing):
                yield self._start(self.recipe, count)
        except OSError as error:
            self._count_death(False, now)
            self.problem = f"a worker process cannot be started: {error}"

    def _bury(self, worker: Worker, now: float) -> None:
        status = worker.ending
        worker.clear()
        LOG.warning("worker %d of %s ended with status %s", worker.pid, self.recipe, status)
        self._count_death(worker.started + LONG_LIFE < now, now)
        by_itself = status is not None and status > 0
        if not self._was_ready and (by_itself or self._deaths >= MAX_EARLY_DEATHS):
            self.problem = worker.last_words() or f"the worker ended with status {status} and said nothing"

    def _count_death(self, after_long: bool, now: float) -> None:
        self._deaths = 1 if after_long else self._deaths + 1
        wait = 0.0 if self._deaths == 1 else min(FIRST_WAIT * 2 ** (self._deaths - 2), LONGEST_WAIT)
        self._not_before = now + wait
