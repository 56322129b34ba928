"""The app that answers HTTP requests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

import boxwright
from boxwright.api.cards import Cards
from boxwright.api.curves import CurveShelf
from boxwright.api.deps import Context
from boxwright.api.errors import DESCRIBED, install, too_large
from boxwright.api.follow import Followers
from boxwright.api.headers import SecurityHeaders
from boxwright.api.routes import (
    algorithms,
    datasets,
    drafts,
    estimates,
    evaluations,
    files,
    health,
    job_evaluation,
    job_files,
    job_settings,
    jobs,
    logs,
    machine,
    measures,
    metrics,
    models,
    operations,
    pictures,
    predictions,
    projects,
    samples,
    sessions,
    stats,
    tokens,
    trained_models,
    uploads,
    versions,
)
from boxwright.request_limit import RequestLimit

DESCRIPTION = """Jobs of AI Platform Training v1, their logs, models that are served, and the tokens that give access.

Send `Authorization: Bearer TOKEN`. Times are RFC 3339 in UTC, durations are written "3600s", and whole numbers of 64
bits are texts. Fields that hold nothing are left out."""


ROUTES = (
    health,
    measures,
    projects,
    jobs,
    algorithms,
    drafts,
    estimates,
    metrics,
    job_files,
    job_settings,
    samples,
    job_evaluation,
    logs,
    tokens,
    sessions,
    stats,
    models,
    versions,
    operations,
    predictions,
    trained_models,
    evaluations,
    uploads,
    files,
    machine,
    datasets,
    pictures,
)
"""Modules with a router, in the order of the description."""


def create_app(context: Context) -> FastAPI:
    """The app over a store. `app.state.followers.close()` ends its log streams."""

    app = FastAPI(
        title="Boxwright",
        version=boxwright.__version__,
        description=DESCRIPTION,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=DESCRIBED,
        lifespan=lifespan_of(context),
    )
    app.state.context = context
    app.state.cards = Cards()
    app.state.curves = CurveShelf()
    app.state.followers = Followers(context.jobs, context.tokens)
    install(app)
    for module in ROUTES:
        app.include_router(module.router)
    app.add_middleware(RequestLimit, max_bytes=context.max_request_bytes, refuse=too_large)
    app.add_middleware(SecurityHeaders)
    return app


def lifespan_of(context: Context) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs beside the app, and ends with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with context.bench, context.catalogue.imports:
            yield
        app.state.followers.shut_down()
        context.estimates.close()
        context.uploads.close()
        await context.deployed.gateway.close()

    return lifespan
