"""A `boxwright serve` of its own for a measurement."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

COMMAND = (sys.executable, "-m", "boxwright.cli", "serve")


class Serving:
    """A process that serves a model on a free port, from `with` to its end.

    Args:
        folder: the model's.
        options: of `boxwright serve`.

    Attributes:
        address: host and port.
        seconds: from the command to its line that it listens.
    """

    def __init__(self, folder: str | Path, options: Sequence[str] = ()) -> None:
        self._words = [*COMMAND, str(folder), "--port=0", *options]
        self.address, self.seconds = "", 0.0

    def __enter__(self) -> Self:
        begin = time.perf_counter()
        self.process = subprocess.Popen(self._words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        while not self.address:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"{' '.join(self._words)} ended with status {self.process.wait()}")
            if " on http" in line:
                self.address = urlsplit(line.split()[-1]).netloc
        self.seconds = time.perf_counter() - begin
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def memory(self) -> int:
        """Resident bytes of the process now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
