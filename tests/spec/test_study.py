"""Tests of searches: what fits together and what does not."""

import math
from typing import Any

import pytest

from boxwright.spec.resource import InvalidResource
from boxwright.spec.study import MAX_DISCRETE_VALUES, Parameter, Study

RATE = {
    "parameterName": "initial_learning_rate",
    "type": "DOUBLE",
    "minValue": 0.001,
    "maxValue": 0.1,
    "scaleType": "UNIT_LOG_SCALE",
}
PUBLISHED = {
    "goal": "MAXIMIZE",
    "hyperparameterMetricTag": "AP",
    "maxTrials": 6,
    "maxParallelTrials": 3,
    "enableTrialEarlyStopping": True,
    "params": [RATE],
}
"""The managed service's example."""


def faults(values: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidResource) as refused:
        Study.read(values)
    return [str(fault) for fault in refused.value.faults]


def test_the_published_example_is_read_and_written_as_it_was() -> None:
    study = Study.read(PUBLISHED)
    assert (study.max_trials, study.max_parallel_trials, study.algorithm) == (6, 3, "ALGORITHM_UNSPECIFIED")
    assert study.params[0].scale_type == "UNIT_LOG_SCALE"
    assert study.written() == PUBLISHED


def test_a_metric_may_carry_sagemakers_prefix() -> None:
    study = Study.read(
        {"goal": "MINIMIZE", "hyperparameterMetricTag": "validation:localization_loss", "params": [RATE]}
    )
    assert (study.goal, study.hyperparameter_metric_tag) == ("MINIMIZE", "localization_loss")


def test_an_unspecified_goal_is_to_maximise() -> None:
    assert Study.read({"goal": "GOAL_TYPE_UNSPECIFIED", "params": [RATE]}).goal == "MAXIMIZE"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"minValue": 0.2}, "minValue must not exceed maxValue, got 0.2 and 0.1"),
        ({"minValue": 0}, "UNIT_LOG_SCALE needs minValue above 0, got 0"),
        ({"minValue": 0, "scaleType": "UNIT_REVERSE_LOG_SCALE"}, "UNIT_REVERSE_LOG_SCALE needs minValue above 0"),
        ({"maxValue": None}, "is DOUBLE and needs minValue and maxValue"),
        ({"type": "INTEGER"}, "is INTEGER and needs whole numbers, got 0.001 and 0.1"),
        ({"type": "CATEGORICAL"}, "is CATEGORICAL and needs categoricalValues"),
        ({"type": "DISCRETE"}, "needs 1 to 1000 increasing discreteValues, got []"),
        ({"type": "DISCRETE", "discreteValues": [1, 3, 2]}, "increasing discreteValues, got [1.0, 3.0, 2.0]"),
        ({"type": "DISCRETE", "discreteValues": [1, 1]}, "increasing discreteValues, got [1.0, 1.0]"),
        ({"type": "DISCRETE", "discreteValues": list(range(MAX_DISCRETE_VALUES + 1))}, "1 to 1000 increasing"),
        ({"minValue": float("nan")}, ".minValue: Input should be a finite number"),
        ({"maxValue": float("inf")}, ".maxValue: Input should be a finite number"),
        ({"minvalue": 1}, ".minvalue: unknown key"),
        ({"parameterName": ""}, ".parameterName: "),
        ({"type": "FLOAT"}, ".type: Input should be 'DOUBLE', 'INTEGER', 'CATEGORICAL' or 'DISCRETE', got 'FLOAT'"),
    ],
)
def test_impossible_parameters(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults({"params": [{**RATE, **changes}]})
    assert fault.startswith("params[0]")
    assert said in fault


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"params": []}, "params must name at least one parameter to search"),
        ({"params": [RATE, RATE]}, "each parameterName may stand once, got initial_learning_rate twice"),
        ({"maxParallelTrials": 7}, "maxParallelTrials must not exceed maxTrials, got 7 and 6"),
        ({"algorithm": "GRID_SEARCH"}, "but initial_learning_rate is DOUBLE; give discreteValues"),
        ({"maxTrials": 0}, "maxTrials: Input should be greater than or equal to 1, got 0"),
        ({"goal": "BEST"}, "goal: Input should be 'MAXIMIZE' or 'MINIMIZE', got 'BEST'"),
        ({"hyperparameterMetricTag": ""}, "hyperparameterMetricTag: "),
        ({"maxTrails": 3}, "maxTrails: unknown key"),
        ({"seed": -1}, "seed: Input should be greater than or equal to 0, got -1"),
    ],
)
def test_impossible_studies(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults({**PUBLISHED, **changes})
    assert said in fault


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"type": "DOUBLE", "minValue": 0, "maxValue": 1}, math.inf),
        ({"type": "DOUBLE", "minValue": 1, "maxValue": 1}, 1),
        ({"type": "INTEGER", "minValue": 2, "maxValue": 5}, 4),
        ({"type": "CATEGORICAL", "categoricalValues": ["fpn", "nasfpn"]}, 2),
        ({"type": "DISCRETE", "discreteValues": [8, 16, 32]}, 3),
    ],
)
def test_size(values: dict[str, Any], size: float) -> None:
    assert Parameter.read({"parameterName": "x", **values}).size == size


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        ({"type": "INTEGER", "minValue": 1, "maxValue": 9}, 8.0, "8"),
        ({"type": "DISCRETE", "discreteValues": [8, 16]}, 16.0, "16"),
        ({"type": "DISCRETE", "discreteValues": [0.5, 1]}, 0.5, "0.5"),
        ({"type": "DOUBLE", "minValue": 1, "maxValue": 9}, 2.0, "2.0"),
        ({"type": "CATEGORICAL", "categoricalValues": ["fpn"]}, "fpn", "fpn"),
    ],
)
def test_values_as_they_are_given_to_the_algorithm(values: dict[str, Any], value: object, text: str) -> None:
    assert Parameter.read({"parameterName": "x", **values}).text(value) == text


def test_a_grid_without_doubles() -> None:
    params = [{"parameterName": "train_batch_size", "type": "INTEGER", "minValue": 8, "maxValue": 8}]
    assert Study.read({"algorithm": "GRID_SEARCH", "params": params}).params[0].size == 1
