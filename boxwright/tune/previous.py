"""What an earlier study has found, for a new one to start from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.jobdir import JobDir
from boxwright.spec.study import Study
from boxwright.tune.results import read_trials, trial_folder
from boxwright.tune.scales import Axis
from boxwright.tune.trial import KnownTrial


@dataclass(frozen=True)
class Previous:
    """Trials that count for a new study, and why others do not."""

    known: list[KnownTrial]
    left_out: list[str]


def previous_trials(folder: Path, study: Study, axes: Sequence[Axis]) -> Previous:
    """Read the successful trials of an earlier study, and of those that it had started from, oldest first.

    Their value is that of the new study's metric, which every evaluation has written down.

    Raises:
        FileNotFoundError: no study in that folder.
    """
    found = Previous([], [])
    for jobdir in reversed(list(_ancestors(JobDir(folder)))):
        for trial in read_trials(jobdir):
            _judge(found, jobdir, trial, study, axes)
    return found


def _ancestors(jobdir: JobDir) -> Iterator[JobDir]:
    seen: set[Path] = set()
    while jobdir.path.resolve() not in seen:
        seen.add(jobdir.path.resolve())
        if not jobdir.trials_file.exists():
            raise FileNotFoundError(f"{jobdir.trials_file} is missing: {jobdir.path} is no folder of a study")
        yield jobdir
        job = jobdir.read_job()
        if job is None or not job.previous:
            return
        jobdir = JobDir(Path(job.previous))


def _judge(found: Previous, jobdir: JobDir, trial: dict[str, Any], study: Study, axes: Sequence[Axis]) -> None:
    name = f"trial {trial['trialId']} of {jobdir.path.name}"
    given = trial["hyperparameters"]
    if trial["state"] != "SUCCEEDED":
        return
    if given.keys() != {one.name for one in axes}:
        found.left_out.append(f"{name} searched other parameters: {', '.join(sorted(given))}")
        return
    history = evaluations(trial_folder(jobdir, trial["trialId"]), study.hyperparameter_metric_tag)
    if not history:
        found.left_out.append(f"{name} has no evaluation with {study.hyperparameter_metric_tag}")
        return
    try:
        values = {one.name: one.value(one.searched(given[one.name])) for one in axes}
    except ValueError as error:
        found.left_out.append(f"{name}: {error}")
        return
    best = max if study.goal == "MAXIMIZE" else min
    found.known.append(KnownTrial(values, best(history.values()), history))


def evaluations(jobdir: JobDir, metric: str) -> dict[int, float]:
    """A metric's values by training step, as a job's evaluations have written them."""
    return {
        event.step: float(event.values[metric])
        for event in jobdir.events()
        if event.kind == "evaluation" and metric in event.values
    }
