"""What the routes of contracts are given."""

from typing import Annotated

from fastapi import Depends, Request

from boxwright.serving.metrics import Metrics
from boxwright.serving.model import ServedModel
from boxwright.serving.shelf import Shelf
from boxwright.spec.serving import ServeSettings


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def _settings(request: Request) -> ServeSettings:
    settings: ServeSettings = request.app.state.settings
    return settings


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


OnShelf = Annotated[Shelf, Depends(_shelf)]
Settings = Annotated[ServeSettings, Depends(_settings)]
Measures = Annotated[Metrics, Depends(_metrics)]


async def latest(shelf: OnShelf, model: str) -> ServedModel:
    """The model of a path's name. Raises: Rejection: 404."""
    return shelf.find(model)


async def exact(shelf: OnShelf, model: str, version: str) -> ServedModel:
    """The model of a path's name and version. Raises: Rejection: 404."""
    return shelf.find(model, version)
