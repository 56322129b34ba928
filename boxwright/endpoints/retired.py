"""Workers that get no more requests: they answer what they have, then they are ended."""

import time
from collections.abc import Iterable

from boxwright.endpoints.worker import Worker

DRAIN = 60.0
"""Seconds in which requests that a worker has may be answered before it is told to end."""

LOOK_EVERY = 0.02
"""Seconds between looks while all of them are waited for."""


class Retired:
    """Workers on their way out.

    Args:
        grace: seconds in which a worker may end by itself.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._draining: list[tuple[Worker, float]] = []
        self._ending: list[tuple[Worker, float]] = []

    @property
    def empty(self) -> bool:
        """Whether all have ended."""
        return not self._draining and not self._ending

    def add(self, workers: Iterable[Worker]) -> None:
        """Take on workers that the gateway no longer knows."""
        self._draining += [(worker, time.monotonic()) for worker in workers]

    def step(self) -> None:
        """Tell those to end that have answered everything, and clear up after those that have ended."""
        now = time.monotonic()
        self._tell([pair for pair in self._draining if not pair[0].in_flight or pair[1] + DRAIN < now], now)
        for worker, since in self._ending:
            if since + self._grace < now:
                worker.kill()
            if worker.ending is not None:
                worker.clear()
        self._ending = [pair for pair in self._ending if pair[0].ending is None]

    def finish(self) -> None:
        """End all of them now, and wait for it."""
        self._tell(self._draining, time.monotonic())
        while not self.empty:
            self.step()
            time.sleep(LOOK_EVERY)

    def _tell(self, some: list[tuple[Worker, float]], now: float) -> None:
        self._draining = [pair for pair in self._draining if pair not in some]
        for worker, _ in some:
            worker.stop()
            self._ending.append((worker, now))
