"""Live streams of jobs' logs.

A stream costs a server little: each file, each job's state and each token is looked at once for all streams that need
it, by a `Watch`.
"""

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from boxwright.api.errors import Refusal, refusal_of
from boxwright.api.logfile import Extent, LogFile, log_of
from boxwright.api.watch import Watch, Watches
from boxwright.spec.job import FINAL_STATES, State
from boxwright.store.jobs import JobStore
from boxwright.store.records import JobRecord
from boxwright.store.tokens import TokenStore

P = ParamSpec("P")
Result = TypeVar("Result")

STATE_EVERY = 0.5
TOKEN_EVERY = 1.0
"""Seconds between looks."""

WAKE = 0.5
"""Seconds after which a stream without new lines looks whether its job has ended or its token was revoked."""

KEEP_ALIVE = 5.0
"""Seconds without a line, after which an empty one is sent."""

OUTAGE = 60.0
"""Seconds without a sign of the database, after which streams end: tokens might have been revoked."""


@dataclass
class _Place:
    """Where in a log a stream is."""

    generation: int
    offset: int

    def follow(self, extent: Extent) -> None:
        """Start anew in a file that was replaced or cut short."""
        if extent.generation != self.generation or self.offset > extent.size:
            self.generation, self.offset = extent.generation, 0


class Followers:
    """All streams of one server.

    Args:
        jobs: for the states.
        tokens: to end the streams of revoked ones.

    Attributes:
        watches: what is looked at for them.
    """

    def __init__(self, jobs: JobStore, tokens: TokenStore) -> None:
        self._jobs = jobs
        self._tokens = tokens
        self.watches = Watches()
        self._logs: WeakValueDictionary[str, LogFile] = WeakValueDictionary()
        # Apart from each other: files are read while the database does not answer.
        self._file_threads = ThreadPoolExecutor(4, "log")
        self._store_threads = ThreadPoolExecutor(4, "follow")
        self._closing = False

    def close(self) -> None:
        """End all streams; their clients are told where to go on."""
        self._closing = True

    def shut_down(self) -> None:
        """Let go of the threads."""
        self._file_threads.shutdown(wait=False, cancel_futures=True)
        self._store_threads.shutdown(wait=False, cancel_futures=True)

    async def stream(self, record: JobRecord, secret: str, offset: int, follow: bool) -> AsyncIterator[bytes]:
        """A job's log as lines of JSON.

        Args:
            record: the job.
            secret: the token that asks.
            offset: byte to begin with.
            follow: go on until the job has ended.

        Yields:
            lines; the very last tells the job's state, or an error and with it that there may be more.
        """
        try:
            async for text in self._lines(record, secret, offset, follow):
                yield text
        except OSError as error:  # at the start; later ones are overlooked
            yield _line(refusal_of(error).body())

    async def _lines(self, record: JobRecord, secret: str, offset: int, follow: bool) -> AsyncIterator[bytes]:
        log = self._logs.setdefault(record.job_dir, log_of(record.job_dir))
        async with AsyncExitStack() as stack:
            extents = await stack.enter_async_context(self._extents(log))
            states = await stack.enter_async_context(self._states(record))
            tokens = await stack.enter_async_context(self._validity(secret))
            place, spoken = _Place(extents.seen.generation, offset), time.monotonic()
            while True:
                last = not follow or states.seen in FINAL_STATES
                extent = await self._in_thread(log.extent) if last else extents.seen
                text = await self._read(log, extent, place)
                if not text and last:
                    yield _line({"state": states.seen})
                    return
                refusal = self._refusal(tokens)
                if refusal:
                    yield text + _line(refusal.body())
                    return
                if text or time.monotonic() - spoken > KEEP_ALIVE:
                    yield text or b"\n"
                    spoken = time.monotonic()
                else:
                    await extents.changed(extent, WAKE)

    async def _read(self, log: LogFile, extent: Extent, place: _Place) -> bytes:
        place.follow(extent)
        if place.offset >= extent.size:
            return b""
        text, place.offset = await self._in_thread(log.lines, extent, place.offset)
        return text

    def _extents(self, log: LogFile) -> AbstractAsyncContextManager[Watch[Extent]]:
        return self.watches.on(("log", log.path), lambda: Watch(log.extent, log.every, self._file_threads))

    def _states(self, record: JobRecord) -> AbstractAsyncContextManager[Watch[State]]:
        def state() -> State:
            return self._jobs.get(record.project, record.job_id).state

        return self.watches.on(("state", record.uid), lambda: Watch(state, STATE_EVERY, self._store_threads))

    def _validity(self, secret: str) -> AbstractAsyncContextManager[Watch[bool]]:
        def is_valid() -> bool:
            return self._tokens.check(secret) is not None

        return self.watches.on(("token", secret), lambda: Watch(is_valid, TOKEN_EVERY, self._store_threads))

    def _refusal(self, tokens: Watch[bool]) -> Refusal | None:
        if not tokens.seen:
            return Refusal("UNAUTHENTICATED", "this token was revoked")
        if self._closing:
            return Refusal("UNAVAILABLE", "the server is stopping; go on from the last offset")
        if time.monotonic() - tokens.looked > OUTAGE:
            return Refusal("UNAVAILABLE", "the database cannot be reached; go on later from the last offset")
        return None

    async def _in_thread(self, function: Callable[P, Result], *args: P.args, **named: P.kwargs) -> Result:
        call = functools.partial(function, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(self._file_threads, call)


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()
