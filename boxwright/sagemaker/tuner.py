"""Stands in for `sagemaker.tuner`: a search over the hyper-parameters of an estimator."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from boxwright.sagemaker import launch
from boxwright.sagemaker.estimator import Estimator, end_after, printer
from boxwright.sagemaker.inputs import Inputs
from boxwright.sagemaker.job import Metrics, TrainingJob, follow, name_from_base
from boxwright.sagemaker.local import LocalJob
from boxwright.spec.study import Study

Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]


@dataclass(frozen=True)
class ContinuousParameter:
    """A real number, both ends included; `scaling_type` says on which scale equal steps matter equally."""

    min_value: float
    max_value: float
    scaling_type: Scaling = "Auto"


@dataclass(frozen=True)
class IntegerParameter:
    """A whole number, both ends included."""

    min_value: int
    max_value: int
    scaling_type: Scaling = "Auto"


@dataclass(frozen=True)
class CategoricalParameter:
    """One of several values."""

    values: Sequence[object]


ParameterRange = ContinuousParameter | IntegerParameter | CategoricalParameter


class HyperparameterTuner:
    """Trains an estimator with several choices of hyper-parameters and keeps the best.

    Args:
        estimator: what does not vary.
        objective_metric_name: number that counts, such as validation:mAP or validation:localization_loss.
        hyperparameter_ranges: by published name.
        metric_definitions: numbers to read from the log; the estimator's where left out. The objective is taken from
            the evaluations themselves.
        strategy: Bayesian, Random, Grid (categorical parameters only) or Hyperband.
        objective_type: Maximize or Minimize.
        max_jobs: trials in all; the number of combinations with Grid.
        max_parallel_jobs: at the same time; fewer where the machine is too small.
        early_stopping_type: Auto ends trials that fall behind; not with Hyperband.
        max_resource: Hyperband's largest number of evaluations of a trial.
        base_tuning_job_name: beginning of the job's name.
        random_seed: of the search.

    Attributes:
        latest_tuning_job: the job of the last `fit`.

    Raises:
        ValueError: ranges or limits at fault, all in one message.
    """

    def __init__(
        self,
        estimator: Estimator,
        objective_metric_name: str,
        hyperparameter_ranges: Mapping[str, ParameterRange],
        *,
        metric_definitions: Sequence[Mapping[str, str]] | None = None,
        strategy: str = "Bayesian",
        objective_type: str = "Maximize",
        max_jobs: int | None = 1,
        max_parallel_jobs: int = 1,
        early_stopping_type: str = "Off",
        max_resource: int | None = None,
        base_tuning_job_name: str | None = None,
        random_seed: int = 0,
    ) -> None:
        self.estimator = estimator
        self.base_tuning_job_name = base_tuning_job_name or estimator.base_job_name
        self.metric_definitions = list(metric_definitions or estimator.metric_definitions)
        self.ranges = dict(hyperparameter_ranges)
        self.config: dict[str, Any] = {
            "Strategy": strategy,
            "HyperParameterTuningJobObjective": {"Type": objective_type, "MetricName": objective_metric_name},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": max_jobs, "MaxParallelTrainingJobs": max_parallel_jobs},
            "ParameterRanges": read_ranges(self.ranges),
            "TrainingJobEarlyStoppingType": early_stopping_type,
            "RandomSeed": random_seed,
        }
        if max_resource is not None:
            self.config["StrategyConfig"] = {"HyperbandStrategyConfig": {"MaxResource": max_resource}}
        self.study = Study.read(self.config)
        self.latest_tuning_job: TrainingJob | None = None

    def fit(
        self, inputs: Inputs | None = None, job_name: str | None = None, wait: bool = True, logs: str | bool = "All"
    ) -> None:
        """Search.

        Args:
            inputs: as for `Estimator.fit`.
            job_name: repeating an earlier one goes on with that search.
            wait: until it has ended, showing its log.
            logs: False or "None" shows nothing.

        Raises:
            ValueError: arguments, ranges or data at fault, all in one message.
            JobFailed: the search has ended without a model; says why.
            OSError: folder, data or server cannot be reached.
        """
        order = self.estimator.order(inputs, job_name or name_from_base(self.base_tuning_job_name))
        static = {name: text for name, text in order.arguments.items() if name not in self.ranges}
        self.latest_tuning_job = launch.start(dataclasses.replace(order, arguments=static, study=self.config))
        if isinstance(self.latest_tuning_job, LocalJob) and order.max_run:
            end_after(self.latest_tuning_job, order.max_run)
        if wait:
            self.wait(logs)

    def wait(self, logs: str | bool = "All") -> None:
        """Follow the search to its end. Raises: JobFailed, ValueError: there is none."""
        follow(self._job(), Metrics(self.metric_definitions), printer(logs))

    def analytics(self) -> list[dict[str, Any]]:
        """The trials so far, in their order: name, status, objective and hyper-parameters of each."""
        job = self._job()
        return [_trial(job.name, one) for one in job.state().trials]

    def best_training_job(self) -> str:
        """Name of the best trial so far. Raises: ValueError: none has succeeded."""
        found = [one for one in self.analytics() if one["TrainingJobStatus"] == "Completed"]
        if not found:
            raise ValueError(f"no trial of {self._job().name} has succeeded yet")
        choose = max if self.study.goal == "MAXIMIZE" else min
        return str(choose(found, key=lambda one: one["FinalObjectiveValue"])["TrainingJobName"])

    def best_estimator(self) -> Estimator:
        """An estimator whose `model_data` is the best trial's model, and whose hyper-parameters are its.

        Raises:
            ValueError: no trial has succeeded yet.
        """
        best = self.best_training_job()
        chosen = next(one for one in self.analytics() if one["TrainingJobName"] == best)
        found = Estimator(
            self.estimator.image_uri,
            output_path=self.estimator.output_path,
            hyperparameters={**self.estimator.hyperparameters(), **chosen["Hyperparameters"]},
        )
        found.latest_training_job = self.latest_tuning_job
        return found

    def _job(self) -> TrainingJob:
        if self.latest_tuning_job is None:
            raise ValueError("there is no search yet; call fit first")
        return self.latest_tuning_job


def read_ranges(ranges: Mapping[str, ParameterRange]) -> dict[str, list[dict[str, Any]]]:
    """Ranges in SageMaker's spelling, `ParameterRanges`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, one in ranges.items():
        if isinstance(one, CategoricalParameter):
            entry: dict[str, Any] = {"Name": name, "Values": [str(value) for value in one.values]}
            found.setdefault("CategoricalParameterRanges", []).append(entry)
            continue
        kind = "Continuous" if isinstance(one, ContinuousParameter) else "Integer"
        entry = {"Name": name, "MinValue": one.min_value, "MaxValue": one.max_value, "ScalingType": one.scaling_type}
        found.setdefault(f"{kind}ParameterRanges", []).append(entry)
    return found


STATUS = {"SUCCEEDED": "Completed", "FAILED": "Failed", "CANCELLED": "Stopped"}


def _trial(search: str, trial: Mapping[str, Any]) -> dict[str, Any]:
    """A trial in the words of SageMaker's analytics."""
    return {
        "TrainingJobName": f"{search}-{int(trial['trialId']):03d}",
        "TrainingJobStatus": STATUS.get(trial["state"], "InProgress"),
        "FinalObjectiveValue": trial.get("finalMetric", {}).get("objectiveValue"),
        "Hyperparameters": dict(trial["hyperparameters"]),
        "TrainingStartTime": trial.get("startTime", ""),
        "TrainingEndTime": trial.get("endTime", ""),
        "ModelData": trial.get("builtInAlgorithmOutput", {}).get("modelPath", ""),
    }
