"""One look for all who watch the same thing, however many they are."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")


class Watch(Generic[Seen]):
    """Looks at a thing again and again.

    Args:
        look: blocks for a while; its OSError is overlooked, but for the first look.
        every: seconds between looks.
        threads: where it is called.

    Attributes:
        seen: what the last look found; not before `ready`.
        looked: when that was, by `time.monotonic`.
        watchers: how many there are.
    """

    seen: Seen

    def __init__(self, look: Callable[[], Seen], every: float, threads: Executor) -> None:
        self.looked = 0.0
        self.watchers = 0
        self._look = look
        self._every = every
        self._threads = threads
        self._changed = asyncio.Event()
        self._first: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    async def ready(self) -> None:
        """Wait for the first look. Raises: what that look raised."""
        await asyncio.shield(self._first)

    async def changed(self, known: Seen, seconds: float) -> None:
        """Wait until something else than `known` is seen, or for so long. Raises: what a look has raised."""
        if self._task.done():
            self._task.result()
        if self.seen == known:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)

    def close(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        try:
            self._note(await self._found())
            self._first.set_result(self.seen)
        except Exception as error:  # told to those who wait for it
            self._first.set_exception(error)
            return
        while True:
            await asyncio.sleep(self._every)
            with contextlib.suppress(OSError):
                self._note(await self._found())

    async def _found(self) -> Seen:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look)

    def _note(self, found: Seen) -> None:
        news = not self.looked or found != self.seen
        self.looked, self.seen = time.monotonic(), found
        if news:
            self._changed.set()
            self._changed = asyncio.Event()


class Watches:
    """The watches of one server, by what they look at; each lives as long as somebody watches."""

    def __init__(self) -> None:
        self._watches: dict[Hashable, Watch[Any]] = {}

    @asynccontextmanager
    async def on(self, key: Hashable, make: Callable[[], Watch[Seen]]) -> AsyncIterator[Watch[Seen]]:
        """Watch together with all others who gave this key. Raises: OSError: of the first look."""
        watch: Watch[Seen] = self._watches.get(key) or make()
        self._watches[key] = watch
        watch.watchers += 1
        try:
            await watch.ready()
            yield watch
        finally:
            watch.watchers -= 1
            if not watch.watchers:
                watch.close()
                del self._watches[key]

    def __iter__(self) -> Iterator[Watch[Any]]:
        return iter(list(self._watches.values()))
