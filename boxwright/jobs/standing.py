"""How far a job is, when it will have ended, and how good its model is so far: read from its events as they come."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from pydantic import ValidationError

from boxwright.event_file import EventFile
from boxwright.jobdir import Event, Job, JobDir
from boxwright.spec.resource import InvalidResource
from boxwright.spec.wait import WaitArguments

Trials = list[dict[str, Any]]

BEGINNINGS = ("data", "resumed", "begun", "planned", "study")
"""Kinds of events with which a process begins: the time between it and the process before says nothing of speed."""

PACE = ("train", "evaluation", "waited", "predicted", "trial")
"""Kinds of events from which the speed is told; those of other kinds come when nothing has been done."""


@dataclass
class Standing:
    """Reads a job's events, each once.

    Times are in seconds since 1970.
    """

    jobdir: JobDir
    _file: EventFile = field(init=False)
    _generation: int = 0
    _job: Job | None = None
    _step: int = 0
    _total: int = 0
    _time: float = 0.0
    _first: tuple[float, int] | None = None
    _best: tuple[str, float, int] | None = None

    def __post_init__(self) -> None:
        self._file = EventFile(str(self.jobdir.events_file))

    def progress(self, trials: Trials) -> dict[str, Any]:
        """`progress` of a job so far, without what is not known.

        Args:
            trials: of a study, as the API writes them.

        Raises:
            OSError: the folder cannot be read.
        """
        while lines := self._file.read():
            if self._generation != self._file.generation:
                self._begin_again()
            for line in lines:
                with suppress(ValidationError):
                    self._follow(Event.model_validate_json(line))
        return self._told(trials)

    def _begin_again(self) -> None:
        self._generation = self._file.generation
        self._step, self._time, self._first, self._best = 0, 0.0, None, None

    def _follow(self, event: Event) -> None:
        values = event.values
        if event.kind in BEGINNINGS:
            self._first, self._job = None, None
        if event.kind in PACE:
            done = values.get("predictions", 0) + values.get("errors", 0) if event.kind == "predicted" else event.step
            self._step, self._time = done, event.time
            self._total = int(values.get("pictures", self._total))
            self._first = self._first or (event.time, done)
        if event.kind == "evaluation":
            self._judge(event)

    def _judge(self, event: Event) -> None:
        job = self._read_job()
        name = job.spec.evaluation.best_metric if job and job.spec else "AP"
        value = event.values.get(name)
        if event.values.get("best_step") == event.step and isinstance(value, int | float) and isfinite(value):
            self._best = name, float(value), event.step

    def _read_job(self) -> Job | None:
        if self._job is None:
            with suppress(ValidationError):
                self._job = self.jobdir.read_job()
        return self._job

    def _told(self, trials: Trials) -> dict[str, Any]:
        job = self._read_job()
        step, total = self._step, self._total or _steps(job)
        best = best_trial(job, trials) if job and job.study else self._best
        if job and job.study:
            step = sum(one["state"] not in ("RUNNING", "QUEUED") for one in trials)
        found: dict[str, Any] = {"step": step, "maxSteps": total} if total else {}
        if self._first and total:
            seconds, steps = self._time - self._first[0], step - self._first[1]
            if steps > 0 and step < total:
                found["etaSeconds"] = round(seconds / steps * (total - step), 1)
        if best:
            found |= {"bestMetric": best[0], "bestValue": best[1], "bestStep": best[2]}
        return {**found, "updateTime": self._time} if found and self._time else found


def best_trial(job: Job, trials: Trials) -> tuple[str, float, int] | None:
    """Name and value of a study's metric, and the number of the trial that has the best; None before there is one."""
    assert job.study, "a job of kind tune"
    sign = 1 if job.study.goal == "MAXIMIZE" else -1
    found = [(sign * one["finalMetric"]["objectiveValue"], -int(one["trialId"])) for one in trials if _ended(one)]
    if not found:
        return None
    value, trial = max(found)
    return job.study.hyperparameter_metric_tag, sign * value, -trial


def _ended(trial: Mapping[str, Any]) -> bool:
    return trial["state"] == "SUCCEEDED" and "finalMetric" in trial


def _steps(job: Job | None) -> int:
    """How many steps a job will have done at its end; of a study, trials. 0 where that is not known yet."""
    if job is None:
        return 0
    if job.study:
        return job.study.max_trials
    if job.kind == "wait":
        with suppress(InvalidResource, ValueError):
            return WaitArguments.read(job.arguments).steps
    return job.spec.optimization.max_steps if job.spec else 0
