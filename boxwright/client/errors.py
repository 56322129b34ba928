"""What a server refuses, and servers that are not there."""

from collections.abc import Mapping
from typing import Any

import httpx

from boxwright.spec.resource import Fault


class ServerError(ValueError):
    """What a server refused, and why.

    Attributes:
        code: HTTP status.
        status: Google's name for it, such as NOT_FOUND.
        message: the server's words.
        violations: fields that are at fault.
    """

    def __init__(self, code: int, status: str, message: str, violations: tuple[Fault, ...] = ()) -> None:
        super().__init__("\n".join([f"{status}: {message}", *(f"  {one}" for one in violations)]))
        self.code = code
        self.status = status
        self.message = message
        self.violations = violations


class Unreachable(ConnectionError):
    """No server answers at an address; says so with the way out."""


def server_error(answer: httpx.Response) -> ServerError:
    """What an answer says is wrong; its status where it is in no shape of ours."""
    try:
        return read_error(answer.json()["error"])
    except (ValueError, LookupError, TypeError, AttributeError):  # not in Google's shape: a proxy's page, for example
        return ServerError(answer.status_code, "UNKNOWN", f"HTTP {answer.status_code} {answer.reason_phrase}")


def read_error(error: Mapping[str, Any]) -> ServerError:
    """The error that an answer holds in the API's one shape of it."""
    violations = tuple(
        Fault(str(one.get("field", "")), str(one.get("description", "")))
        for detail in error.get("details", ())
        for one in detail.get("fieldViolations", ())
    )
    status, message = str(error.get("status", "UNKNOWN")), str(error.get("message", ""))
    return ServerError(int(error.get("code", 500)), status, message, violations)
