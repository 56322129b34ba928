"""One process that serves one version of a model, on a Unix socket of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from boxwright.endpoints.connection import ping
from boxwright.termination import FOLLOW_PARENT

COMMAND = (sys.executable, "-m", "boxwright.cli", "serve")

MAX_LOG = 20_000_000
"""Bytes of a version's log, after which it is moved aside; one older part is kept."""

MESSAGE_LINES = 5


class Worker:
    """A process, from its start on. It ends with this process, however that ends.

    Args:
        command: what to start.
        socket: path of the Unix socket that it will listen on.
        log: file that what it prints is added to.

    Attributes:
        in_flight: requests that it has and has not answered; counted by the gateway, in its event loop.
        ready: whether it answers; the gateway clears it when it did not.
        was_ready: whether it ever was.
        started: when, by `time.monotonic`.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], socket: str, log: Path, asked: Callable[[str], bool] = ping) -> None:
        self.socket, self._log, self._asked = socket, log, asked
        self.in_flight, self.ready, self.was_ready = 0, False, False
        self.started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as output:
            # The write end of the pipe is held until this process is gone; the worker notices.
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, FOLLOW_PARENT: "1"},
            )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def ending(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def usable(self) -> bool:
        """Whether requests can be sent to it."""
        return self.ready and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether its end has been seen."""
        return self._process.returncode is not None

    def look(self) -> None:
        """See whether it is ready; asks it only if it was not."""
        if self.ending is not None:
            self.ready = False
        elif not self.ready and os.path.exists(self.socket):
            self.ready = self._asked(self.socket)
            self.was_ready |= self.ready

    def stop(self) -> None:
        """Ask it to answer what it has and end."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def clear(self) -> None:
        """Wait for a process that ends, and leave nothing of it behind but its log."""
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        with suppress(OSError):
            os.unlink(self.socket)

    def last_words(self) -> str:
        """The last lines that it has printed, but for its access log."""
        try:
            with open(self._log, "rb") as file:
                file.seek(self._log_start)
                lines = file.read()[-8000:].decode(errors="replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip() and not line.startswith("{")]
        return "\n".join(said[-MESSAGE_LINES:]).removeprefix("boxwright: ")

    def trim_log(self) -> None:
        """Move a log that has grown long aside; what is open goes on in the empty file."""
        with suppress(OSError):
            if self._log.stat().st_size > MAX_LOG:
                shutil.copyfile(self._log, f"{self._log}.1")
                os.truncate(self._log, 0)
                self._log_start = 0
