"""How far a job is, from events written by hand; the expected numbers are counted by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import Event, Job, JobDir
from boxwright.jobs.standing import Standing, best_trial
from boxwright.spec.study import Study
from boxwright.spec.training import EvaluationSpec, OptimizationSpec, TrainSpec

STUDY = {"maxTrials": 4, "params": [{"parameterName": "x", "type": "DOUBLE", "minValue": 0, "maxValue": 1}]}


@pytest.fixture
def jobdir(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path)


def trained(jobdir: JobDir, max_steps: int = 100, **evaluation: Any) -> Standing:
    """A training job of so many steps."""
    spec = TrainSpec.model_construct(
        optimization=OptimizationSpec.model_construct(max_steps=max_steps),
        evaluation=EvaluationSpec.model_construct(best_metric=evaluation.get("best_metric", "AP")),
    )
    job = Job.model_construct(kind="train", algorithm="a", arguments={}, spec=spec, study=None)
    standing = Standing(jobdir)
    standing._read_job = lambda: job  # type: ignore[method-assign]  # a complete spec is beside the point
    return standing


def happened(jobdir: JobDir, kind: str, step: int, time: float, **values: Any) -> None:
    jobdir.append(Event(kind=kind, step=step, time=time, values=values))


def test_steps_time_left_and_the_best_so_far(jobdir: JobDir) -> None:
    standing = trained(jobdir)
    assert standing.progress([]) == {"step": 0, "maxSteps": 100}
    happened(jobdir, "data", 0, 0.0)
    happened(jobdir, "train", 10, 1000.0)
    assert standing.progress([]) == {"step": 10, "maxSteps": 100, "updateTime": 1000.0}
    happened(jobdir, "train", 20, 1005.0)
    happened(jobdir, "evaluation", 20, 1010.0, AP=0.25, best_step=20)
    happened(jobdir, "train", 30, 1020.0)
    happened(jobdir, "evaluation", 30, 1030.0, AP=0.125, best_step=20)
    assert standing.progress([]) == {
        "step": 30,
        "maxSteps": 100,
        "etaSeconds": 105.0,  # 20 steps took 30 s, evaluations included; 70 are left
        "bestMetric": "AP",
        "bestValue": 0.25,
        "bestStep": 20,
        "updateTime": 1030.0,
    }


def test_the_time_between_two_processes_does_not_count(jobdir: JobDir) -> None:
    standing = trained(jobdir)
    happened(jobdir, "train", 10, 0.0)
    happened(jobdir, "train", 20, 10.0)
    happened(jobdir, "resumed", 20, 5000.0)
    happened(jobdir, "train", 30, 5010.0)
    happened(jobdir, "train", 40, 5030.0)
    assert standing.progress([])["etaSeconds"] == 120.0  # 10 steps in 20 s, 60 left


def test_a_run_that_goes_back_to_its_checkpoint(jobdir: JobDir) -> None:
    standing = trained(jobdir)
    happened(jobdir, "train", 10, 0.0)
    happened(jobdir, "evaluation", 20, 1.0, AP=0.75, best_step=20)
    assert standing.progress([])["bestValue"] == 0.75
    jobdir.forget_after(10)
    happened(jobdir, "train", 20, 3.0)
    found = standing.progress([])
    assert "bestValue" not in found and found["step"] == 20


def test_at_the_end_nothing_is_left(jobdir: JobDir) -> None:
    standing = trained(jobdir, max_steps=20)
    happened(jobdir, "train", 10, 1.0)
    happened(jobdir, "train", 20, 2.0)
    assert "etaSeconds" not in standing.progress([])


def test_numbers_that_no_database_takes_and_lines_that_are_no_events(jobdir: JobDir) -> None:
    standing = trained(jobdir, best_metric="validation_loss")
    with jobdir.events_file.open("w") as file:
        values = '{"validation_loss": NaN, "best_step": 5}'
        file.write(f'nonsense\n{{"kind": "evaluation", "step": 5, "time": 1, "values": {values}}}\n')
    assert "bestValue" not in standing.progress([])
    happened(jobdir, "evaluation", 6, 2.0, validation_loss=1.5, best_step=6)
    found = standing.progress([])
    assert (found["bestMetric"], found["bestValue"]) == ("validation_loss", 1.5)


def test_a_job_that_waits(jobdir: JobDir) -> None:
    jobdir.write_job(Job(kind="wait", algorithm="wait", arguments={"steps": "8"}))
    for step in (1, 2, 3):
        happened(jobdir, "waited", step, 10.0 * step)
    found = Standing(jobdir).progress([])
    assert (found["step"], found["maxSteps"], found["etaSeconds"]) == (3, 8, 50.0)


def test_a_job_with_faulty_arguments_and_a_folder_without_a_job(jobdir: JobDir) -> None:
    assert Standing(jobdir).progress([]) == {}
    jobdir.write_job(Job(kind="wait", algorithm="wait", arguments={"steps": "many"}))
    assert Standing(jobdir).progress([]) == {}
    jobdir.job_file.write_text("{")
    assert Standing(jobdir).progress([]) == {}


def test_a_prediction(jobdir: JobDir) -> None:
    jobdir.write_job(Job(kind="prediction", algorithm="batch_prediction", arguments={}))
    happened(jobdir, "planned", 0, 0.0, pictures=50)
    happened(jobdir, "predicted", 0, 10.0, predictions=9, errors=1, pictures=50)
    happened(jobdir, "predicted", 20, 20.0, predictions=18, errors=2, pictures=50)
    found = Standing(jobdir).progress([])
    assert (found["step"], found["maxSteps"], found["etaSeconds"]) == (20, 50, 30.0)


def trial(id: int, state: str, value: float | None = None) -> dict[str, Any]:
    metric = {} if value is None else {"finalMetric": {"trainingStep": "5", "objectiveValue": value}}
    return {"trialId": str(id), "state": state, **metric}


def test_a_search_counts_its_trials(jobdir: JobDir) -> None:
    jobdir.write_job(Job(kind="tune", algorithm="a", arguments={}, study=Study.read(STUDY)))
    happened(jobdir, "study", 0, 0.0, text="4 trials")
    happened(jobdir, "trial", 0, 10.0, text="trial 1", trial="1")
    happened(jobdir, "trial", 2, 50.0, text="trial 2", trial="2")
    trials = [trial(1, "SUCCEEDED", 0.5), trial(2, "FAILED"), trial(3, "RUNNING", 0.9)]
    assert Standing(jobdir).progress(trials) == {
        "step": 2,
        "maxSteps": 4,
        "etaSeconds": 40.0,
        "bestMetric": "AP",
        "bestValue": 0.5,
        "bestStep": 1,
        "updateTime": 50.0,
    }


@pytest.mark.parametrize(("goal", "expected"), [("MAXIMIZE", ("AP", 0.75, 2)), ("MINIMIZE", ("AP", 0.25, 1))])
def test_the_best_trial_by_the_goal_and_the_earlier_of_equals(goal: str, expected: tuple[str, float, int]) -> None:
    job = Job(kind="tune", algorithm="a", arguments={}, study=Study.read({**STUDY, "goal": goal}))
    values = (0.25, 0.75, 0.75, 0.25)
    assert best_trial(job, [trial(id, "SUCCEEDED", value) for id, value in enumerate(values, 1)]) == expected
    assert best_trial(job, [trial(1, "RUNNING", 1.0)]) is None


def test_what_is_told_can_be_stored(jobdir: JobDir) -> None:
    happened(jobdir, "train", 10, 1.0)
    assert json.dumps(trained(jobdir).progress([]), allow_nan=False)
