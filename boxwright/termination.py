"""Being asked to stop: by SIGTERM and SIGINT, which are remembered so that a run can save its place, or by the end of
the process that started this one."""

import os
import select
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

FOLLOW_PARENT = "BOXWRIGHT_FOLLOW_PARENT"
"""Environment variable of a process that is to end with the one that holds the other end of its standard input."""

LOOK_EVERY = 0.5
"""Seconds between looks whether the parent has gone."""


@contextmanager
def termination() -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and SIGINT are remembered instead of ending the process; a second SIGINT ends it."""
    received: list[int] = []

    def remember(number: int, _: Any) -> None:
        if number in received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parent_has_gone() -> bool:
    """Whether standard input is a pipe that nobody holds any more: a server that starts a process holds one."""
    try:
        if not stat.S_ISFIFO(os.fstat(0).st_mode):
            return False
        readable, _, _ = select.select([0], [], [], 0)
        return bool(readable) and not os.read(0, 1)
    except OSError:
        return False


@contextmanager
def following_parent() -> Iterator[None]:
    """Within, this process gets SIGTERM when its parent has gone, if `FOLLOW_PARENT` is set in its environment."""
    left = threading.Event()

    def watch() -> None:
        while not left.wait(LOOK_EVERY):
            if parent_has_gone():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    if os.environ.get(FOLLOW_PARENT):
        threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield
    finally:
        left.set()
