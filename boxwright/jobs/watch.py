"""A job that a supervisor holds: its record, its folder, its worker, and what was seen of them."""

import logging
import time
from dataclasses import dataclass, field

from boxwright.jobdir import JobDir, Worker
from boxwright.jobs.folder import changed
from boxwright.jobs.standing import Standing
from boxwright.runners.host import processes_killed_for_memory
from boxwright.store.records import JobRecord

LOG = logging.getLogger("boxwright.jobs")


@dataclass
class Watch:
    """One job in hand. Times are in seconds since 1970.

    Attributes:
        worker: its process; None where it is not known to have one.
        recorded: whether the store knows of the worker.
        progress: step from which this worker began.
        killed_before: processes that the kernel had ended for lack of memory when the worker began.
        log_start: bytes of worker.log before the worker.
        stop_sent: when it was asked to stop.
        copied: when progress was last copied into the store.
        standing: reads how far it is.
    """

    record: JobRecord
    jobdir: JobDir
    worker: Worker | None
    recorded: bool = False
    progress: int = 0
    killed_before: int | None = field(default_factory=processes_killed_for_memory)
    log_start: int = 0
    stop_sent: float | None = None
    copied: float = 0.0
    standing: Standing = field(init=False)
    _seen: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        self.standing = Standing(self.jobdir)

    @property
    def devices(self) -> str:
        """GPUs that it takes, as CUDA_VISIBLE_DEVICES has them; empty on the processor."""
        return self.worker.devices if self.worker else ""

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has ended a process for lack of memory since the worker began."""
        now = processes_killed_for_memory()
        return now is not None and self.killed_before is not None and now > self.killed_before

    def has_news(self) -> bool:
        """Whether events or trials were written since the last call that said so."""
        seen = changed(self.jobdir.events_file), changed(self.jobdir.trials_file)
        news = seen != self._seen
        self._seen = seen
        return news

    def forget_news(self) -> None:
        """What was seen did not reach the store: see it again."""
        self._seen = ()

    def log(self, text: str) -> None:
        """Add a line to the job's log.txt, if that can be written."""
        try:
            self.jobdir.log(text, time.time())
        except OSError:
            LOG.warning("cannot write to %s", self.jobdir.log_file)
