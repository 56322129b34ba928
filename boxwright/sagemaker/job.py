"""A job under way, wherever it runs."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Status = Literal["InProgress", "Stopping", "Completed", "Failed", "Stopped"]

Say = Callable[[str], object]
"""Is given text to show, line feeds included."""

MetricDefinition = Mapping[str, str]
"""`Name` of a number, and the `Regex` whose first group it is in a line of the log."""


class JobFailed(ValueError):
    """A job that has ended without a result; says why."""


@dataclass(frozen=True)
class JobState:
    """How a job stands.

    Attributes:
        reason: why it failed or was stopped.
        model: the trained model's folder; empty before the job is completed.
        trials: of a study, in the shape of `trainingOutput.trials`.
    """

    status: Status
    reason: str = ""
    model: str = ""
    trials: tuple[dict[str, Any], ...] = ()


class TrainingJob(Protocol):
    """A job that has been started."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def image_uri(self) -> str:
        """Names its algorithm."""
        ...

    def lines(self) -> Iterator[str]:
        """The lines of its log as they are written, until it ends."""
        ...

    def state(self) -> JobState:
        """How it stands now."""
        ...

    def stop(self) -> None:
        """Ask it to save its place and end."""
        ...

    def let_go(self) -> str:
        """What an interrupt does to it, and the words for it."""
        ...


@dataclass(frozen=True)
class Metric:
    """A number of a line of the log."""

    name: str
    value: float


@dataclass
class Metrics:
    """Finds numbers in the lines of a log."""

    definitions: Sequence[MetricDefinition]
    found: list[Metric] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Look through one line."""
        for one in self.definitions:
            match = re.search(one["Regex"], line)
            if match:
                self.found.append(Metric(one["Name"], float(match.group(1))))

    def last(self) -> dict[str, float]:
        """The last value of each."""
        return {one.name: one.value for one in self.found}


def check_definitions(definitions: Sequence[MetricDefinition]) -> None:
    """Raises: ValueError: one without name, or whose expression cannot be used; says which."""
    for one in definitions:
        try:
            groups = re.compile(one["Regex"]).groups if one["Name"] else 0
        except (KeyError, TypeError, re.error) as error:
            raise ValueError(f"a metric needs a Name, and a Regex that can be read, got {one!r}: {error!r}") from error
        if groups < 1:
            raise ValueError(f"a metric needs a Name, and a group in its Regex that holds the number, got {one!r}")


def follow(job: TrainingJob, metrics: Metrics, say: Say) -> JobState:
    """Show a job's log until it ends, and read its metrics.

    Raises:
        JobFailed: it did not complete.
    """
    try:
        for line in job.lines():
            metrics.read(line)
            say(f"{line}\n")
    except KeyboardInterrupt:
        say(f"{job.let_go()}\n")
        raise
    state = job.state()
    if state.status != "Completed":
        raise JobFailed(f"job {job.name} ended as {state.status}: {state.reason or 'no reason is known'}")
    return state


def name_from_base(base: str) -> str:
    """A job's name: its base and the time, in milliseconds."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(now))
    return f"{base.replace('_', '-')}-{stamp}-{int(now * 1000) % 1000:03d}"
