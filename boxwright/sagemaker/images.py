"""From the URI of an image to the built-in algorithm that it stands for."""

import re

from boxwright.algorithms import ALGORITHMS, Algorithm

OBJECT_DETECTION = "sagemaker_object_detection"
"""SageMaker's MXNet detector, whose image it calls `object-detection`."""

TENSORFLOW = "sagemaker_object_detection_tensorflow"
"""SageMaker's TensorFlow detector, whose models have ids."""

IMAGES = {"object-detection": OBJECT_DETECTION}
"""Algorithms by SageMaker's names of their images, where they differ."""


def algorithm_of(image_uri: str) -> Algorithm:
    """The algorithm of an image: the last part of its URI, without its tag, as SageMaker or Boxwright name it.

    Raises:
        ValueError: no such algorithm.
    """
    name = re.split("[@:]", image_uri.rpartition("/")[2])[0]
    name = IMAGES.get(name, name)
    if name not in ALGORITHMS:
        known = ", ".join([*ALGORITHMS, *IMAGES])
        raise ValueError(f"the last part of image_uri must name an algorithm ({known}), got {image_uri!r}")
    return ALGORITHMS[name]
