"""What the store keeps of models, their versions and the operations on them, as frozen values."""

from dataclasses import dataclass
from typing import Any, Literal

from boxwright.spec.deployment import VersionRequest, VersionState

OperationKind = Literal["CREATE_VERSION", "UPDATE_VERSION", "DELETE_VERSION", "UPDATE_MODEL", "DELETE_MODEL"]


class ModelExists(ValueError):
    """The name of the model or version is taken."""


class ModelMissing(LookupError):
    """There is no such model, version or operation."""


class NotNow(ValueError):
    """It cannot be done as things are; says what has to be done first."""


@dataclass(frozen=True)
class ModelRecord:
    """A model. Times are in seconds since 1970.

    Attributes:
        request: what was submitted, as `ModelRequest.written()` gives it.
        default_version: name of the version that answers where none is asked for; empty while there is none.
        traffic: percentage of requests by version; empty where the default version gets all.
        etag: another one after each change; base64.
    """

    uid: int
    project: str
    name: str
    request: dict[str, Any]
    default_version: str
    traffic: dict[str, int]
    etag: str
    create_time: float

    @property
    def shares(self) -> dict[str, int]:
        """Percentage of requests of each version that gets any."""
        traffic = self.traffic or ({self.default_version: 100} if self.default_version else {})
        return {name: percent for name, percent in traffic.items() if percent}


@dataclass(frozen=True)
class VersionRecord:
    """A version. Times are in seconds since 1970.

    Attributes:
        model_uid: of its model.
        request: what is to be served, as `VersionRequest.written()` gives it.
        served: the last request that could be served; empty for none yet.
        generation: another, larger one after each change that needs new worker processes.
        error_message: why it is FAILED, or why the last update was undone.
        last_use_time: of the last request; None for none yet.
    """

    uid: int
    model_uid: int
    name: str
    state: VersionState
    request: dict[str, Any]
    served: dict[str, Any]
    generation: int
    error_message: str
    etag: str
    create_time: float
    last_use_time: float | None

    @property
    def spec(self) -> VersionRequest:
        """The request as a value."""
        return VersionRequest.model_validate(self.request)


@dataclass(frozen=True)
class OperationRecord:
    """Something that takes a while. Times are in seconds since 1970; `end_time` is None until it is done.

    Attributes:
        name: unique in its project.
        model, version: what it works on; `version` is empty for operations on models.
        version_uid: of the version; 0 for none.
        error_message: why it failed; empty for one that did not.
    """

    uid: int
    project: str
    name: str
    kind: OperationKind
    model: str
    version: str
    version_uid: int
    create_time: float
    end_time: float | None
    error_message: str
