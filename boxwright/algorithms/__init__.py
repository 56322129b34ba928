"""The built-in algorithms by name."""

from boxwright.algorithms.argument import Algorithm, Argument, Request, parse
from boxwright.algorithms.image_object_detection import IMAGE_OBJECT_DETECTION
from boxwright.algorithms.sagemaker_object_detection import SAGEMAKER_OBJECT_DETECTION
from boxwright.algorithms.sagemaker_object_detection_tensorflow import SAGEMAKER_OBJECT_DETECTION_TENSORFLOW

ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (IMAGE_OBJECT_DETECTION, SAGEMAKER_OBJECT_DETECTION, SAGEMAKER_OBJECT_DETECTION_TENSORFLOW)
}

__all__ = ["ALGORITHMS", "Algorithm", "Argument", "Request", "parse"]
