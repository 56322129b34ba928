"""The built-in algorithms by name."""

from boxwright.algorithms.argument import Algorithm, Argument, Request, parse
from boxwright.algorithms.image_object_detection import IMAGE_OBJECT_DETECTION

ALGORITHMS: dict[str, Algorithm] = {algorithm.name: algorithm for algorithm in (IMAGE_OBJECT_DETECTION,)}

__all__ = ["ALGORITHMS", "Algorithm", "Argument", "Request", "parse"]
