"""Work on items ahead of their use, on threads, in order: for what waits on other machines more than it computes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

AT_ONCE = 32
"""Items in hand: as many requests as an object store answers in the time of one."""

Item = TypeVar("Item")
Done = TypeVar("Done")


def ahead(work: Callable[[Item], Done], items: Iterable[Item], at_once: int = AT_ONCE) -> Iterator[Done]:
    """What `work` makes of each item, in their order; at most `at_once` are in hand or wait to be taken.

    Each is worked on in the caller's context, so that what `files.confined` forbids it stays forbidden to the threads.

    Args:
        at_once: 1 does without threads.

    Raises:
        what `work` raises, when the turn of its item comes.
    """
    if at_once <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[Done]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(copy_context().run, work, item))
                if len(waiting) >= at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
