"""What the server refuses, as clients of SageMaker's runtime read it; what a model refuses its process writes so."""

import http

from fastapi.responses import JSONResponse, Response

from boxwright.api.errors import Refusal

VARIANT = b"x-amzn-sagemaker-target-variant"
INVOKED = "x-amzn-invoked-production-variant"
ERROR_TYPE = "x-amzn-ErrorType"

TYPES = {
    "UNAUTHENTICATED": ("UnrecognizedClientException", 401),
    "PERMISSION_DENIED": ("AccessDeniedException", 403),
    "UNAVAILABLE": ("ServiceUnavailable", 503),
    "DEADLINE_EXCEEDED": ("ServiceUnavailable", 503),
    "INTERNAL": ("InternalFailure", 500),
}
"""The service's name and status for each of ours; all others are ValidationError, 400."""


def refused(refusal: Refusal) -> Response:
    """What the server itself refuses."""
    other = ("ValidationError", refusal.code if refusal.code == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE else 400)
    kind, code = TYPES.get(refusal.status, other)
    return JSONResponse({"message": refusal.message}, code, {**refusal.headers, ERROR_TYPE: kind})
