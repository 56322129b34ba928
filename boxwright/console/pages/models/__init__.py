"""Pages of trained models: the list, one of them, deploying it, and comparing two."""

from boxwright.console.pages.models.compare import compare_models
from boxwright.console.pages.models.model import model
from boxwright.console.pages.models.models import models

__all__ = ["compare_models", "model", "models"]
