"""What is searched: parameters with their ranges, the number that counts, and how many trials there may be.

The fields are those of the managed service's `trainingInput.hyperparameters`. SageMaker's spelling is accepted as well
(`boxwright.spec.sagemaker`).
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, FiniteFloat, model_validator

from boxwright.spec.resource import Resource
from boxwright.spec.sagemaker import is_sagemaker, read_sagemaker

Goal = Literal["MAXIMIZE", "MINIMIZE"]
ParameterType = Literal["DOUBLE", "INTEGER", "CATEGORICAL", "DISCRETE"]
ScaleType = Literal["NONE", "UNIT_LINEAR_SCALE", "UNIT_LOG_SCALE", "UNIT_REVERSE_LOG_SCALE"]
Search = Literal["ALGORITHM_UNSPECIFIED", "GRID_SEARCH", "RANDOM_SEARCH", "BAYESIAN", "TPE", "HYPERBAND"]

MAX_DISCRETE_VALUES = 1000


class Parameter(Resource):
    """One searched argument of the algorithm.

    Attributes:
        parameter_name: the argument's published name.
        min_value, max_value: of DOUBLE and INTEGER, both included; whole numbers for INTEGER.
        categorical_values: texts, as they would be given on the command line.
        discrete_values: increasing numbers.
        scale_type: on which scale equal steps matter equally; for DOUBLE and INTEGER.
    """

    parameter_name: Annotated[str, Field(min_length=1)]
    type: ParameterType
    min_value: FiniteFloat | None = None
    max_value: FiniteFloat | None = None
    categorical_values: tuple[str, ...] = ()
    discrete_values: tuple[FiniteFloat, ...] = ()
    scale_type: ScaleType = "NONE"

    @model_validator(mode="after")
    def _values_fit_type(self) -> Self:
        name = f"parameter {self.parameter_name!r}"
        if self.type in ("DOUBLE", "INTEGER"):
            self._check_range(name)
        if self.type == "CATEGORICAL" and not self.categorical_values:
            raise ValueError(f"{name} is CATEGORICAL and needs categoricalValues")
        if self.type == "DISCRETE":
            values = list(self.discrete_values)
            if not values or len(values) > MAX_DISCRETE_VALUES or values != sorted(set(values)):
                raise ValueError(
                    f"{name} is DISCRETE and needs 1 to {MAX_DISCRETE_VALUES} increasing discreteValues, got {values}"
                )
        return self

    def _check_range(self, name: str) -> None:
        low, high = self.min_value, self.max_value
        if low is None or high is None:
            raise ValueError(f"{name} is {self.type} and needs minValue and maxValue")
        if low > high:
            raise ValueError(f"{name}: minValue must not exceed maxValue, got {low:g} and {high:g}")
        if self.type == "INTEGER" and not (low.is_integer() and high.is_integer()):
            raise ValueError(f"{name} is INTEGER and needs whole numbers, got {low:g} and {high:g}")
        if self.scale_type in ("UNIT_LOG_SCALE", "UNIT_REVERSE_LOG_SCALE") and low <= 0:
            raise ValueError(f"{name}: {self.scale_type} needs minValue above 0, got {low:g}")

    @property
    def size(self) -> float:
        """How many values it can take; infinite for DOUBLE."""
        if self.type == "DOUBLE":
            return math.inf if self.min_value != self.max_value else 1
        if self.type == "INTEGER":
            assert self.min_value is not None and self.max_value is not None, "validated"
            return self.max_value - self.min_value + 1
        return len(self.categorical_values) or len(self.discrete_values)

    def text(self, value: object) -> str:
        """A value as it is given to the algorithm."""
        if isinstance(value, float) and (self.type == "INTEGER" or (self.type == "DISCRETE" and value.is_integer())):
            return str(int(value))
        return str(value)


def _metric(name: str) -> str:
    """SageMaker's `validation:mAP` is what evaluations write as `mAP`."""
    return name.rpartition(":")[2]


class Study(Resource):
    """A search over the arguments of an algorithm.

    Attributes:
        goal: whether the metric should be large or small.
        hyperparameter_metric_tag: a number that evaluations write, such as AP or validation:mAP.
        max_trials: in all.
        max_parallel_trials: at the same time.
        max_failed_trials: failures after which the study ends as failed; 0 leaves it to us: one more than half of
            the trials, and at most 5 before the first success.
        enable_trial_early_stopping: end trials that fall behind the median of the others.
        resume_previous_job_id: a finished study, whose trials are known from the start.
        algorithm: how the next trial is chosen; unspecified is Bayesian.
        params: what is searched.
        seed: of the search.
        max_resource, min_resource: HYPERBAND's largest and smallest number of evaluations of a trial.
    """

    goal: Goal = "MAXIMIZE"
    hyperparameter_metric_tag: Annotated[str, AfterValidator(_metric), Field(min_length=1)] = "AP"
    max_trials: Annotated[int, Field(ge=1, le=10_000)] = 1
    max_parallel_trials: Annotated[int, Field(ge=1)] = 1
    max_failed_trials: Annotated[int, Field(ge=0)] = 0
    enable_trial_early_stopping: bool = False
    resume_previous_job_id: str = ""
    algorithm: Search = "ALGORITHM_UNSPECIFIED"
    params: tuple[Parameter, ...] = ()
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    min_resource: Annotated[int, Field(ge=1)] = 1
    max_resource: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _other_spellings(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and is_sagemaker(values):
            return read_sagemaker(values)
        if isinstance(values, Mapping) and values.get("goal") == "GOAL_TYPE_UNSPECIFIED":
            return {**values, "goal": "MAXIMIZE"}
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.params:
            raise ValueError("params must name at least one parameter to search")
        names = [one.parameter_name for one in self.params]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"params: each parameterName may stand once, got {', '.join(repeated)} twice")
        if self.max_parallel_trials > self.max_trials:
            raise ValueError(
                f"maxParallelTrials must not exceed maxTrials, got {self.max_parallel_trials} and {self.max_trials}"
            )
        doubles = [one.parameter_name for one in self.params if one.type == "DOUBLE"]
        if self.algorithm == "GRID_SEARCH" and doubles:
            raise ValueError(
                f"GRID_SEARCH needs INTEGER, CATEGORICAL or DISCRETE parameters, but {', '.join(doubles)} is DOUBLE; "
                "give discreteValues, or leave algorithm out"
            )
        return self
