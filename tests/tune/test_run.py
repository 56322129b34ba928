"""Tests of the coordinator, with real processes that evaluate a formula: -(x - 1)^2 is best at x = 1."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import Event, JobDir
from boxwright.runners.local import LocalRunner
from boxwright.spec.study import Study
from boxwright.spec.study_state import StudyState
from boxwright.tune import results
from boxwright.tune.run import StudyFailed, tune_job
from boxwright.tune.study import Search
from boxwright.tune.trials import Slot

Tuning = Callable[..., JobDir]


def heard(_: Event) -> None:
    pass


def states(jobdir: JobDir) -> list[str]:
    return [trial["state"] for trial in results.read_trials(jobdir)]


def log(jobdir: JobDir) -> str:
    return jobdir.log_file.read_text()


def begun(jobdir: JobDir, id: int) -> list[Event]:
    return [event for event in results.trial_folder(jobdir, id).events() if event.kind == "begun"]


def test_a_study_leaves_its_trials_their_models_and_the_best_one(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(maxTrials=4, seed=1)
    result = tune_job(jobdir, heard, runner)
    assert result == jobdir.read_result()
    trials = results.read_trials(jobdir)
    assert [trial["trialId"] for trial in trials] == ["1", "2", "3", "4"]
    values = {}
    for trial in trials:
        x = float(trial["hyperparameters"]["x"])
        assert trial["state"] == "SUCCEEDED"
        assert trial["finalMetric"]["trainingStep"] == "4"  # -(x - 1)^2 * 4 / step is best at the last step
        assert trial["finalMetric"]["objectiveValue"] == pytest.approx(-((x - 1) ** 2))
        assert trial["startTime"] <= trial["endTime"]
        assert trial["builtInAlgorithmOutput"]["modelPath"] == str(jobdir.model / f"trial_{trial['trialId']}")
        assert (jobdir.model / f"trial_{trial['trialId']}" / "weights").read_text() == f"{x} 2.0"
        values[trial["trialId"]] = abs(x - 1)
    best = min(values, key=lambda id: values[id])
    assert result["best_trial"] == best
    assert (jobdir.model / "weights").samefile(jobdir.model / f"trial_{best}" / "weights")
    assert sorted(path.name for path in jobdir.model.iterdir()) == [*(f"trial_{id}" for id in range(1, 5)), "weights"]
    assert "<html" in (jobdir.path / "study.html").read_text()
    assert f"best: trial {best}" in log(jobdir)


def test_events_are_told_and_kept(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir, told = tuning(maxTrials=1), list[Event]()
    tune_job(jobdir, told.append, runner)
    assert [event.kind for event in told] == [event.kind for event in jobdir.events()]
    evaluations = [event for event in told if ": step " in event.values.get("text", "")]
    assert len(evaluations) == 4
    rest = [event.kind for event in told if event not in evaluations]
    assert rest == ["study", "trial", "trial", "checkpoint", "trial", "finished"]


def test_parallel_trials_share_the_machine(
    tuning: Tuning, runner: LocalRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = min(os.sched_getaffinity(0))
    monkeypatch.setattr("boxwright.tune.run.this_machines_slots", lambda *_: ([Slot((core,)), Slot((core,))], "few"))
    jobdir = tuning(maxTrials=4, maxParallelTrials=4, arguments={"seconds": "0.03"})
    tune_job(jobdir, heard, runner)
    assert "few" in log(jobdir)
    times = []
    for id in range(1, 5):
        events = list(results.trial_folder(jobdir, id).events())
        assert (events[-1].values["cores"], events[0].values["threads"]) == ([core], "1")
        times.append((events[0].time, events[-1].time))
    overlaps = [sum(start <= moment < end for start, end in times) for moment, _ in times]
    assert max(overlaps) == 2


def test_a_killed_trial_goes_on_from_its_checkpoint(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(maxTrials=1, arguments={"fail": "kill"})
    tune_job(jobdir, heard, runner)
    assert len(begun(jobdir, 1)) == 2
    assert [e.step for e in results.trial_folder(jobdir, 1).events() if e.kind == "evaluation"] == [1, 2, 3, 4]
    assert "trial 1: its process ended before its time; it goes on from its checkpoint" in log(jobdir)


def test_a_trial_that_is_always_killed_fails_with_its_last_words(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(maxTrials=1, arguments={"fail": "always"})
    with pytest.raises(StudyFailed, match="1 of 1 trials failed.* ended 3 times .* last words: out of memory"):
        tune_job(jobdir, heard, runner)
    assert states(jobdir) == ["FAILED"]
    assert len(begun(jobdir, 1)) == 3


def test_a_trial_may_fail(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(maxTrials=6, maxFailedTrials=6, arguments={"fail": "negative"})
    result = tune_job(jobdir, heard, runner)
    trials = results.read_trials(jobdir)
    failed = {one["trialId"] for one in trials if float(one["hyperparameters"]["x"]) < 0}
    assert 0 < len(failed) < 6
    assert {one["trialId"] for one in trials if one["state"] == "FAILED"} == failed
    assert result["errors"] == dict.fromkeys(sorted(failed), "the pictures are of cats")
    assert all("finalMetric" not in one for one in trials if one["trialId"] in failed)


@pytest.mark.parametrize(("most", "total", "ended"), [(0, 20, 5), (0, 4, 3), (2, 20, 2)])
def test_too_many_failures_end_the_study(
    tuning: Tuning, runner: LocalRunner, most: int, total: int, ended: int
) -> None:
    jobdir = tuning(maxTrials=total, maxFailedTrials=most, arguments={"fail": "user"})
    with pytest.raises(StudyFailed, match=f"{ended} of {ended} trials failed, the last one: the pictures are of cats"):
        tune_job(jobdir, heard, runner)
    assert states(jobdir) == ["FAILED"] * ended


def test_an_unknown_metric_lists_what_there_is(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(hyperparameterMetricTag="mAP")
    with pytest.raises(StudyFailed, match="hyperparameterMetricTag must be .*, got 'mAP'; trial 1 wrote AP, AP50"):
        tune_job(jobdir, heard, runner)
    assert states(jobdir) == ["FAILED"]


def test_trials_that_fall_behind_are_ended_early(tuning: Tuning, runner: LocalRunner) -> None:
    values = [1.0, 1.1, 1.2, 3.0]
    x = {"parameterName": "x", "type": "DISCRETE", "discreteValues": values}
    arguments = {"steps": "30", "rest": "0.01"}
    seed = next(s for s in range(99) if order(values, s)[-1] == 3.0)
    jobdir = tuning(
        "slow", arguments, maxTrials=4, params=[x], algorithm="GRID_SEARCH", enableTrialEarlyStopping=True, seed=seed
    )
    tune_job(jobdir, heard, runner)
    trials = results.read_trials(jobdir)
    assert trials[3]["hyperparameters"] == {"x": "3"}
    assert [trial.get("isTrialStoppedEarly", False) for trial in trials] == [False, False, False, True]
    assert trials[3]["state"] == "SUCCEEDED"
    assert int(trials[3]["finalMetric"]["trainingStep"]) < 30
    assert (jobdir.model / "trial_4" / "weights").exists()
    assert json.loads(results.trial_folder(jobdir, 4).stop_file.read_text()) == {"reason": "pruned"}


def order(values: list[float], seed: int) -> list[float]:
    x = {"parameterName": "x", "type": "DISCRETE", "discreteValues": values}
    search = Search(Study.read({"maxTrials": 4, "params": [x], "algorithm": "GRID_SEARCH", "seed": seed}))
    return [float(search.ask().values["x"]) for _ in values]


def test_sigterm_saves_and_the_next_time_goes_on(tuning: Tuning, runner: LocalRunner) -> None:
    jobdir = tuning(maxTrials=2, arguments={"seconds": "0.05"})

    def interrupt(event: Event) -> None:
        if event.kind == "trial" and "x=" in event.values["text"] and event.values["trial"] == "1":
            signal.raise_signal(signal.SIGTERM)

    assert tune_job(jobdir, interrupt, runner) == {"status": "stopped", "step": 0}
    assert states(jobdir) == ["RUNNING"]
    result = tune_job(jobdir, heard, runner)
    assert result["status"] == "finished"
    assert states(jobdir) == ["SUCCEEDED", "SUCCEEDED"]
    assert [e.step for e in results.trial_folder(jobdir, 1).events() if e.kind == "evaluation"] == [1, 2, 3, 4]


COORDINATOR = """
import sys
from pathlib import Path
from boxwright.jobdir import JobDir
from boxwright.runners.local import LocalRunner
from boxwright.tune import run
run.POLL = 0.01
run.tune_job(JobDir(Path(sys.argv[1])), lambda _: None, LocalRunner(tuple(sys.argv[2:])))
"""


@pytest.mark.parametrize("also_trial", [False, True])
def test_after_kill_9_the_study_goes_on(
    tuning: Tuning, runner: LocalRunner, fake: tuple[str, ...], also_trial: bool
) -> None:
    jobdir = tuning(maxTrials=3, arguments={"seconds": "0.15"})
    child = subprocess.Popen([sys.executable, "-c", COORDINATOR, str(jobdir.path), *fake])
    folder = results.trial_folder(jobdir, 2)
    wait_for(lambda: any(event.kind == "evaluation" for event in folder.events()))
    child.kill()
    child.wait()
    worker = folder.read_worker()
    assert worker is not None and runner.alive(worker)
    if also_trial:
        runner.kill(worker)
        wait_for(lambda: not runner.alive(worker))
    tune_job(jobdir, heard, runner)
    assert states(jobdir) == ["SUCCEEDED"] * 3
    assert len(begun(jobdir, 2)) == (2 if also_trial else 1)  # adopted, or begun again
    assert len(begun(jobdir, 1)) == len(begun(jobdir, 3)) == 1
    assert "trial 2: goes on" in log(jobdir)
    steps = [event.step for event in folder.events() if event.kind == "evaluation"]
    assert sorted(set(steps)) == [1, 2, 3, 4]
    undisturbed = tuning("undisturbed", maxTrials=3)
    tune_job(undisturbed, heard, runner)
    found = [[one["hyperparameters"], one["finalMetric"]] for one in results.read_trials(jobdir)]
    assert found == [[one["hyperparameters"], one["finalMetric"]] for one in results.read_trials(undisturbed)]


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def test_a_finished_trial_whose_end_was_not_seen_counts(tuning: Tuning, runner: LocalRunner) -> None:
    """The coordinator was killed after `ask`; meanwhile the trial ran to its end."""
    jobdir = tuning(maxTrials=1)
    tune_job(jobdir, heard, runner)
    finished = jobdir.read_result()
    again = tuning("again", maxTrials=1)
    spec = again.read_job()
    assert spec is not None and spec.study is not None
    search = Search(spec.study, again.path / "study.db")
    search.ask()
    search.close()
    (again.path / "trials").mkdir()
    results.trial_folder(jobdir, 1).path.rename(results.trial_folder(again, 1).path)
    (jobdir.model / "trial_1").rename(results.trial_folder(again, 1).model)
    result = tune_job(again, heard, runner)
    assert finished is not None
    assert result["value"] == finished["value"]
    assert len(begun(again, 1)) == 1


def test_warm_start(tuning: Tuning, runner: LocalRunner) -> None:
    first = tuning("first", maxTrials=4)
    tune_job(first, heard, runner)
    wider = {"parameterName": "x", "type": "DOUBLE", "minValue": -3, "maxValue": 0.5}
    inside = [t for t in results.read_trials(first) if float(t["hyperparameters"]["x"]) <= 0.5]
    assert 0 < len(inside) < 4
    second = tuning("second", previous=str(first.path), maxTrials=2, params=[wider], algorithm="BAYESIAN")
    tune_job(second, heard, runner)
    assert [trial["trialId"] for trial in results.read_trials(second)] == ["1", "2"]
    assert f"{len(inside)} trials are known from first" in log(second)
    assert "left out: trial" in log(second) and "must be from -3 to 0.5" in log(second)
    third = tuning("third", previous=str(second.path), maxTrials=1, algorithm="BAYESIAN")
    tune_job(third, heard, runner)
    assert "6 trials are known from second" in log(third)


def test_the_earlier_study_must_be_there(tuning: Tuning, runner: LocalRunner, tmp_path: Path) -> None:
    jobdir = tuning(previous=str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere is no folder of a study"):
        tune_job(jobdir, heard, runner)


def test_all_combinations_are_enough(tuning: Tuning, runner: LocalRunner) -> None:
    x = {"parameterName": "x", "type": "CATEGORICAL", "categoricalValues": ["0.5", "2"]}
    jobdir = tuning(maxTrials=9, params=[x], algorithm="BAYESIAN")
    tune_job(jobdir, heard, runner)
    assert {trial["hyperparameters"]["x"] for trial in results.read_trials(jobdir)} == {"0.5", "2"}
    assert "maxTrials is 9, but there are only 2 combinations of values" in log(jobdir)


def test_study_json_tells_every_evaluation_and_the_importance(tuning: Tuning, runner: LocalRunner) -> None:
    y = {"parameterName": "y", "type": "CATEGORICAL", "categoricalValues": ["1", "2"]}
    x = {"parameterName": "x", "type": "DOUBLE", "minValue": -3, "maxValue": 3}
    jobdir = tuning(maxTrials=5, params=[x, y], seed=3)
    result = tune_job(jobdir, heard, runner)
    state = StudyState.model_validate_json(jobdir.study_file.read_bytes())
    assert (state.metric, state.goal, state.max_trials, state.best_trial) == ("AP", "MAXIMIZE", 5, result["best_trial"])
    assert [(one.name, one.type, one.values) for one in state.parameters] == [
        ("x", "DOUBLE", ()),
        ("y", "CATEGORICAL", ("1", "2")),
    ]
    for trial in state.trials:
        base = (float(trial.parameters["x"]) - 1) ** 2 + (float(trial.parameters["y"]) - 2) ** 2
        # The formula is worse by 4 / step at each of its four evaluations.
        assert [step for step, _ in trial.history] == [1, 2, 3, 4]
        assert [value for _, value in trial.history] == pytest.approx([-base * 4 / step for step in (1, 2, 3, 4)])
        assert trial.state == "SUCCEEDED" and trial.value == trial.history[-1][1] and trial.seconds > 0
    assert set(state.importance) == {"x", "y"} and sum(state.importance.values()) == pytest.approx(1.0)


def test_study_json_is_written_while_a_trial_runs(tuning: Tuning, runner: LocalRunner, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    jobdir = tuning(maxTrials=1, arguments={"wait": str(seen)})  # the trial rests after half its steps until it is seen

    def look() -> bool:
        trials = StudyState.model_validate_json(jobdir.study_file.read_bytes()).trials
        return [len(one.history) for one in trials] == [2]

    with ThreadPoolExecutor() as pool:
        halfway = pool.submit(wait_for, lambda: jobdir.study_file.exists() and look())
        halfway.add_done_callback(lambda _: seen.touch())  # whether it was seen or not, so that the study ends
        tune_job(jobdir, heard, runner)
    assert halfway.exception() is None
