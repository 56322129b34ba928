"""The one shape of an error, which is that of Google's APIs, and what becomes of each exception."""

import http
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from boxwright.api.headers import SECURITY_HEADERS
from boxwright.bench.shelf import EvaluationMissing
from boxwright.endpoints.gateway import Unanswered
from boxwright.request_limit import Answerable, nobody
from boxwright.spec.resource import Fault, InvalidResource
from boxwright.store.dataset_records import DatasetExists, DatasetMissing
from boxwright.store.model_records import ModelExists, ModelMissing, NotNow
from boxwright.store.records import EtagMismatch, JobExists, JobMissing, StoreUnavailable
from boxwright.store_faults import BucketMissing, StoreAway, StoreDenied
from boxwright.uploads.records import UploadFault

CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "UNIMPLEMENTED": 405,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""google.rpc.Code to the HTTP status that goes with it."""

NAMES = {code: name for name, code in reversed(CODES.items())}

BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

RETRY_AFTER = {"Retry-After": "2"}
"""Seconds after which it is worth trying again while the store cannot be reached."""


class Refusal(Answerable):
    """What a request is answered with instead of what it asked for.

    Args:
        status: one of `CODES`.
        message: the rule, the value and the way out.
        faults: the fields that are to blame.
        headers: of the answer.
        code: HTTP status, where it is not the one that goes with `status`.
    """

    def __init__(
        self,
        status: str,
        message: str,
        faults: tuple[Fault, ...] = (),
        *,
        headers: Mapping[str, str] | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.faults = status, message, faults
        self.headers = dict(headers or {})
        self.code = code or CODES[status]

    @classmethod
    def of_field(cls, path: str, message: str) -> "Refusal":
        """One field is wrong."""
        fault = Fault(path, message)
        return cls("INVALID_ARGUMENT", str(fault), (fault,))

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.faults:
            violations = [{"field": one.path, "description": one.message} for one in self.faults]
            error["details"] = [{"@type": BAD_REQUEST, "fieldViolations": violations}]
        return {"error": error}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.code, {**SECURITY_HEADERS, **self.headers})


def too_large(max_bytes: int) -> Refusal:
    """What a larger request is answered with."""
    return Refusal(
        "INVALID_ARGUMENT",
        f"a request may have at most {max_bytes:,} bytes (the server's --max-request-bytes)",
        headers={"Connection": "close"},
        code=413,
    )


class FieldViolation(BaseModel):
    """One field of the request that is wrong."""

    field: str = Field(examples=["trainingInput.args"])
    description: str


class ErrorDetail(BaseModel):
    """google.rpc.BadRequest: all that is wrong with a request."""

    type: str = Field(alias="@type", examples=[BAD_REQUEST])
    field_violations: list[FieldViolation] = Field(alias="fieldViolations")


class ErrorStatus(BaseModel):
    """What went wrong: the HTTP status, words for people, and the name of google.rpc.Code."""

    code: int = Field(examples=[400])
    message: str
    status: str = Field(examples=list(CODES))
    details: list[ErrorDetail] = []


class ErrorAnswer(BaseModel):
    """Every answer whose HTTP status is 400 or more."""

    error: ErrorStatus


FAULTS = {
    "4XX": "What is wrong with the request",
    "5XX": "503: the database or an object store cannot be reached; try again after Retry-After seconds",
}

DESCRIBED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text} for status, text in FAULTS.items()
}
"""For the description of the API."""

_SCHEMA = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}

DESCRIBED_BESIDE: dict[int | str, dict[str, Any]] = {
    status: {"content": _SCHEMA, "description": text} for status, text in FAULTS.items()
}
"""For routes that answer with something else than JSON."""


STATUSES: Mapping[type[Exception], str] = {
    JobExists: "ALREADY_EXISTS",
    ModelExists: "ALREADY_EXISTS",
    DatasetExists: "ALREADY_EXISTS",
    DatasetMissing: "NOT_FOUND",
    JobMissing: "NOT_FOUND",
    ModelMissing: "NOT_FOUND",
    EvaluationMissing: "NOT_FOUND",
    EtagMismatch: "ABORTED",
    NotNow: "FAILED_PRECONDITION",
    BucketMissing: "FAILED_PRECONDITION",
    StoreDenied: "FAILED_PRECONDITION",
}
"""What the stores refuse, whose words are for the client."""


def refusal_of(error: Exception) -> Refusal:
    """What an exception is answered with."""
    match error:
        case Refusal():
            return error
        case InvalidResource():
            return Refusal("INVALID_ARGUMENT", str(error), error.faults)
        case RequestValidationError():
            faults = tuple(Fault(str(one["loc"][-1]), f"{one['msg']}, got {one['input']!r}") for one in error.errors())
            return Refusal("INVALID_ARGUMENT", "\n".join(str(fault) for fault in faults), faults)
        case UploadFault():
            return Refusal(error.status, error.message, code=error.code)
        case Unanswered():
            retry = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
            return Refusal(error.status, error.message, headers=retry)
        case StoreAway():
            return Refusal("UNAVAILABLE", str(error), headers=RETRY_AFTER)
        case StoreUnavailable():
            message = "the database cannot be reached at the moment; try again in a few seconds"
            return Refusal("UNAVAILABLE", message, headers=RETRY_AFTER)
        case HTTPException():
            return _of_http(error)
    status = STATUSES.get(type(error))
    if status:
        return Refusal(status, str(error.args[0]))
    return Refusal("INTERNAL", "the server has met an error of its own; its log says more")


def _of_http(error: HTTPException) -> Refusal:
    messages = {
        404: "there is nothing at this address; /openapi.json lists what there is",
        405: "this address does not know this method; /openapi.json lists those that it knows",
    }
    phrase = http.HTTPStatus(error.status_code).phrase
    status = NAMES.get(error.status_code, "INVALID_ARGUMENT")
    message = messages.get(error.status_code, str(error.detail) or phrase)
    return Refusal(status, message, headers=error.headers, code=error.status_code)


Form = Callable[[Refusal], Response]
"""Writes a refusal as a client of another service expects it."""


def errors_as(form: Callable[[Request], Form]) -> Callable[[Request], Awaitable[None]]:
    """A dependency of a router: what its routes refuse is written in the form that a request is given."""

    async def remember(request: Request) -> None:
        request.state.form = form(request)

    return remember


async def _answer(request: Request, error: Exception) -> Response:
    form: Form = getattr(request.state, "form", Refusal.response)
    return form(refusal_of(error))


def install(app: FastAPI) -> None:
    """Answer every exception in the one shape, or in that of the service whose routes these are."""
    app.add_exception_handler(ClientDisconnect, nobody)
    known = (Refusal, InvalidResource, RequestValidationError, HTTPException)
    for kind in (*known, *STATUSES, UploadFault, Unanswered, StoreAway, StoreUnavailable, Exception):
        app.add_exception_handler(kind, _answer)
