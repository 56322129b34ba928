"""The form of errors of Google's services, which Google's own client libraries read."""

from typing import Any

from boxwright.serving.answer import TEXT, WHOLE, an_object
from boxwright.serving.rejection import Rejection

NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""HTTP status to name of google.rpc.Code; every other one is of an invalid argument."""

ERROR = an_object("error", error=an_object("code", "message", "status", code=WHOLE, message=TEXT, status=TEXT))


def error_body(one: Rejection) -> dict[str, Any]:
    """Code, message and status, the name of the code."""
    return {"error": {"code": one.status, "message": one.message, "status": NAMES.get(one.status, "INVALID_ARGUMENT")}}
