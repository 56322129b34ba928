"""Workers as processes of this machine, in process groups of their own: they outlive whoever started them."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from boxwright.jobdir import JobDir, Worker
from boxwright.runners import host

COMMAND = (sys.executable, "-m", "boxwright.cli", "work")


class LocalRunner:
    """Starts processes and finds them again by number and time of start."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._children: set[int] = set()
        self._ended: dict[tuple[int, float], int] = {}

    def start(self, job_dir: str, folder: Path, environment: Mapping[str, str]) -> Worker:
        """Start a worker. Its output goes to a file, never to a pipe, which nobody might read. Raises: OSError."""
        log = os.open(JobDir(folder).worker_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            pid = os.posix_spawn(
                self._command[0],
                [*self._command, job_dir],
                {**os.environ, **environment},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                ],
                # Not a session: Linux may share the processor between sessions first, and then niceness says nothing.
                setpgroup=0,
            )
        finally:
            os.close(log)
        self._children.add(pid)
        # One that has ended already keeps its number until it is waited for, but tells no more when it began.
        started = host.process_started(pid) or 0.0
        devices = environment.get("CUDA_VISIBLE_DEVICES", "")
        return Worker(host=host.host_name(), pid=pid, started=started, devices=devices)

    def alive(self, worker: Worker) -> bool:
        """Whether it runs; a child that has ended is waited for."""
        self._wait(worker)
        # A child lives until it has been waited for: while its threads end it looks dead, but has no status yet.
        return self._is_child(worker) or host.is_running(worker)

    def ending(self, worker: Worker) -> int | None:
        """Exit status, where the worker was started by this runner."""
        self._wait(worker)
        return self._ended.get((worker.pid, worker.started))

    def _is_child(self, worker: Worker) -> bool:
        """Whether it is a child that has not been waited for, and not an earlier process of the same number."""
        if worker.pid not in self._children or worker.host != host.host_name():
            return False
        return host.process_started(worker.pid) in (None, worker.started)

    def _wait(self, worker: Worker) -> None:
        if not self._is_child(worker):
            return
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
        if pid:
            self._children.discard(pid)
            self._ended[worker.pid, worker.started] = os.waitstatus_to_exitcode(status)

    def stop(self, worker: Worker) -> None:
        """Send SIGTERM."""
        if self.alive(worker):
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)

    def kill(self, worker: Worker) -> None:
        """Send SIGKILL to the worker's process group, which has its number."""
        if worker.host == host.host_name() and worker.pid > 0 and not host.number_is_reused(worker):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(worker.pid, signal.SIGKILL)
