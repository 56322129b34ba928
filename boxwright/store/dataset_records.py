"""What the store keeps of a data set, as a frozen value."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.spec.dataset import DatasetRequest, DatasetState


class DatasetExists(ValueError):
    """The name is taken."""


class DatasetMissing(LookupError):
    """There is no such data set."""


@dataclass(frozen=True)
class DatasetRecord:
    """A data set. Times are in seconds since 1970; `end_time` is None until it is READY or FAILED.

    Attributes:
        request: where it comes from, as `DatasetRequest.written()` gives it.
        place: folder of the server that looked at it and keeps what it found.
        key: name of the data set's own folder there.
        result: what was found: path, format, parts, counts, classes, digest; empty until it is READY.
        error_message: why it is FAILED.
        etag: another one after each change; base64.
    """

    uid: int
    project: str
    name: str
    state: DatasetState
    request: dict[str, Any]
    place: str
    key: str
    result: dict[str, Any]
    error_message: str
    etag: str
    create_time: float
    end_time: float | None

    @property
    def spec(self) -> DatasetRequest:
        """The request as a value."""
        return DatasetRequest.model_validate(self.request)

    @property
    def folder(self) -> Path:
        """What the server keeps of it: the index, reports, thumbnails, and the data where the server has made it."""
        return Path(self.place) / self.key
