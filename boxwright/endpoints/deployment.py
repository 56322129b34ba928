"""A version on this server: the workers that answer, and those that are about to take over from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from boxwright.endpoints.group import Group, Recipe, Start
from boxwright.endpoints.worker import Worker
from boxwright.store.model_records import ModelRecord, VersionRecord


class Deployment:
    """The workers of one version.

    Args:
        version: its name.
        start: see `Start`.

    Attributes:
        problem: why what is wanted cannot be served.
        leaving: workers that were let go and may not have ended yet.
        settled: whether what is wanted is served.
        used: when a request came last, in seconds since 1970; None for none that is not noted yet.
    """

    def __init__(self, version: str, start: Start) -> None:
        self.version, self._start = version, start
        self._current: Group | None = None
        self._next: Group | None = None
        self._count = 0
        self.leaving: list[Worker] = []
        self.problem, self.settled = "", False
        self.used: float | None = None

    def usable(self) -> list[Worker]:
        """Workers that requests can be sent to."""
        return self._current.usable() if self._current else []

    def running(self) -> list[Worker]:
        """All workers, those that are about to take over and those that are not ready yet among them."""
        return [worker for group in (self._current, self._next) if group for worker in group.workers]

    def step(self, recipe: Recipe, count: int) -> list[Worker]:
        """Bring what runs nearer to what is wanted.

        Args:
            recipe: what is to be served. With another one than before, the workers of the old one go on answering
                until enough of the new one are ready.
            count: workers wanted.

        Returns:
            workers that get no more requests, for the caller to drain.
        """
        gone = self._turn_to(recipe)
        if self._next:
            gone += self._next.step(count)
            if self._next.complete(count) or (self._next.usable() and not self.usable()):
                gone += self._current.workers if self._current else ()
                self._current, self._next = self._next, None
        if self._current:
            self._count = self._count if self._next else count
            gone += self._current.step(self._count)
        newest = self._next or self._current
        self.problem = newest.problem if newest else ""
        self.settled = self._next is None and self._current is not None and self._current.complete(count)
        self.leaving += gone
        return gone

    def release(self) -> list[Worker]:
        """Let go of all workers."""
        gone = self.running()
        self._current = self._next = None
        self.settled = False
        self.leaving = [worker for worker in (*self.leaving, *gone) if worker.ending is None]
        return gone

    def _turn_to(self, recipe: Recipe) -> list[Worker]:
        newest = self._next or self._current
        if newest and newest.recipe == recipe:
            return []
        dropped = list(self._next.workers) if self._next else []
        back = self._current is not None and self._current.recipe == recipe
        self._next = None if back else Group(recipe, self._start)
        return dropped


@dataclass(frozen=True)
class Endpoint:
    """A model as this server knows it.

    Attributes:
        model: its record.
        versions: record and workers of each version, by name.
    """

    model: ModelRecord
    versions: Mapping[str, tuple[VersionRecord, Deployment]]
