"""Boxwright trains, evaluates and exports image detectors from labelled pictures, on your own machine."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxwright.native import Detection, Model, fit

__version__ = "0.1.0"

__all__ = ["Detection", "Model", "__version__", "fit"]


def __getattr__(name: str) -> Any:
    """What `boxwright.native` offers, which is loaded when it is first asked for: commands start without it."""
    if name not in ("Detection", "Model", "fit"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("boxwright.native"), name)
