"""What a runner's machine can take on: places on the processor, GPUs, disk and memory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from boxwright.runners.host import free_disk, free_memory
from boxwright.spec.job import JobRequest
from boxwright.spec.machine import Machine, assign
from boxwright.spec.server import RunnerSettings
from boxwright.store.records import JobRecord

MB = 10**6

WAITING = "waiting: "
"""Begins the line of a job's note that says why it waits."""


class NoPlace(Exception):
    """A job cannot start here now; says why."""


@dataclass(frozen=True)
class Slots:
    """What there is.

    Attributes:
        machine: that the jobs run on.
        gpus: what CUDA_VISIBLE_DEVICES calls each of its GPUs.
    """

    settings: RunnerSettings
    machine: Machine
    gpus: tuple[str, ...]

    def any_free(self, taken: Iterable[str]) -> bool:
        """Whether there is room for any job.

        Args:
            taken: GPUs of each running job as CUDA_VISIBLE_DEVICES has them; empty for one on the processor.
        """
        return self._processor_free(taken := list(taken)) or bool(self._free_gpus(taken))

    def place(self, record: JobRecord, folder: Path, taken: Iterable[str]) -> str:
        """The GPUs for a job, as CUDA_VISIBLE_DEVICES has them; empty for one on the processor.

        Raises:
            NoPlace: not now, or not on this machine.
        """
        taken = list(taken)
        given = JobRequest.read(record.request).training_input
        try:
            wanted = assign(given, self.machine, self.settings.allow_substitute).devices if given else 0
        except ValueError as error:
            raise NoPlace(str(error)) from error
        free = self._free_gpus(taken)
        if wanted > len(free):
            raise NoPlace(f"it needs {wanted} GPU, and {len(free)} of {len(self.gpus)} are free")
        if not wanted and not self._processor_free(taken):
            number = self.settings.max_jobs
            raise NoPlace(f"{number} {'job runs' if number == 1 else 'jobs run'} on the processor already")
        self._check_room(folder)
        return ",".join(free[:wanted])

    def _processor_free(self, taken: list[str]) -> bool:
        return sum(not devices for devices in taken) < self.settings.max_jobs

    def _free_gpus(self, taken: list[str]) -> list[str]:
        used = {name for devices in taken for name in devices.split(",")}
        return [name for name in self.gpus if name not in used]

    def _check_room(self, folder: Path) -> None:
        disk, memory = free_disk(folder), free_memory()
        if disk < self.settings.min_free_disk:
            needed = self.settings.min_free_disk // MB
            raise NoPlace(f"the disk of {folder} has {disk // MB} MB free, and a start needs {needed}; make room")
        if memory < self.settings.min_free_memory:
            raise NoPlace(
                f"{memory // MB} MB of memory are free, and a start needs {self.settings.min_free_memory // MB}"
            )


def waiting_note(note: str, why: str) -> str:
    """A job's note with the reason for which it waits, or without one where `why` is empty."""
    kept = [line for line in note.splitlines() if not line.startswith(WAITING)]
    return "\n".join([f"{WAITING}{why}", *kept] if why else kept)


def waits_alike(note: str, other: str) -> bool:
    """Whether two notes give the same reason for waiting, whatever numbers it has at the moment."""
    return _NUMBER.sub("0", note) == _NUMBER.sub("0", other)


_NUMBER = re.compile(r"\d+")
