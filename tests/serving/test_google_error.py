"""Errors in the form of Google's services."""

import pytest

from boxwright.serving.google_error import error_body
from boxwright.serving.rejection import Rejection


# As google/rpc/code.proto pairs them with HTTP; what it does not name is of the request.
@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (404, "NOT_FOUND"), (413, "INVALID_ARGUMENT")]
    + [(429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (503, "UNAVAILABLE")],
)
def test_a_status_has_its_name(status: int, name: str) -> None:
    body = {"error": {"code": status, "message": "no room", "status": name}}
    assert error_body(Rejection(status, "no room")) == body
