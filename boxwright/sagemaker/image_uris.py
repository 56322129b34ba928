"""Stands in for `sagemaker.image_uris`: an image only names an algorithm here."""

from boxwright.sagemaker.images import IMAGES, TENSORFLOW, algorithm_of
from boxwright.sagemaker.models import check_model


def retrieve(
    framework: str | None = None,
    region: str | None = None,  # noqa: ARG001  # of SageMaker's signature, like those below
    version: str | None = None,  # noqa: ARG001
    *,
    instance_type: str | None = None,  # noqa: ARG001
    image_scope: str | None = None,  # noqa: ARG001
    model_id: str | None = None,
    model_version: str | None = None,  # noqa: ARG001
) -> str:
    """The image of a model of the catalogue, or of an algorithm.

    Args:
        framework: name of an algorithm: SageMaker's `object-detection`, or one of Boxwright's; not with `model_id`.
        model_id: a model of the catalogue, such as tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8.
        region, version, instance_type, image_scope, model_version: taken, and without effect.

    Raises:
        ValueError: no such model or algorithm, or neither is named.
    """
    if model_id is not None:
        check_model(model_id)
        return uri(TENSORFLOW)
    if framework is None:
        raise ValueError(f"name a model_id, or an algorithm such as {next(iter(IMAGES))!r} as framework")
    return uri(algorithm_of(framework).name)


def uri(algorithm: str) -> str:
    """The image of an algorithm."""
    return f"boxwright/{algorithm}:latest"
