"""What is known of an upload, and what its requests are refused with."""

from dataclasses import dataclass
from typing import Literal

from boxwright.spec.resource import Resource

UploadState = Literal["OPEN", "UNPACKING", "READY", "FAILED"]


class UploadFault(Exception):
    """A request about an upload that cannot be answered.

    Attributes:
        status: name of google.rpc.Code that says what is wrong.
        code: HTTP status, where it is not the one that goes with `status`.
        message: the rule, the value and the way out.
    """

    def __init__(self, status: str, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @classmethod
    def missing(cls, what: str) -> "UploadFault":
        """There is no such upload, or it is somebody else's, which is not told apart."""
        return cls("NOT_FOUND", f"there is no {what} of yours; it may have been removed, or have expired")


class Owner(Resource):
    """The token that began an upload; a later one of the same name is another."""

    name: str
    since: float


class Started(Resource):
    """`upload.json`: what is known when an upload begins. Times are seconds since 1970."""

    display_name: str
    owner: Owner
    create_time: float


class FileStarted(Resource):
    """`files/ID.json`: a file that is to arrive; its bytes are in `files/ID`, as many as have come."""

    name: str
    size: int
    metadata: str = ""


class Outcome(Resource):
    """`outcome.json`: how it ended; an `error_message` means that it failed. `size` is in bytes."""

    error_message: str = ""
    files: int = 0
    size: int = 0
    left_out: int = 0


class Progress(Resource):
    """`progress.json`: bytes written of those expected."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class FileRecord:
    """One file of an upload: `offset` of its `size` bytes have come. `metadata` is what the client sent, as it was."""

    file_id: str
    name: str
    size: int
    offset: int
    metadata: str = ""


@dataclass(frozen=True)
class UploadRecord:
    """An upload.

    Attributes:
        upload_id: its name in its project.
        started: who began it, when, and what it is called.
        state: OPEN while files arrive, then UNPACKING, then READY or FAILED.
        path: of the folder of data, once it is READY; empty before.
        expire_time: seconds since 1970.
        outcome: how it ended; empty before.
        progress: of unpacking.
    """

    project: str
    upload_id: str
    started: Started
    state: UploadState
    path: str
    expire_time: float
    outcome: Outcome
    progress: Progress
