"""The pages, each a coroutine that builds it; its arguments come from the address."""

from collections.abc import Awaitable, Callable

from boxwright.console.pages.compare import compare
from boxwright.console.pages.datasets import dataset, datasets
from boxwright.console.pages.endpoints import endpoint, endpoints
from boxwright.console.pages.home import home
from boxwright.console.pages.job import job
from boxwright.console.pages.jobs import jobs
from boxwright.console.pages.models import compare_models, model, models
from boxwright.console.pages.new import new
from boxwright.console.pages.settings import settings

ROUTES: dict[str, Callable[..., Awaitable[None]]] = {
    "/": home,
    "/settings": settings,
    "/{project}": home,
    "/{project}/jobs": jobs,
    "/{project}/jobs-compare": compare,
    "/{project}/jobs/{job_id}": job,
    "/{project}/new": new,
    "/{project}/datasets": datasets,
    "/{project}/datasets/{name}": dataset,
    "/{project}/models": models,
    "/{project}/models-compare": compare_models,
    "/{project}/models/{job}": model,
    "/{project}/models/{job}/{trial}": model,
    "/{project}/endpoints": endpoints,
    "/{project}/endpoints/{name}": endpoint,
}
"""Path below /console to the page. The parts in braces and the query are given to it by name."""
