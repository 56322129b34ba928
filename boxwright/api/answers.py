"""Answers of worker processes on their way to the client."""

from fastapi.responses import Response

from boxwright.endpoints.message import NOT_TO_CLIENTS, Answer, without

ANSWERED_BY = b"x-boxwright-version"
"""Header that names the version that has answered."""


def response_of(answer: Answer) -> Response:
    """A worker's answer as the client gets it."""
    response = Response(answer.body, answer.status)
    response.raw_headers += [*without(answer.headers, NOT_TO_CLIENTS), (ANSWERED_BY, answer.version.encode())]
    return response
