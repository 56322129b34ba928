"""Pages of endpoints: the list, and one of them with its versions, its traffic, its figures, and a place to try it."""

from boxwright.console.pages.endpoints.endpoint import endpoint
from boxwright.console.pages.endpoints.endpoints import endpoints

__all__ = ["endpoint", "endpoints"]
