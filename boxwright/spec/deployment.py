"""Models and versions as AI Platform Prediction v1 describes them: what is served, under which names, by how many."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from boxwright.spec.job import Labels
from boxwright.spec.resource import Resource

VersionState = Literal["CREATING", "READY", "UPDATING", "FAILED", "DELETING"]

MODEL_NAME = re.compile(r"(?=.{1,63}\Z)[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
"""The service's letters, digits and underscores; single dashes too, which SageMaker has instead of underscores."""

VERSION_NAME = re.compile(r"(?=.{1,63}\Z)[A-Za-z0-9][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
"""May be a number, as TensorFlow Serving has them."""

SEPARATOR = "--"
"""Between project and model in an endpoint's name; no model's name holds two dashes in a row."""

MAX_WORKERS = 64

NOT_OFFERED = {
    "accelerator_config": "models are served on the processor",
    "container": "a model's folder is served by Boxwright itself; run a container of your own beside it",
    "prediction_class": "code of one's own is not run by the server",
    "package_uris": "code of one's own is not run by the server",
    "routes": "they belong to containers, which are not run",
}
"""Fields of the managed service that would change what is answered, and why they are refused."""


def _texts(value: object) -> object:
    """Numbers in an object as texts, as options are written."""
    if not isinstance(value, dict):
        return value
    plain = (int, float)
    return {
        name: str(one) if isinstance(one, plain) and not isinstance(one, bool) else one for name, one in value.items()
    }


class ManualScaling(Resource):
    """A fixed number of worker processes, which the service calls nodes."""

    nodes: Annotated[int, Field(ge=1, le=MAX_WORKERS)] = 1


class AutoScaling(Resource):
    """The service's other way; here it means `minNodes` worker processes."""

    min_nodes: Annotated[int, Field(ge=0, le=MAX_WORKERS)] = 1
    max_nodes: int | None = None
    metrics: tuple[dict[str, Any], ...] = ()


class ModelRequest(Resource):
    """A model as it is made: a name under which versions are served.

    `traffic` is ours: the percentage of requests that each version gets; the default version gets all where it is
    empty.
    """

    name: str
    description: str = ""
    labels: Labels = {}
    regions: tuple[str, ...] = ()
    online_prediction_logging: bool = False
    online_prediction_console_logging: bool = False

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not MODEL_NAME.fullmatch(value):
            raise ValueError(
                "a model's name is 1 to 63 letters, digits, underscores and single dashes, and starts with a letter; "
                f"got {value!r}"
            )
        return value


class VersionRequest(Resource):
    """A version as it is made: a trained model's folder, and how it is served.

    `settings` is ours: options of `boxwright serve` by name, such as {"threads": "2"}.
    """

    name: str
    deployment_uri: str
    description: str = ""
    labels: Labels = {}
    runtime_version: str = ""
    python_version: str = ""
    framework: str = ""
    machine_type: str = ""
    service_account: str = ""
    manual_scaling: ManualScaling | None = None
    auto_scaling: AutoScaling | None = None
    settings: Annotated[dict[str, str], BeforeValidator(_texts)] = {}

    @model_validator(mode="before")
    @classmethod
    def _is_offered(cls, values: Any) -> Any:
        for name, reason in NOT_OFFERED.items():
            alias = re.sub("_(.)", lambda match: match[1].upper(), name)
            if isinstance(values, dict) and values.get(alias):
                raise ValueError(f"{alias} is not offered: {reason}; leave it out")
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if value or name in cls._named()}

    @classmethod
    def _named(cls) -> set[str]:
        return {*cls.model_fields, *(str(field.alias) for field in cls.model_fields.values())}

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not VERSION_NAME.fullmatch(value):
            raise ValueError(
                "a version's name is 1 to 63 letters, digits, underscores and single dashes, and starts with a letter "
                f"or digit; got {value!r}"
            )
        return value

    @property
    def workers(self) -> int:
        """Worker processes."""
        if self.manual_scaling:
            return self.manual_scaling.nodes
        return max(1, self.auto_scaling.min_nodes) if self.auto_scaling else 1


def endpoint_name(project: str, model: str, default_project: str) -> str:
    """Name of a model as an endpoint of SageMaker: `model` in the default project, else `project--model`."""
    return model if project == default_project else f"{project}{SEPARATOR}{model}"


def read_endpoint(name: str, default_project: str) -> tuple[str, str]:
    """Project and model of an endpoint's name."""
    project, separator, model = name.rpartition(SEPARATOR)
    return (project, model) if separator else (default_project, name)


def check_traffic(traffic: dict[str, int], versions: dict[str, VersionState]) -> None:
    """Whether traffic can be split like this.

    Args:
        traffic: percentage by version; empty for all to the default version.
        versions: state of each version of the model.

    Raises:
        ValueError: unknown versions, versions that are not served, or shares that do not add up.
    """
    if not traffic:
        return
    for name, percent in traffic.items():
        if name not in versions:
            raise ValueError(f"there is no version {name!r}; there is {', '.join(sorted(versions)) or 'none yet'}")
        if not 0 <= percent <= 100:
            raise ValueError(f"a share is 0 to 100 percent, got {percent} for {name!r}")
        if percent and versions[name] not in ("READY", "UPDATING"):
            raise ValueError(f"version {name!r} is {versions[name]}; only versions that are READY get requests")
    if sum(traffic.values()) != 100:
        raise ValueError(f"the shares must add up to 100 percent, got {sum(traffic.values())}")
