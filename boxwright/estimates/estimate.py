"""One estimate."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["WAITING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]

FRESH = 3600.0
"""Seconds for which the same question gets the same answer."""


@dataclass
class Estimate:
    """One estimate, while it is made and after.

    Attributes:
        id: its name within the project.
        question: digest of all that the measurement depends on.
        trials, rounds: of a study, and how often a trial's time passes; those in parallel count once.
        busy: whether jobs ran while it was measured, which makes it too pessimistic.
        phase: what is being done: "data", "model", "steps" or "evaluation".
        measured_steps: so far.
        values: what was found (see `boxwright.train.probe`).
        error: why there is no answer.
        asked: when somebody last asked, by the monotonic clock.
    """

    project: str
    id: str
    question: str
    trials: int = 1
    rounds: int = 1
    state: State = "WAITING"
    busy: bool = False
    phase: str = ""
    measured_steps: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    asked: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> bool:
        return self.state not in ("WAITING", "RUNNING")

    @property
    def useful(self) -> bool:
        """Whether it can be the answer to the same question again."""
        fresh = time.monotonic() - self.began < FRESH
        return not self.done or (self.state == "SUCCEEDED" and fresh and not self.busy)
