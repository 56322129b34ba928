"""Tests of what a study learns from an earlier one."""

import json
from pathlib import Path

import pytest

from boxwright.jobdir import Event, Job, JobDir
from boxwright.spec.study import Study
from boxwright.tune import results
from boxwright.tune.previous import previous_trials
from boxwright.tune.scales import axis

X = {"parameterName": "x", "type": "INTEGER", "minValue": 1, "maxValue": 9}
STUDY = Study.read({"params": [X], "maxTrials": 1, "hyperparameterMetricTag": "AP50"})
AXES = [axis(one) for one in STUDY.params]


def earlier(folder: Path, trials: dict[str, str], previous: str = "") -> JobDir:
    """A study's folder: text of x by trial; AP50 rises to a hundredth of the trial's number."""
    jobdir = JobDir(folder)
    jobdir.create()
    jobdir.write_job(Job(kind="tune", algorithm="fake", arguments={}, study=STUDY, previous=previous))
    written = [{"trialId": id, "hyperparameters": {"x": x}, "state": "SUCCEEDED"} for id, x in trials.items()]
    jobdir.trials_file.write_text(json.dumps(written))
    for id in trials:
        trial = results.trial_folder(jobdir, id)
        trial.create()
        for step in (10, 20):
            values = {"AP": 0.5, "AP50": int(id) / 100 * step / 20}
            trial.append(Event(kind="evaluation", step=step, values=values))
    return jobdir


def test_the_metric_is_that_of_the_new_study(tmp_path: Path) -> None:
    found = previous_trials(earlier(tmp_path / "a", {"1": "3", "2": "4"}).path, STUDY, AXES)
    assert [(one.values["x"], one.value, one.history) for one in found.known] == [
        (3, 0.01, {10: 0.005, 20: 0.01}),
        (4, 0.02, {10: 0.01, 20: 0.02}),
    ]
    smaller = STUDY.model_copy(update={"goal": "MINIMIZE"})
    assert [one.value for one in previous_trials(tmp_path / "a", smaller, AXES).known] == [0.005, 0.01]


def test_what_does_not_fit_is_left_out_with_its_reason(tmp_path: Path) -> None:
    jobdir = earlier(tmp_path / "a", {"1": "3", "2": "10", "3": "5", "4": "6", "5": "7"})
    trials = results.read_trials(jobdir)
    trials[2]["hyperparameters"] = {"y": "5"}
    trials[3]["state"] = "FAILED"
    results.trial_folder(jobdir, 5).events_file.unlink()
    jobdir.trials_file.write_text(json.dumps(trials))
    found = previous_trials(jobdir.path, STUDY, AXES)
    assert [one.values["x"] for one in found.known] == [3]
    assert found.left_out == [
        "trial 2 of a: x must be from 1 to 9, got 10",
        "trial 3 of a searched other parameters: y",
        "trial 5 of a has no evaluation with AP50",
    ]


def test_a_chain_of_studies(tmp_path: Path) -> None:
    first = earlier(tmp_path / "a", {"1": "3"})
    second = earlier(tmp_path / "b", {"1": "4"}, str(first.path))
    earlier(tmp_path / "a", {"1": "3"}, str(second.path))  # a ring ends
    found = previous_trials(second.path, STUDY, AXES)
    assert [one.values["x"] for one in found.known] == [3, 4]


def test_no_study_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="trials.json is missing: .* is no folder of a study"):
        previous_trials(tmp_path, STUDY, AXES)
