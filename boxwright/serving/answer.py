"""JSON answers, and what the OpenAPI document says of them."""

import json
from typing import Any

from starlette.responses import JSONResponse

Schema = dict[str, Any]

STATUSES: dict[int | str, str] = {
    400: "The request or a picture in it is at fault.",
    404: "There is no such model or version.",
    413: "The request, or a picture in it, is larger than the limits.",
    429: "The queue is full; try again after the seconds in Retry-After.",
    503: "The answer took too long.",
    "4XX": "Anything else that was refused.",
}
"""What a request is answered with that does not get what it asked for."""


class Answer(JSONResponse):
    """JSON in ASCII: a text from a request goes back as it came, even half a surrogate pair."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def told(schema: Schema, error: Schema, description: str = "What was asked for.") -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: its answer, and its errors.

    Args:
        schema: of the JSON answer.
        error: of the JSON of an error.
        description: of the answer.
    """
    refused: dict[int | str, dict[str, Any]] = {
        status: {"description": text, **_json(error)} for status, text in STATUSES.items()
    }
    return {200: {"description": description, **_json(schema)}, **refused, "4XX": {"description": "", **_json(error)}}


def taken(schema: Schema, *ignored: str) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its JSON body by itself.

    Args:
        schema: of the body.
        ignored: names of the path that may be anything.
    """
    return {"requestBody": {"required": True, **_json(schema)}, **any_text(*ignored)}


def any_text(*ignored: str) -> dict[str, Any]:
    """`openapi_extra` of a route of which some names of the path may be anything."""
    return {"parameters": [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in ignored]}


def an_object(*required: str, **properties: Schema) -> Schema:
    """Schema of an object.

    Args:
        required: names that must be there.
        properties: schema of each name.
    """
    named = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **named}


def a_list(items: Schema, **limits: int) -> Schema:
    """Schema of a list, with `minItems` and `maxItems`."""
    return {"type": "array", "items": items, **limits}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def _json(schema: Schema) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
