"""Tests of the tuner: the calls of SageMaker's examples."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import JobDir
from boxwright.sagemaker.estimator import Estimator
from boxwright.sagemaker.job import JobFailed
from boxwright.sagemaker.tuner import (
    CategoricalParameter,
    ContinuousParameter,
    HyperparameterTuner,
    IntegerParameter,
    read_ranges,
)
from boxwright.spec.resource import InvalidResource

RANGES = {"seed": IntegerParameter(1, 3)}


def tuner(estimator: Estimator | None = None, **changes: Any) -> HyperparameterTuner:
    given: dict[str, Any] = {"objective_metric_name": "validation:AP50", "hyperparameter_ranges": RANGES, **changes}
    return HyperparameterTuner(
        estimator or Estimator("image_object_detection", hyperparameters={"max_steps": 2, "seed": 9}),
        **{"max_jobs": 3, **given},
    )


def test_ranges_in_sagemakers_spelling() -> None:
    found = read_ranges(
        {
            "learning_rate": ContinuousParameter(1e-6, 0.5, scaling_type="Logarithmic"),
            "mini_batch_size": IntegerParameter(8, 64),
            "optimizer": CategoricalParameter(["sgd", "adam"]),
            "flag": CategoricalParameter([0, 1]),
        }
    )
    learning_rate = {"Name": "learning_rate", "MinValue": 1e-6, "MaxValue": 0.5, "ScalingType": "Logarithmic"}
    mini_batch_size = {"Name": "mini_batch_size", "MinValue": 8, "MaxValue": 64, "ScalingType": "Auto"}
    choices = [{"Name": "optimizer", "Values": ["sgd", "adam"]}, {"Name": "flag", "Values": ["0", "1"]}]
    assert found == {
        "ContinuousParameterRanges": [learning_rate],
        "IntegerParameterRanges": [mini_batch_size],
        "CategoricalParameterRanges": choices,
    }


def test_a_search_here(play: Callable[..., Any], trials: Callable[[JobDir], int], shapes: str) -> None:
    actor = play(trials)
    search = tuner(max_parallel_jobs=2, strategy="Random", random_seed=7, early_stopping_type="Auto")
    search.fit({"training": shapes}, job_name="search")
    job = JobDir(Path(actor.started[0])).read_job()
    assert job is not None and job.study is not None
    assert (job.kind, job.arguments) == ("tune", {"max_steps": "2", "training_data_path": shapes})
    study = job.study
    assert (study.goal, study.hyperparameter_metric_tag, study.algorithm) == ("MAXIMIZE", "AP50", "RANDOM_SEARCH")
    assert (study.max_trials, study.max_parallel_trials, study.seed) == (3, 2, 7)
    assert study.enable_trial_early_stopping
    assert [(one.parameter_name, one.min_value, one.max_value) for one in study.params] == [("seed", 1, 3)]
    found = search.analytics()
    assert [one["TrainingJobName"] for one in found] == ["search-001", "search-002", "search-003"]
    assert [one["TrainingJobStatus"] for one in found] == ["Completed", "Completed", "Failed"]
    assert [one["FinalObjectiveValue"] for one in found] == [0.25, 0.75, None]
    assert found[1]["ModelData"].endswith("search/model/trial_2")
    assert found[0]["TrainingStartTime"] == "1970-01-01T00:00:01Z"
    assert search.best_training_job() == "search-002"
    best = search.best_estimator()
    assert best.hyperparameters() == {"max_steps": 2, "seed": "2"}
    assert best.model_data == str(Path(actor.started[0]) / "model")


def test_the_smallest_can_be_the_best(play: Callable[..., Any], trials: Callable[[JobDir], int], shapes: str) -> None:
    play(trials)
    search = tuner(objective_type="Minimize")
    search.fit(shapes, wait=False)
    search.wait(logs=False)
    assert search.best_training_job().endswith("-001")


def test_hyperband_has_its_resource() -> None:
    search = tuner(strategy="Hyperband", max_resource=4)
    assert (search.study.algorithm, search.study.max_resource) == ("HYPERBAND", 4)


def test_grid_counts_for_itself() -> None:
    ranges = {"seed": CategoricalParameter([1, 2]), "ema": CategoricalParameter([0, 0.5, 0.9])}
    search = tuner(strategy="Grid", max_jobs=None, hyperparameter_ranges=ranges)
    assert search.study.max_trials == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hyperparameter_ranges": {"seed": IntegerParameter(3, 1)}}, "MinValue must not exceed MaxValue"),
        ({"hyperparameter_ranges": {}}, "must name at least one parameter"),
        ({"strategy": "Magic"}, "Strategy"),
        ({"max_parallel_jobs": 4}, "must not exceed MaxNumberOfTrainingJobs, got 4 and 3"),
    ],
)
def test_a_search_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidResource, match=said):
        tuner(**changes)


def test_names_are_looked_at_before_the_start(play: Callable[..., Any], shapes: str) -> None:
    actor = play()
    with pytest.raises(InvalidResource, match="did you mean --seed"):
        tuner(hyperparameter_ranges={"sed": IntegerParameter(1, 3)}).fit(shapes)
    with pytest.raises(InvalidResource, match="hyperparameterMetricTag: must be one of AP, .*, got 'accuracy'"):
        tuner(objective_metric_name="validation:accuracy").fit(shapes)
    assert actor.started == []


def test_a_search_that_fails_or_lasts_too_long(
    play: Callable[..., Any], failing: Callable[[JobDir], int], shapes: str
) -> None:
    play(failing)
    search = tuner()
    with pytest.raises(JobFailed, match="the pictures are of cats"):
        search.fit(shapes)
    with pytest.raises(ValueError, match="no trial of .* has succeeded yet"):
        search.best_training_job()
    actor = play(lambda _: None)
    began = time.monotonic()
    with pytest.raises(JobFailed, match="ended as Stopped"):
        tuner(Estimator("image_object_detection", max_run=1)).fit(shapes)
    assert actor.stopped == 1 and time.monotonic() - began < 20


def test_without_a_search_there_is_nothing_to_ask() -> None:
    search = tuner()
    for ask in (search.analytics, search.best_training_job, search.wait):
        with pytest.raises(ValueError, match="there is no search yet; call fit first"):
            ask()


def test_a_server_searches_where_one_is_named(plane: Any, shapes: str) -> None:
    search = tuner()
    search.fit(shapes, job_name="far-away", wait=False)
    record = plane.jobs.get("local", "far_away")
    assert record.kind == "tune"
    assert record.request["trainingInput"]["hyperparameters"]["algorithm"] == "BAYESIAN"
    trial = {"trialId": "1", "state": "SUCCEEDED", "hyperparameters": {"seed": "2"}}
    output = {"trials": [{**trial, "finalMetric": {"trainingStep": "2", "objectiveValue": 0.5}}]}
    plane.end(plane.start(), output=output)
    search.wait(logs=False)
    assert search.best_training_job() == "far-away-001"
