"""Trials of a search: their values, and what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from boxwright.tune.scales import Value

TrialOutcome = Literal["RUNNING", "SUCCEEDED", "FAILED"]


@dataclass(frozen=True)
class Suggested:
    """A trial: its number from 1, its values, and the same as texts for the algorithm."""

    id: int
    values: dict[str, Value]
    arguments: dict[str, str]


@dataclass(frozen=True)
class Trial(Suggested):
    """A trial and what is known of it.

    Attributes:
        value: its result; None while it runs and where it failed.
        step: training step of that result.
        history: values by training step.
        stopped_early: it was ended because others were better.
        started, ended: seconds since 1970.
        error: why it failed; empty where it did not.
    """

    state: TrialOutcome
    value: float | None = None
    step: int = 0
    history: dict[int, float] = field(default_factory=dict)
    stopped_early: bool = False
    started: float = 0.0
    ended: float | None = None
    error: str = ""


@dataclass(frozen=True)
class KnownTrial:
    """A finished trial of an earlier study, whose values lie in the ranges of this one."""

    values: Mapping[str, Value]
    value: float
    history: Mapping[int, float] = field(default_factory=dict)
