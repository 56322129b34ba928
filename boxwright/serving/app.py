"""The app that serves models: one router for each contract, over one shelf of models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

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

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
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
    if settings.token_file:
        app.add_middleware(
            TokenRequired, token=read_token(settings.token_file), routers=[one.router for one in CONTRACTS]
        )
    app.add_middleware(access.Access, metrics=measures, write=write)
    return app
