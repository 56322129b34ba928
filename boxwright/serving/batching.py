"""Runs the network on the pictures of several requests at a time.

A lane is a thread that takes whatever waits, up to a batch, and runs the network on it. An idle lane takes a picture at
once, so one client never waits for others; under load, what arrives while the lanes are busy makes up their next
batches. The size of a batch thus follows the load by itself.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Outputs = dict[str, NDArray[np.float32]]
Run = Callable[[NDArray[np.uint8]], Outputs]


@dataclass(eq=False)
class Waiting:
    """Canvases of one picture that wait for a lane, and where their outputs go.

    Attributes:
        canvases: uint8 (n, height, width, 3); n is 1 but for pictures that are cut into tiles.
        loop: where `done` is waited for.
        done: gets the rows of outputs of these canvases.
    """

    canvases: NDArray[np.uint8]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Outputs]" = field(init=False)

    def __post_init__(self) -> None:
        self.done = self.loop.create_future()

    def give(self, outputs: Outputs) -> None:
        """From a lane's thread: hand over the outputs, unless nobody waits any more."""
        self._tell(lambda: self.done.set_result(outputs))

    def fail(self, error: Exception) -> None:
        """From a lane's thread: hand over an error."""
        self._tell(lambda: self.done.set_exception(error))

    def _tell(self, what: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(lambda: None if self.done.done() else what())


class Batcher:
    """Lanes that share one queue.

    Args:
        run: the network: canvases (n, height, width, 3) to outputs of n rows each; called by several threads at once.
        lanes: calls at a time.
        max_batch: most canvases of one call; a picture of more tiles is one call by itself.
        max_wait: seconds that a lane waits for a batch to fill.
        observe: is told the size of each batch.
    """

    def __init__(
        self,
        run: Run,
        *,
        lanes: int,
        max_batch: int,
        max_wait: float = 0.0,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._run, self._max_batch, self._max_wait, self._observe = run, max_batch, max_wait, observe
        self._queue: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"lane-{n}", daemon=True) for n in range(lanes)]
        for thread in self._threads:
            thread.start()

    async def outputs(self, canvases: NDArray[np.uint8]) -> Outputs:
        """The network's outputs for canvases uint8 (n, height, width, 3).

        Raises:
            RuntimeError: the batcher is closed, or the network failed.
        """
        waiting = Waiting(canvases, asyncio.get_running_loop())
        with self._changed:
            if self._closed:
                raise RuntimeError("the model is being unloaded")
            self._queue.append(waiting)
            self._changed.notify()
        return await waiting.done

    def close(self) -> None:
        """Finish what waits, then end the lanes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._next():
            self._observe(sum(len(one.canvases) for one in batch))
            try:
                rows = self._run(np.concatenate([one.canvases for one in batch]))
            except Exception as error:  # belongs to the requests of this batch; the lane goes on
                for one in batch:
                    one.fail(error)
                continue
            _hand_out(batch, rows)

    def _next(self) -> list[Waiting]:
        """The next batch; empty when the batcher is closed and nothing waits."""
        with self._changed:
            while True:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if self._max_wait:
                    self._wait_for_more()
                batch = self._take()
                if batch or (self._closed and not self._queue):
                    return batch

    def _wait_for_more(self) -> None:
        end = time.monotonic() + self._max_wait
        while len(self._queue) < self._max_batch and not self._closed and (left := end - time.monotonic()) > 0:
            self._changed.wait(left)

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        room = self._max_batch
        while self._queue and (not batch or len(self._queue[0].canvases) <= room):
            one = self._queue.popleft()
            if not one.done.cancelled():  # its request is over
                batch.append(one)
                room -= len(one.canvases)
        return batch


def _hand_out(batch: Sequence[Waiting], outputs: Mapping[str, NDArray[np.float32]]) -> None:
    start = 0
    for one in batch:
        end = start + len(one.canvases)
        one.give({name: value[start:end] for name, value in outputs.items()})
        start = end
