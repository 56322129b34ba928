"""What a request is answered with instead of detections, in the form of the contract that it came by."""

import http
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

from boxwright.request_limit import Answerable, nobody
from boxwright.serving.answer import TEXT, WHOLE, Answer, an_object

RETRY_AFTER = {"Retry-After": "1"}
"""Seconds after which a request that was not taken on is worth sending again."""


class Rejection(Answerable):
    """A request that is not answered as it asked.

    Args:
        status: HTTP status, 400 or more.
        message: the rule, the value and the way out.
        headers: of the answer.
    """

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, dict(headers or {})

    def response(self) -> Response:
        """In Boxwright's own form."""
        return self.answer(own_body)

    def answer(self, body: "Body") -> Response:
        """In a contract's form."""
        written = body(self)
        return written if isinstance(written, Response) else Answer(written, self.status, self.headers)


def too_large(max_bytes: int) -> Rejection:
    """What a larger request is answered with."""
    message = f"a request may have at most {max_bytes:,} bytes (--max-request-bytes)"
    return Rejection(413, message, headers={"Connection": "close"})


Body = Callable[[Rejection], dict[str, Any] | Response]
"""Writes a rejection in the form of a contract: its JSON body, or the whole answer where more than that differs."""


def own_body(one: Rejection) -> dict[str, Any]:
    """The form of Boxwright's own routes, and of addresses that no contract knows."""
    name = http.HTTPStatus(one.status).name
    return {"error": {"code": one.status, "status": name, "message": one.message}}


OWN_ERROR = an_object("error", error=an_object("code", "status", "message", code=WHOLE, status=TEXT, message=TEXT))
"""Schema of what `own_body` writes."""


class ErrorsAs:
    """A dependency of a contract's router: whatever its routes refuse is written in this form."""

    def __init__(self, body: Body) -> None:
        self.body = body

    async def __call__(self, request: Request) -> None:
        request.state.error_body = self.body


def errors_as(body: Body) -> ErrorsAs:
    """A dependency of a contract's router: whatever its routes refuse is written in this form."""
    return ErrorsAs(body)


def form_of(scope: Scope, routers: Iterable[APIRouter]) -> Body:
    """The form of errors at an address; Boxwright's own where no router knows it."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.matches(scope)[0] != Match.NONE:
                forms = [one.dependency.body for one in route.dependencies if isinstance(one.dependency, ErrorsAs)]
                return forms[-1] if forms else own_body  # a route's own come after its router's
    return own_body


def rejection_of(error: Exception) -> Rejection:
    """What an exception is answered with."""
    match error:
        case Rejection():
            return error
        case RequestValidationError():
            faults = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
            return Rejection(400, "; ".join(faults))
        case HTTPException(status_code=404):
            return Rejection(404, "there is nothing at this address; /docs lists what there is")
        case HTTPException(status_code=405):
            return Rejection(
                405, "this address does not know this method; /docs lists those it knows", headers=error.headers
            )
        case HTTPException():
            return Rejection(error.status_code, str(error.detail), headers=error.headers)
    return Rejection(500, "the server has met an error of its own; its log says more")


async def _answer(request: Request, error: Exception) -> Response:
    return rejection_of(error).answer(getattr(request.state, "error_body", own_body))


def install(app: FastAPI) -> None:
    """Answer every exception in the form of the contract that met it."""
    app.add_exception_handler(ClientDisconnect, nobody)
    for kind in (Rejection, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)
