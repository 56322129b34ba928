"""A job as the managed service's API describes it: `projects.jobs` of AI Platform Training v1."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import Resource
from boxwright.spec.study import Study

State = Literal["QUEUED", "PREPARING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLING", "CANCELLED"]
FINAL_STATES: tuple[State, ...] = ("SUCCEEDED", "FAILED", "CANCELLED")

JOB_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
MAX_LABELS = 64

ScaleTier = Literal["BASIC", "STANDARD_1", "PREMIUM_1", "BASIC_GPU", "BASIC_TPU", "CUSTOM"]

WEEK = 7 * 24 * 3600.0
"""Seconds; the service's default of `maxRunningTime`."""

SHORTEST_WAIT = 1800.0
"""Seconds; the service's smallest `maxWaitTime`."""


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", value)
    if not match:
        raise ValueError(f"expected a duration in seconds such as '3600s', got {value!r}")
    return float(match.group(1))


def _duration(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".") + "s"


Seconds = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_duration, when_used="json-unless-none")]
"""A duration, written "3600s"."""


class AcceleratorConfig(Resource):
    """Kind and number of accelerators of one machine."""

    type: str = "ACCELERATOR_TYPE_UNSPECIFIED"
    count: Annotated[int, Field(ge=0)] = 0


class ReplicaConfig(Resource):
    """What runs on a machine, and its accelerators."""

    image_uri: str = ""
    accelerator_config: AcceleratorConfig | None = None
    tpu_tf_version: str = ""
    container_command: tuple[str, ...] = ()
    container_args: tuple[str, ...] = ()
    disk_config: dict[str, Any] | None = None

    @field_validator("tpu_tf_version", mode="before")
    @classmethod
    def _number_in_yaml(cls, value: object) -> object:
        return str(value) if isinstance(value, float) else value


class Scheduling(Resource):
    """Limits in seconds, and the place in the queue: a larger priority starts earlier."""

    max_running_time: Annotated[Seconds, Field(gt=0)] = WEEK
    max_wait_time: Annotated[Seconds, Field(ge=SHORTEST_WAIT)] | None = None
    priority: Annotated[int, Field(ge=0, le=1000)] = 0


class TrainingInput(Resource):
    """What to train, with which arguments, where, and on which machines.

    `allow_substitute` is ours: train on the nearest machine that there is.
    """

    scale_tier: ScaleTier = "BASIC"
    master_type: str = ""
    master_config: ReplicaConfig | None = None
    worker_type: str = ""
    worker_config: ReplicaConfig | None = None
    worker_count: Annotated[int, Field(ge=0)] = 0
    parameter_server_type: str = ""
    parameter_server_config: ReplicaConfig | None = None
    parameter_server_count: Annotated[int, Field(ge=0)] = 0
    evaluator_type: str = ""
    evaluator_config: ReplicaConfig | None = None
    evaluator_count: Annotated[int, Field(ge=0)] = 0
    args: tuple[str, ...] = ()
    hyperparameters: Study | None = None
    region: str = ""
    job_dir: str = ""
    runtime_version: str = ""
    python_version: str = ""
    package_uris: tuple[str, ...] = ()
    python_module: str = ""
    scheduling: Scheduling = Scheduling()
    network: str = ""
    service_account: str = ""
    encryption_config: dict[str, Any] | None = None
    use_chief_in_tf_config: bool = False
    enable_web_access: bool = False
    allow_substitute: bool = False

    @field_validator("runtime_version", "python_version", mode="before")
    @classmethod
    def _number_in_yaml(cls, value: object) -> object:
        return str(value) if isinstance(value, float) else value

    @model_validator(mode="after")
    def _custom_names_a_machine(self) -> Self:
        if self.scale_tier == "CUSTOM" and not self.master_type:
            raise ValueError("scaleTier CUSTOM needs masterType")
        if self.scale_tier != "CUSTOM" and self.master_type:
            raise ValueError(f"masterType needs scaleTier CUSTOM, got {self.scale_tier}")
        return self

    @property
    def image_uri(self) -> str:
        """The image of the master, which names the algorithm."""
        return self.master_config.image_uri if self.master_config else ""

    @property
    def algorithm(self) -> str:
        """Name of the algorithm: the last part of `imageUri`, without its tag."""
        return self.image_uri.rpartition("/")[2].partition("@")[0].partition(":")[0]


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """The labels as they are. Raises: ValueError: labels that the service would refuse."""
    if len(labels) > MAX_LABELS:
        raise ValueError(f"at most {MAX_LABELS} labels, got {len(labels)}")
    for key, value in labels.items():
        if not re.match("[a-z]", key) or not LABEL.fullmatch(key) or not LABEL.fullmatch(value):
            raise ValueError(
                "a label's key starts with a lowercase letter; key and value are at most 63 lowercase letters, "
                f"digits, underscores and dashes; got {key}={value}"
            )
    return labels


Labels = Annotated[dict[str, str], AfterValidator(check_labels)]
"""Of jobs, models and versions."""


class JobRequest(Resource):
    """A job as it is submitted: either a training or a prediction."""

    job_id: str
    training_input: TrainingInput | None = None
    prediction_input: PredictionInput | None = None
    labels: Labels = {}
    etag: str = ""

    @field_validator("job_id")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not JOB_ID.fullmatch(value):
            raise ValueError(
                f"a job's id is 1 to 128 letters, digits and underscores and starts with a letter, got {value!r}"
            )
        return value

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.training_input is None) == (self.prediction_input is None):
            both = "both are there" if self.training_input else "neither is there"
            raise ValueError(f"a job has either trainingInput or predictionInput; {both}")
        return self
