"""What starts, watches and stops the processes that work on jobs. Every runner keeps to `Runner`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from boxwright.jobdir import Worker

__all__ = ["Runner", "Worker"]


class Runner(Protocol):
    """Starts `boxwright work JOB_DIR` and deals with the process, also with one that an earlier runner started."""

    def start(self, job_dir: str, folder: Path, environment: Mapping[str, str]) -> Worker:
        """Start a worker that outlives this process.

        Args:
            job_dir: the job's folder, local or a URL.
            folder: where it is worked on; gets what the worker prints in worker.log.
            environment: what to add to this process's own.

        Raises:
            OSError: it cannot be started.
        """
        ...

    def alive(self, worker: Worker) -> bool:
        """Whether it still runs; one that has ended and was not waited for does not."""
        ...

    def ending(self, worker: Worker) -> int | None:
        """Exit status of a worker that has ended, negative for a signal; None where nobody knows."""
        ...

    def stop(self, worker: Worker) -> None:
        """Ask it to save its place and end; nothing happens where it has ended."""
        ...

    def kill(self, worker: Worker) -> None:
        """End it and the processes that it has started at once, also those that have outlived it."""
        ...
