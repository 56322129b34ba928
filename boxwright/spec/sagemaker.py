"""SageMaker's spelling of a search: `HyperParameterTuningJobConfig` read into the fields of `spec.study.Study`.

Rules are those of the service's pages on tuning. What has no counterpart here (completion criteria, run-time limits,
warm-start configurations) is refused as an unknown key rather than ignored.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat
from pydantic.alias_generators import to_pascal

from boxwright.spec.resource import Fault, InvalidResource, Resource

Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]

SEARCHES = {"Bayesian": "BAYESIAN", "Random": "RANDOM_SEARCH", "Grid": "GRID_SEARCH", "Hyperband": "HYPERBAND"}

SCALES = {
    "Auto": "NONE",
    "Linear": "UNIT_LINEAR_SCALE",
    "Logarithmic": "UNIT_LOG_SCALE",
    "ReverseLogarithmic": "UNIT_REVERSE_LOG_SCALE",
}


def _title(value: object) -> object:
    return value.title() if isinstance(value, str) else value


class _Part(Resource):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=False)


class Objective(_Part):
    """Which number counts, such as validation:mAP, and whether it should be large or small."""

    type: Literal["Maximize", "Minimize"]
    metric_name: Annotated[str, Field(min_length=1)]


class Limits(_Part):
    """How many trials, and how many of them at the same time."""

    max_number_of_training_jobs: Annotated[int, Field(ge=1)] | None = None
    max_parallel_training_jobs: Annotated[int, Field(ge=1)] = 1


class Range(_Part):
    """Smallest and largest value of a number; both may be written as text, as in SageMaker's own requests."""

    name: Annotated[str, Field(min_length=1)]
    min_value: FiniteFloat
    max_value: FiniteFloat
    scaling_type: Scaling = "Auto"


class Choice(_Part):
    """The values of a word."""

    name: Annotated[str, Field(min_length=1)]
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Ranges(_Part):
    """What is searched."""

    continuous_parameter_ranges: tuple[Range, ...] = ()
    integer_parameter_ranges: tuple[Range, ...] = ()
    categorical_parameter_ranges: tuple[Choice, ...] = ()


class HyperbandConfig(_Part):
    """Smallest and largest number of evaluations of a trial."""

    min_resource: Annotated[int, Field(ge=1)] = 1
    max_resource: Annotated[int, Field(ge=1)] | None = None


class StrategyConfig(_Part):
    """Settings of a strategy."""

    hyperband_strategy_config: HyperbandConfig | None = None


class TuningConfig(_Part):
    """SageMaker's HyperParameterTuningJobConfig."""

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"] = "Bayesian"
    hyper_parameter_tuning_job_objective: Objective
    resource_limits: Limits = Limits()
    parameter_ranges: Ranges
    training_job_early_stopping_type: Annotated[Literal["Off", "Auto"], BeforeValidator(_title)] = "Off"
    strategy_config: StrategyConfig | None = None
    random_seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0


_KEYS = {to_pascal(name) for name in TuningConfig.model_fields}


def is_sagemaker(values: Mapping[str, Any]) -> bool:
    """Whether a search is written in SageMaker's spelling, whose keys begin with capital letters."""
    return any(str(key) in _KEYS for key in values)


def read_sagemaker(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Study`, as its JSON.

    Args:
        values: SageMaker's HyperParameterTuningJobConfig.

    Raises:
        InvalidResource: with every fault, by its path in SageMaker's spelling.
    """
    config = TuningConfig.read(values)
    faults = [*_range_faults(config.parameter_ranges), *_strategy_faults(config)]
    if faults:
        raise InvalidResource(tuple(faults))
    objective = config.hyper_parameter_tuning_job_objective
    metric = objective.metric_name.rpartition(":")[2]
    study = {
        "goal": objective.type.upper(),
        "hyperparameterMetricTag": metric,
        "maxTrials": config.resource_limits.max_number_of_training_jobs or _combinations(config),
        "maxParallelTrials": config.resource_limits.max_parallel_training_jobs,
        "enableTrialEarlyStopping": config.training_job_early_stopping_type == "Auto",
        "algorithm": SEARCHES[config.strategy],
        "params": _parameters(config.parameter_ranges),
        "seed": config.random_seed,
    }
    hyperband = config.strategy_config.hyperband_strategy_config if config.strategy_config else None
    return study | (hyperband.model_dump(by_alias=False, exclude_none=True) if hyperband else {})


def _parameters(ranges: Ranges) -> list[dict[str, Any]]:
    return [
        *(_number(one, "DOUBLE") for one in ranges.continuous_parameter_ranges),
        *(_number(one, "INTEGER") for one in ranges.integer_parameter_ranges),
        *(
            {"parameterName": one.name, "type": "CATEGORICAL", "categoricalValues": one.values}
            for one in ranges.categorical_parameter_ranges
        ),
    ]


def _number(one: Range, kind: str) -> dict[str, Any]:
    return {
        "parameterName": one.name,
        "type": kind,
        "minValue": one.min_value,
        "maxValue": one.max_value,
        "scaleType": SCALES[one.scaling_type],
    }


def _combinations(config: TuningConfig) -> int:
    return math.prod(len(one.values) for one in config.parameter_ranges.categorical_parameter_ranges)


def _range_faults(ranges: Ranges) -> list[Fault]:
    found = []
    groups = {
        "ContinuousParameterRanges": ranges.continuous_parameter_ranges,
        "IntegerParameterRanges": ranges.integer_parameter_ranges,
    }
    for group, numbers in groups.items():
        for index, one in enumerate(numbers):
            message = _range_fault(one, whole=group.startswith("Integer"))
            if message:
                found.append(Fault(f"ParameterRanges.{group}[{index}]", f"{one.name}: {message}"))
    if not (any(groups.values()) or ranges.categorical_parameter_ranges):
        found.append(Fault("ParameterRanges", "must name at least one parameter to search"))
    return found


def _range_fault(one: Range, whole: bool) -> str:
    low, high = one.min_value, one.max_value
    got = f"got {low:g} and {high:g}"
    if low > high:
        return f"MinValue must not exceed MaxValue, {got}"
    if whole and not (low.is_integer() and high.is_integer()):
        return f"an integer range needs whole numbers, {got}"
    if one.scaling_type == "Logarithmic" and low <= 0:
        return f"Logarithmic needs MinValue above 0, got {low:g}"
    if one.scaling_type == "ReverseLogarithmic" and whole:
        return "ReverseLogarithmic is for continuous ranges; use Linear or Logarithmic"
    if one.scaling_type == "ReverseLogarithmic" and not 0 < low <= high < 1:
        return f"ReverseLogarithmic needs MinValue above 0 and MaxValue below 1, {got}"
    return ""


def _strategy_faults(config: TuningConfig) -> list[Fault]:
    """What a strategy forbids, or wants."""
    count, limits = config.resource_limits.max_number_of_training_jobs, "ResourceLimits.MaxNumberOfTrainingJobs"
    parallel = config.resource_limits.max_parallel_training_jobs
    if count and parallel > count:
        message = f"must not exceed MaxNumberOfTrainingJobs, got {parallel} and {count}"
        return [Fault("ResourceLimits.MaxParallelTrainingJobs", message)]
    if config.strategy == "Hyperband" and config.training_job_early_stopping_type == "Auto":
        return [Fault("TrainingJobEarlyStoppingType", "must be Off with Strategy Hyperband, which stops trials itself")]
    if config.strategy != "Hyperband" and config.strategy_config and config.strategy_config.hyperband_strategy_config:
        return [Fault("StrategyConfig.HyperbandStrategyConfig", f"needs Strategy Hyperband, got {config.strategy}")]
    if config.strategy != "Grid":
        return [] if count else [Fault(limits, f"is required with Strategy {config.strategy}")]
    ranges = config.parameter_ranges
    numbers = [one.name for one in (*ranges.continuous_parameter_ranges, *ranges.integer_parameter_ranges)]
    if numbers:
        message = f"Strategy Grid searches categorical parameters only, got {', '.join(numbers)}; list their Values"
        return [Fault("ParameterRanges", message)]
    if count not in (None, _combinations(config)):
        return [Fault(limits, f"must be the number of combinations, {_combinations(config)}, or left out; got {count}")]
    return []
