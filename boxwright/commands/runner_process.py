"""A runner as a child of the server: started again when it dies, ended with the server."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

COMMAND = (sys.executable, "-m", "boxwright.cli", "runner")

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
"""Seconds before a runner that died is started again; doubled each time that it dies soon."""

LONG_LIFE = 60.0
"""Seconds after which a runner's death is no longer soon."""

GRACE = 10.0
"""Seconds in which a runner may end by itself. Its workers go on without it."""


class RunnerProcess:
    """Keeps one runner alive within a `with` statement.

    Args:
        words: options of `boxwright runner`.
        environment: of the process; holds what must not be seen in a list of processes.
        say: is told when it dies.
        command: what to start.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        say: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._command = [*command, *words]
        self._environment = dict(environment)
        self._say = say
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="runner", daemon=True)

    @property
    def pid(self) -> int:
        """Of the process that runs now; 0 for none."""
        return self._child.pid if self._child else 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        wait = FIRST_WAIT / 2
        while not self._stopping.is_set():
            start = time.monotonic()
            self._run()
            if self._stopping.is_set():
                return
            wait = FIRST_WAIT if time.monotonic() - start > LONG_LIFE else min(2 * wait, LONGEST_WAIT)
            self._stopping.wait(wait)

    def _run(self) -> None:
        with subprocess.Popen(self._command, stdin=subprocess.PIPE, env=self._environment) as child:
            self._child = child
            while not self._stopping.is_set() and child.poll() is None:
                self._stopping.wait(0.2)
            if not self._stopping.is_set():
                self._say(f"the runner ended with status {child.returncode} and is started again")
                return
            child.terminate()
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
