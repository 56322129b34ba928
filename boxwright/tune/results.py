"""What a study leaves: trials.json, the model of each trial and of the best one, the report, the result."""

import json
import os
import platform
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from boxwright import files, modeldir
from boxwright.jobdir import JobDir
from boxwright.spec.study import Parameter
from boxwright.spec.study_state import ParameterState, StudyState, TrialState
from boxwright.study_report.report import write_study_report
from boxwright.study_report.trials import TrialRow
from boxwright.tune.study import Search
from boxwright.tune.trial import Trial

REPORT = "study.html"


def trial_folder(jobdir: JobDir, id: int | str) -> JobDir:
    """The job folder of a trial."""
    return JobDir(jobdir.path / "trials" / str(id))


def trial_model(jobdir: JobDir, id: int | str) -> Path:
    """Where the best model of a trial stands once the trial has ended."""
    return jobdir.model / f"trial_{id}"


def read_trials(jobdir: JobDir) -> list[dict[str, Any]]:
    """What trials.json holds. Raises: FileNotFoundError."""
    found: list[dict[str, Any]] = json.loads(jobdir.trials_file.read_text())
    return found


def write_trials(jobdir: JobDir, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Write trials.json in one step, in the shape of the managed service's `trainingOutput.trials`."""
    written = [_as_json(jobdir, one) for one in trials]
    files.write_text(str(jobdir.trials_file), json.dumps(written, indent=2))
    return written


def _as_json(jobdir: JobDir, trial: Trial) -> dict[str, Any]:
    found: dict[str, Any] = {
        "trialId": str(trial.id),
        "hyperparameters": trial.arguments,
        "state": trial.state,
        "startTime": _timestamp(trial.started),
    }
    if trial.ended is not None:
        found["endTime"] = _timestamp(trial.ended)
    if trial.value is not None:
        found["finalMetric"] = {"trainingStep": str(trial.step), "objectiveValue": trial.value}
        found["builtInAlgorithmOutput"] = algorithm_output(trial_model(jobdir, trial.id))
    if trial.stopped_early:
        found["isTrialStoppedEarly"] = True
    return found


def algorithm_output(model: Path) -> dict[str, str]:
    """The service's `builtInAlgorithmOutput` of a model's folder."""
    return {
        "framework": "TENSORFLOW",
        "runtimeVersion": _runtime_version(model),
        "pythonVersion": ".".join(platform.python_version_tuple()[:2]),
        "modelPath": str(model.resolve()),
    }


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _runtime_version(model: Path) -> str:
    config = model / modeldir.DEPLOYMENT_CONFIG
    if not config.exists():
        return ""
    found: dict[str, Any] = yaml.safe_load(config.read_text())
    return str(found["runtimeVersion"])


def keep_model(jobdir: JobDir, id: int, step: int) -> None:
    """Move a trial's model to its place below the study's; nothing happens where it stands there.

    Its checkpoints, from which nothing will go on, are removed. Raises: OSError.
    """
    source, target = trial_folder(jobdir, id).model, trial_model(jobdir, id)
    jobdir.model.mkdir(exist_ok=True)
    if source.exists():
        shutil.rmtree(target, ignore_errors=True)
        source.rename(target)
        _tell_place(target, f"{jobdir.path.resolve().name}_{id}", step)
    shutil.rmtree(trial_folder(jobdir, id).checkpoints, ignore_errors=True)


def keep_best(jobdir: JobDir, id: int, step: int) -> None:
    """Make a trial's model the study's own, with the trials' models still beside its files.

    The files are hard links where the disk has them, so the best model takes no more room. Readers see the old model
    or the new one. Raises: OSError.
    """
    staged = jobdir.path / "model.unfinished"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(trial_model(jobdir, id), staged, copy_function=_link)
    _tell_place(staged, jobdir.path.resolve().name, step, jobdir.model)
    for trial in jobdir.model.glob("trial_*"):
        shutil.copytree(trial, staged / trial.name, copy_function=_link)
    old = jobdir.path / "model.old"
    jobdir.model.rename(old)
    staged.rename(jobdir.model)
    shutil.rmtree(old)
    keep_evaluation(jobdir, id)


def keep_evaluation(jobdir: JobDir, id: int) -> None:
    """Make the evaluation of a trial's model the study's own: links, as of its model. Raises: OSError."""
    source, staged = trial_folder(jobdir, id).evaluation, jobdir.path / "evaluation.unfinished"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.rmtree(jobdir.evaluation, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, staged, copy_function=_link)
        staged.rename(jobdir.evaluation)


def mend_models(jobdir: JobDir) -> None:
    """Undo what a process that was killed in `keep_best` has left half done."""
    old = jobdir.path / "model.old"
    if old.exists():
        if jobdir.model.exists():
            shutil.rmtree(old)
        else:
            old.rename(jobdir.model)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk without hard links
        shutil.copy2(source, target)


def _tell_place(model: Path, job_id: str, step: int, place: Path | None = None) -> None:
    version = _runtime_version(model)
    if version:
        modeldir.write_deployment_config(str(model), job_id=job_id, step=step, runtime_version=version)
    if version and place:
        config = model / modeldir.DEPLOYMENT_CONFIG
        text = config.read_text().replace(os.path.abspath(model), os.path.abspath(place))
        files.write_text(str(config), text)


def write_study(jobdir: JobDir, search: Search) -> None:
    """Write study.json: what is known of the search so far. Raises: OSError."""
    best = search.best()
    state = StudyState(
        metric=search.spec.hyperparameter_metric_tag,
        goal=search.spec.goal,
        max_trials=search.total,
        parameters=tuple(parameter_state(one) for one in search.spec.params),
        trials=tuple(trial_state(one) for one in search.trials()),
        best_trial=str(best.id) if best else "",
        importance=search.importance(),
    )
    files.write_text(str(jobdir.study_file), state.model_dump_json(by_alias=True))


def parameter_state(one: Parameter) -> ParameterState:
    """A searched argument as study.json has it."""
    values = one.categorical_values or tuple(one.text(value) for value in one.discrete_values)
    return ParameterState(
        name=one.parameter_name,
        type=one.type,
        min_value=one.min_value,
        max_value=one.max_value,
        scale_type=one.scale_type,
        values=values,
    )


def trial_state(trial: Trial) -> TrialState:
    """A trial as study.json has it; its time, where it runs, so far."""
    told = row(trial)
    return TrialState(
        trial_id=told.id,
        parameters=told.parameters,
        state=told.state,
        value=told.value,
        step=told.step,
        history=tuple(told.history),
        stopped_early=told.stopped_early,
        seconds=round(told.seconds, 3),
        error=told.error,
    )


def write_report(jobdir: JobDir, search: Search) -> None:
    """Write study.html. Raises: OSError."""
    rows = [row(one) for one in search.trials()]
    write_study_report(str(jobdir.path / REPORT), search.spec, rows, importance=search.importance())


def row(trial: Trial) -> TrialRow:
    """A trial as the report shows it."""
    return TrialRow(
        id=str(trial.id),
        parameters=trial.arguments,
        state=trial.state,
        value=trial.value,
        step=trial.step,
        history=list(trial.history.items()),
        stopped_early=trial.stopped_early,
        seconds=(trial.ended or time.time()) - trial.started,
        error=trial.error,
    )


def result(jobdir: JobDir, search: Search, best: Trial) -> dict[str, Any]:
    """What result.json holds."""
    trials = search.trials()
    of_best = trial_folder(jobdir, best.id).read_result() or {}
    return {
        "status": "finished",
        "best_step": best.step,
        "best_trial": str(best.id),
        "value": best.value,
        "metric": search.spec.hyperparameter_metric_tag,
        "hyperparameters": best.arguments,
        "metrics": of_best.get("metrics", {}),
        "trials": read_trials(jobdir),
        "errors": {str(one.id): one.error for one in trials if one.error},
        "table": table(search, best),
    }


def table(search: Search, best: Trial) -> str:
    """The trials as text, the best one marked."""
    metric = search.spec.hyperparameter_metric_tag
    names = [one.name for one in search.axes]
    rows = [["trial", *names, metric, "step", ""]]
    for one in search.trials():
        value = f"{one.value:.4f}" if one.value is not None else "-"
        remark = "best" if one.id == best.id else "stopped early" if one.stopped_early else ""
        remark = "failed" if one.state == "FAILED" else remark
        rows.append([str(one.id), *(_short(one.values[name]) for name in names), value, str(one.step), remark])
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in rows
    )


def _short(value: float | int | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
