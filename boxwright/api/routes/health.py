"""Whether the server is well. No token is needed."""

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

import boxwright
from boxwright.api.deps import Given
from boxwright.api.errors import DESCRIBED_BESIDE

router = APIRouter(tags=["server"])

WELCOME = f"""Boxwright {boxwright.__version__}

A server of training jobs. /openapi.json describes its API, /healthz tells whether it is well.
On the command line:  boxwright jobs list
"""


class Health(BaseModel):
    """The server and its database are well."""

    status: Literal["ok"]
    version: str


@router.get("/healthz", summary="Tell whether the server and its database are well", response_model=Health)
def health(context: Given) -> dict[str, Any]:
    """Answers 503 while the database cannot be reached."""
    context.tokens.list()
    return {"status": "ok", "version": boxwright.__version__}


@router.get("/", summary="Say what this is", response_class=PlainTextResponse, responses=DESCRIBED_BESIDE)
def welcome() -> str:
    """For people who open the address in a browser."""
    return WELCOME
