"""Being asked to stop: SIGTERM and SIGINT are remembered, so that a run can save its place first."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


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
