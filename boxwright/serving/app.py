"""The app that serves models: one router for each contract, over one shelf of models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import cv2
import numpy as np
from fastapi import FastAPI
from starlette.types import Message, Scope

import boxwright
from boxwright.request_limit import RequestLimit
from boxwright.serving import access, metrics, rejection
from boxwright.serving.contracts import CONTRACTS, vertex
from boxwright.serving.shelf import Shelf
from boxwright.serving.token import TokenRequired, read_token
from boxwright.spec.serving import ServeSettings

DESCRIPTION = """A detector behind the contracts that its clients already speak.

Boxes are in pixels of the upright picture where nothing else is said."""


def create_app(
    shelf: Shelf, settings: ServeSettings, measures: metrics.Metrics, write: access.Write | None = None
) -> FastAPI:
    """The app.

    Args:
        shelf: its models, closed when the app ends.
        settings: limits of requests.
        measures: shown at `/metrics`; the models count there, too.
        write: is given a JSON line for each request.

    Raises:
        OSError, ValueError: the token's file cannot be read, or is empty.
    """

    token = read_token(settings.token_file) if settings.token_file else ""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await _first_request(app, token)
        yield
        shelf.close()

    app = FastAPI(
        title="Boxwright serving",
        version=boxwright.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.shelf, app.state.settings, app.state.metrics = shelf, settings, measures
    rejection.install(app)
    app.include_router(vertex.routes_of(settings))  # first: they may be any, such as /predict
    for module in CONTRACTS:
        app.include_router(module.router)
    app.add_middleware(RequestLimit, max_bytes=settings.max_request_bytes, refuse=rejection.too_large, at_once=False)
    if token:
        app.add_middleware(TokenRequired, token=token, routers=[one.router for one in CONTRACTS])
    app.add_middleware(access.Access, metrics=measures, write=write)
    return app


async def _first_request(app: FastAPI, token: str) -> None:
    """Ask for what is in an empty picture: much is done once, by the first request, which no client should wait for."""
    _, picture = cv2.imencode(".jpg", np.zeros((480, 640, 3), np.uint8))
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/invocations",
        "raw_path": b"/invocations",
        "query_string": b"",
        "headers": [(b"content-type", b"image/jpeg"), (b"authorization", f"Bearer {token}".encode())],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": picture.tobytes(), "more_body": False}

    async def send(_: Message) -> None:
        pass

    app.state.metrics.counting = False
    await app(scope, receive, send)
    app.state.metrics.counting = True
