"""Tests of SageMaker's spelling of a search."""

from copy import deepcopy
from typing import Any

import pytest

from boxwright.spec.job import JobRequest
from boxwright.spec.resource import InvalidResource
from boxwright.spec.sagemaker import is_sagemaker, read_sagemaker
from boxwright.spec.study import Study

RATE = {"Name": "initial_learning_rate", "MinValue": "0.001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
BATCH = {"Name": "train_batch_size", "MinValue": "8", "MaxValue": "64"}
FPN = {"Name": "fpn_type", "Values": ["fpn", "nasfpn"]}

CONFIG: dict[str, Any] = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:mAP"},
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 3},
    "ParameterRanges": {
        "ContinuousParameterRanges": [RATE],
        "IntegerParameterRanges": [BATCH],
        "CategoricalParameterRanges": [FPN],
    },
    "TrainingJobEarlyStoppingType": "Auto",
    "RandomSeed": 7,
}

GOOGLE = {
    "goal": "MAXIMIZE",
    "hyperparameterMetricTag": "mAP",
    "maxTrials": 6,
    "maxParallelTrials": 3,
    "enableTrialEarlyStopping": True,
    "algorithm": "BAYESIAN",
    "params": [
        {
            "parameterName": "initial_learning_rate",
            "type": "DOUBLE",
            "minValue": 0.001,
            "maxValue": 0.1,
            "scaleType": "UNIT_LOG_SCALE",
        },
        {"parameterName": "train_batch_size", "type": "INTEGER", "minValue": 8, "maxValue": 64, "scaleType": "NONE"},
        {"parameterName": "fpn_type", "type": "CATEGORICAL", "categoricalValues": ["fpn", "nasfpn"]},
    ],
    "seed": 7,
}
"""The same in the other spelling."""


def config(**changes: Any) -> dict[str, Any]:
    """`CONFIG` with changes; None leaves a key out."""
    return {name: value for name, value in {**deepcopy(CONFIG), **changes}.items() if value is not None}


def grid(*choices: dict[str, Any]) -> dict[str, Any]:
    return {"CategoricalParameterRanges": list(choices)}


def faults(values: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidResource) as refused:
        Study.read(values)
    return [str(fault) for fault in refused.value.faults]


def test_both_spellings_are_the_same_study() -> None:
    assert is_sagemaker(CONFIG)
    assert not is_sagemaker(GOOGLE)
    assert Study.read(CONFIG) == Study.read(GOOGLE)


def test_a_job_holds_either_and_is_written_in_one() -> None:
    job = {"jobId": "one", "trainingInput": {"hyperparameters": CONFIG}}
    assert JobRequest.read(job).written()["trainingInput"]["hyperparameters"] == GOOGLE


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({"Strategy": "Random"}, {"algorithm": "RANDOM_SEARCH"}),
        ({"Strategy": None}, {"algorithm": "BAYESIAN"}),
        ({"TrainingJobEarlyStoppingType": "OFF"}, {"enableTrialEarlyStopping": False}),
        ({"TrainingJobEarlyStoppingType": None}, {"enableTrialEarlyStopping": False}),
        ({"RandomSeed": None}, {"seed": 0}),
        ({"ResourceLimits": {"MaxNumberOfTrainingJobs": 2}}, {"maxTrials": 2, "maxParallelTrials": 1}),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"}},
            {"goal": "MINIMIZE", "hyperparameterMetricTag": "loss"},
        ),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:AP75"}},
            {"hyperparameterMetricTag": "AP75"},
        ),
        (
            {"Strategy": "Grid", "ParameterRanges": grid(FPN, {**FPN, "Name": "a"}), "ResourceLimits": None},
            {"algorithm": "GRID_SEARCH", "maxTrials": 4},
        ),
    ],
)
def test_what_becomes_of_a_setting(changes: dict[str, Any], values: dict[str, Any]) -> None:
    read = read_sagemaker(config(**changes))
    assert {name: read[name] for name in values} == values


def test_hyperband() -> None:
    settings = {"HyperbandStrategyConfig": {"MinResource": 2, "MaxResource": 9}}
    study = Study.read(config(Strategy="Hyperband", StrategyConfig=settings, TrainingJobEarlyStoppingType="Off"))
    assert (study.algorithm, study.min_resource, study.max_resource) == ("HYPERBAND", 2, 9)


@pytest.mark.parametrize(
    ("scaling", "scale"),
    [
        ("Auto", "NONE"),
        ("Linear", "UNIT_LINEAR_SCALE"),
        ("Logarithmic", "UNIT_LOG_SCALE"),
        ("ReverseLogarithmic", "UNIT_REVERSE_LOG_SCALE"),
    ],
)
def test_scales(scaling: str, scale: str) -> None:
    read = read_sagemaker(config(ParameterRanges={"ContinuousParameterRanges": [{**RATE, "ScalingType": scaling}]}))
    assert read["params"][0]["scaleType"] == scale


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MinValue": "0.2"}, "initial_learning_rate: MinValue must not exceed MaxValue, got 0.2 and 0.1"),
        ({"MinValue": 0}, "Logarithmic needs MinValue above 0, got 0"),
        ({"ScalingType": "ReverseLogarithmic", "MaxValue": 1}, "needs MinValue above 0 and MaxValue below 1"),
        ({"MinValue": "low"}, ".MinValue: Input should be a valid number"),
        ({"MaxValue": "inf"}, ".MaxValue: Input should be a finite number"),
        ({"ScalingType": "Log"}, ".ScalingType: Input should be 'Auto', 'Linear', 'Logarithmic' or"),
        ({"minValue": 1}, ".minValue: unknown key"),
    ],
)
def test_impossible_ranges(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults(config(ParameterRanges={"ContinuousParameterRanges": [{**RATE, **changes}]}))
    assert fault.startswith("ParameterRanges.ContinuousParameterRanges[0]")
    assert said in fault


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Strategy": "Best"}, "Strategy: Input should be 'Bayesian', 'Random', 'Grid' or 'Hyperband', got 'Best'"),
        ({"Stratgy": "Grid"}, "Stratgy: unknown key"),
        ({"HyperParameterTuningJobObjective": None}, "HyperParameterTuningJobObjective: is required"),
        ({"ParameterRanges": {}}, "ParameterRanges: must name at least one parameter to search"),
        ({"ParameterRanges": grid({"Name": "a", "Values": []})}, "CategoricalParameterRanges[0].Values: "),
        ({"ResourceLimits": {}}, "ResourceLimits.MaxNumberOfTrainingJobs: is required with Strategy Bayesian"),
        (
            {"ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 3}},
            "ResourceLimits.MaxParallelTrainingJobs: must not exceed MaxNumberOfTrainingJobs, got 3 and 2",
        ),
        (
            {"ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxRuntimeInSeconds": 3}},
            "ResourceLimits.MaxRuntimeInSeconds: unknown key",
        ),
        ({"Strategy": "Grid"}, "categorical parameters only, got initial_learning_rate, train_batch_size"),
        (
            {"Strategy": "Grid", "ParameterRanges": grid(FPN)},
            "ResourceLimits.MaxNumberOfTrainingJobs: must be the number of combinations, 2, or left out; got 6",
        ),
        ({"Strategy": "Hyperband"}, "TrainingJobEarlyStoppingType: must be Off with Strategy Hyperband"),
        (
            {"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}}},
            "StrategyConfig.HyperbandStrategyConfig: needs Strategy Hyperband, got Bayesian",
        ),
        (
            {"ParameterRanges": {"IntegerParameterRanges": [{**BATCH, "MinValue": "8.5"}]}},
            "IntegerParameterRanges[0]: train_batch_size: an integer range needs whole numbers, got 8.5 and 64",
        ),
        (
            {"ParameterRanges": {"IntegerParameterRanges": [{**BATCH, "ScalingType": "ReverseLogarithmic"}]}},
            "ReverseLogarithmic is for continuous ranges",
        ),
    ],
)
def test_impossible_configurations(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults(config(**changes))
    assert said in fault


def test_faults_of_a_job_keep_the_spelling_in_their_path() -> None:
    job = {"jobId": "one", "trainingInput": {"hyperparameters": config(Strategy="Best")}}
    with pytest.raises(InvalidResource) as refused:
        JobRequest.read(job)
    assert [fault.path for fault in refused.value.faults] == ["trainingInput.hyperparameters.Strategy"]


def test_what_only_the_study_knows_is_told_as_well() -> None:
    twice = {"ContinuousParameterRanges": [RATE, RATE]}
    assert faults(config(ParameterRanges=twice)) == [
        "params: each parameterName may stand once, got initial_learning_rate twice"
    ]
