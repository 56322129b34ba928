"""Jobs as processes of this machine."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from boxwright import files
from boxwright.jobdir import STOPPED_STATUS, Job, JobDir, Worker
from boxwright.jobs.folder import folder_of, prepare_folder, printed, read_trials
from boxwright.jobs.outcome import Ending
from boxwright.runners import Runner
from boxwright.runners.local import LocalRunner
from boxwright.sagemaker.job import JobState

POLL = 0.2
"""Seconds between looks at the log."""

RUNNER: Runner = LocalRunner()
"""Starts the jobs of this process."""


@dataclass
class LocalJob:
    """A job that `boxwright work` runs, or has run, on this machine.

    Attributes:
        name: what it is called.
        job_dir: its folder, local or a URL.
        worker: its process; None where it never had one.
    """

    name: str
    job_dir: str
    runner: Runner
    worker: Worker | None
    _read: int = 0
    _printed: int = 0
    _asked: bool = False
    folder: JobDir = field(init=False)

    def __post_init__(self) -> None:
        self.folder = folder_of(self.job_dir)

    @classmethod
    def start(cls, name: str, job_dir: str, job: Job, runner: Runner | None = None) -> "LocalJob":
        """Start a job in a folder, or go on with the same job there.

        Raises:
            FileExistsError: the folder holds another job.
            OSError: the folder cannot be written, or no process started.
        """
        folder, runner = prepare_folder(job_dir, job), runner or RUNNER
        read, before = _size(folder.log_file), _size(folder.worker_log)
        worker = runner.start(job_dir, folder.path, {})
        folder.write_worker(worker)
        return cls(name, job_dir, runner, worker, read, before)

    @classmethod
    def find(cls, name: str, job_dir: str, runner: Runner | None = None) -> "LocalJob":
        """A job that was started before. Raises: FileNotFoundError: no job in that folder."""
        folder = folder_of(job_dir)
        if not folder.job_file.is_file() and not files.is_file(files.join(job_dir, folder.job_file.name)):
            raise FileNotFoundError(f"{job_dir} holds no job")
        return cls(name, job_dir, runner or RUNNER, folder.read_worker())

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.worker is not None and self.runner.alive(self.worker)

    def image_uri(self) -> str:
        """Names its algorithm."""
        job = self.folder.read_job()
        assert job is not None, "it was started"
        return job.algorithm

    def lines(self, between: Callable[[], object] = lambda: None) -> Iterator[str]:
        """The lines of its log as they are written, until it ends; `between` is called at every look."""
        while True:
            running = self.running  # before the log is read, so that no line comes after the last look
            yield from self._new()
            if not running:
                return
            between()
            time.sleep(POLL)

    def _new(self) -> Iterator[str]:
        with suppress(FileNotFoundError), open(self.folder.log_file, "rb") as file:
            if _size(self.folder.log_file) < self._read:  # begun anew
                self._read = 0
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield line.decode(errors="replace").rstrip("\n").partition(" ")[2]

    def state(self) -> JobState:
        """How it stands now."""
        if self.running:
            return JobState("InProgress", trials=tuple(read_trials(self.folder)))
        trials = tuple(read_trials(self.folder))
        result = self.folder.read_result()
        status = self.runner.ending(self.worker) if self.worker else None
        if result is None and (self._asked or status == STOPPED_STATUS):
            return JobState("Stopped", "it was asked to stop; the same job name goes on with it", trials=trials)
        ending = Ending(result, status, printed=printed(self.folder, self._printed))
        if ending.verdict != "finished":
            return JobState("Failed", str(ending), trials=trials)
        return JobState("Completed", model=files.join(self.job_dir, self.folder.model.name), trials=trials)

    def stop(self) -> None:
        """Ask it to save its place and end."""
        if self.worker:
            self._asked = True
            self.runner.stop(self.worker)

    def let_go(self) -> str:
        """Nobody else would end it: it is asked to."""
        self.stop()
        return f"asked {self.name} to save its place and end; the same job name goes on with it"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
