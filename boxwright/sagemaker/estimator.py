"""Stands in for `sagemaker.estimator`: a built-in algorithm, its hyper-parameters, and the job that trains it."""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Self

from boxwright.algorithms import parse
from boxwright.sagemaker import endpoint, launch
from boxwright.sagemaker.channels import read_arguments, with_model
from boxwright.sagemaker.deserializers import Deserializer
from boxwright.sagemaker.hyperparameters import retrieved
from boxwright.sagemaker.images import algorithm_of
from boxwright.sagemaker.inputs import FILE_MODES, Inputs, read_inputs
from boxwright.sagemaker.job import (
    Metric,
    MetricDefinition,
    Metrics,
    Say,
    TrainingJob,
    check_definitions,
    follow,
    name_from_base,
)
from boxwright.sagemaker.local import LocalJob
from boxwright.sagemaker.metrics import published_metrics
from boxwright.sagemaker.models import model_id_of
from boxwright.sagemaker.predictor import Predictor
from boxwright.sagemaker.serializers import Serializer
from boxwright.sagemaker.session import Session


class Estimator:
    """Trains a built-in algorithm, on this machine or on the server that BOXWRIGHT_SERVER names.

    Args:
        image_uri: names the algorithm; see `image_uris.retrieve`.
        role: taken, and without effect, as are `source_dir`, `entry_point`, `volume_size`, `tags`,
            `use_spot_instances`, `max_wait`, `checkpoint_s3_uri` and `enable_network_isolation`: a job keeps its
            checkpoints in its folder, and the same job name goes on with it.
        instance_count: 1, as one machine trains.
        instance_type: whether its machines have GPUs counts, on a server.
        output_path: the job's folder is made in it; the default bucket, or the server's own place, where left out.
        base_job_name: beginning of the jobs' names; the algorithm's where left out.
        hyperparameters: the algorithm's arguments by published name. The module `hyperparameters` itself stands for
            what it gives for the model: those retrieved from it last, as they are when the job starts.
        model_uri: what to start from: a model of the catalogue, a model's folder or its `model.tar.gz`.
        metric_definitions: numbers to read from the log; those that the algorithm publishes where left out.
        max_run: seconds after which the job is ended.
        input_mode: File or FastFile.

    Attributes:
        latest_training_job: the job of the last `fit`; its `name`, `state()` and `stop()`.

    Raises:
        ValueError: no such algorithm or mode, several machines, or a metric that cannot be read.
    """

    def __init__(
        self,
        image_uri: str,
        role: str | None = None,
        instance_count: int = 1,
        instance_type: str = "local",
        *,
        output_path: str | None = None,
        base_job_name: str | None = None,
        hyperparameters: Mapping[str, object] | ModuleType | None = None,
        model_uri: str | None = None,
        metric_definitions: Sequence[MetricDefinition] | None = None,
        max_run: int | None = None,
        input_mode: str | None = None,
        sagemaker_session: Session | None = None,
        source_dir: str | None = None,  # noqa: ARG002  # of SageMaker's signature, like those below
        entry_point: str | None = None,  # noqa: ARG002
        volume_size: int | None = None,  # noqa: ARG002
        tags: object = None,  # noqa: ARG002
        use_spot_instances: bool = False,  # noqa: ARG002
        max_wait: int | None = None,  # noqa: ARG002
        checkpoint_s3_uri: str | None = None,  # noqa: ARG002
        enable_network_isolation: bool = False,  # noqa: ARG002
    ) -> None:
        self.algorithm = algorithm_of(image_uri)
        if instance_count != 1:
            raise ValueError(f"instance_count must be 1, as one machine trains, got {instance_count!r}")
        if input_mode not in FILE_MODES:
            raise ValueError(f"input_mode must be File or FastFile, got {input_mode!r}")
        self.image_uri, self.role, self.instance_type = image_uri, role, instance_type
        self.sagemaker_session = sagemaker_session or Session()
        self.output_path, self.model_uri, self.max_run = output_path or "", model_uri or "", max_run
        self.base_job_name = base_job_name or self.algorithm.name
        self.metric_definitions = list(
            published_metrics(self.algorithm.name) if metric_definitions is None else metric_definitions
        )
        check_definitions(self.metric_definitions)
        # SageMaker's listing names the module here, and retrieves and changes the dictionary of that name afterwards.
        self._retrieved_later = isinstance(hyperparameters, ModuleType)
        given = {} if isinstance(hyperparameters, ModuleType) else hyperparameters or {}
        self._hyperparameters: dict[str, object] = dict(given)
        self.latest_training_job: TrainingJob | None = None
        self._metrics = Metrics(self.metric_definitions)

    def set_hyperparameters(self, **values: object) -> None:
        """Change hyper-parameters by name."""
        self._hyperparameters.update(values)

    def hyperparameters(self) -> dict[str, object]:
        """The hyper-parameters as they were given or, by the module of that name, retrieved."""
        start = retrieved(model_id_of(self.model_uri)) if self._retrieved_later else {}
        return {**start, **self._hyperparameters}

    def order(self, inputs: Inputs | None, job_name: str | None = None) -> launch.Order:
        """The job that `fit` would start.

        Raises:
            ValueError: channels that the algorithm does not take.
        """
        given = with_model(self.algorithm, self.hyperparameters(), self.model_uri)
        return launch.Order(
            name=job_name or name_from_base(self.base_job_name),
            algorithm=self.algorithm.name,
            arguments=read_arguments(self.algorithm, given, read_inputs(inputs)),
            output_path=self.output_path,
            instance_type=self.instance_type,
            max_run=self.max_run,
        )

    def fit(
        self, inputs: Inputs | None = None, wait: bool = True, logs: str | bool = "All", job_name: str | None = None
    ) -> None:
        """Train.

        Args:
            inputs: path or URL of the training data, or of each channel's; `s3://` in a local bucket is a folder.
                Where no validation data is given, the data's own validation split or a fifth of it is taken.
            wait: until the job has ended, showing its log.
            logs: False or "None" shows nothing.
            job_name: repeating an earlier one goes on with that job, if nothing else has changed.

        Raises:
            ValueError: arguments or data at fault, all in one message.
            JobFailed: the job has ended without a model; says why.
            OSError: folder, data or server cannot be reached.
        """
        order = self.order(inputs, job_name)
        parse(self.algorithm, order.arguments)
        self.latest_training_job = launch.start(order)
        self._metrics = Metrics(self.metric_definitions)
        if isinstance(self.latest_training_job, LocalJob) and self.max_run:
            end_after(self.latest_training_job, self.max_run)
        if wait:
            self.wait(logs)

    def wait(self, logs: str | bool = "All") -> None:
        """Follow the latest job to its end. Raises: JobFailed, ValueError: there is none."""
        follow(self._job(), self._metrics, printer(logs))

    def logs(self) -> None:
        """Show the log of the latest job to its end. Raises: JobFailed, ValueError: there is none."""
        self.wait()

    @property
    def job_name(self) -> str:
        """The latest job's name. Raises: ValueError: there is none."""
        return self._job().name

    @property
    def model_data(self) -> str:
        """The trained model's folder, which `boxwright.Model` and `boxwright predict` take.

        Raises:
            ValueError: no job, or it has no model yet.
        """
        state = self._job().state()
        if not state.model:
            raise ValueError(f"job {self.job_name} has no model: {state.status} {state.reason}".rstrip())
        return state.model

    @property
    def metrics(self) -> list[Metric]:
        """Numbers that were read from the log while it was followed, in their order."""
        return list(self._metrics.found)

    @property
    def final_metrics(self) -> dict[str, float]:
        """The last value of each metric that was read."""
        return self._metrics.last()

    @classmethod
    def attach(cls, training_job_name: str, *, image_uri: str = "") -> Self:
        """An estimator of a job that was started before.

        Args:
            image_uri: names another algorithm to train again with; the job's own where left out.

        Raises:
            LookupError, ServerError: no such job.
        """
        job = launch.find(training_job_name)
        found = cls(image_uri or job.image_uri())
        found.latest_training_job = job
        return found

    def deploy(
        self,
        initial_instance_count: int | None = None,
        instance_type: str | None = None,  # noqa: ARG002  # of SageMaker's signature, like `_`
        serializer: Serializer | None = None,
        deserializer: Deserializer | None = None,
        *,
        endpoint_name: str | None = None,
        predictor_cls: Callable[..., Predictor] = Predictor,
        **_: object,
    ) -> Predictor:
        """Serve the trained model until `Predictor.delete_endpoint`: see `endpoint.start`, which raises what it says.

        Args:
            initial_instance_count: processes that serve it, on a server.
            endpoint_name: what clients call it; made of the job's name where left out.
            _: what else SageMaker takes is taken, and without effect: `image_uri`, `entry_point` and so on.
        """
        name = endpoint_name or endpoint.name_of(self.job_name)
        endpoint.start(name, self.model_data, initial_instance_count or 1)
        return predictor_cls(name, self.sagemaker_session, serializer=serializer, deserializer=deserializer)

    def _job(self) -> TrainingJob:
        if self.latest_training_job is None:
            raise ValueError("there is no job yet; call fit first, or Estimator.attach(NAME)")
        return self.latest_training_job


def end_after(job: TrainingJob, seconds: float) -> None:
    """Stop a job of this machine after so many seconds, while this process lives."""
    timer = threading.Timer(seconds, job.stop)
    timer.daemon = True
    timer.start()


def printer(logs: str | bool) -> Say:
    """Where the log is shown: on standard output, or nowhere for False and "None"."""
    return _hide if logs in (False, "None") else _show


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _hide(_: str) -> None:
    pass
