"""Stands in for `sagemaker.hyperparameters`."""

from boxwright.sagemaker.models import check_model, default_hyperparameters


def retrieve_default(
    region: str | None = None,  # noqa: ARG001  # of SageMaker's signature, like model_version
    model_id: str | None = None,
    model_version: str | None = None,  # noqa: ARG001
) -> dict[str, str]:
    """The published hyper-parameters of a model of the catalogue, as texts, to be changed at will.

    Args:
        model_id: such as tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8.
        region, model_version: taken, and without effect.

    Raises:
        ValueError: no such model.
    """
    return default_hyperparameters(check_model(model_id))
