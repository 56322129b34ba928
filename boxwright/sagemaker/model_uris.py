"""Stands in for `sagemaker.model_uris`."""

from boxwright.sagemaker.models import check_model, model_uri


def retrieve(
    region: str | None = None,  # noqa: ARG001  # of SageMaker's signature, like those below
    model_id: str | None = None,
    model_version: str | None = None,  # noqa: ARG001
    *,
    model_scope: str | None = None,  # noqa: ARG001
    instance_type: str | None = None,  # noqa: ARG001
) -> str:
    """The URI of a model of the catalogue, which an estimator takes as `model_uri`.

    Args:
        model_id: such as tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8.
        region, model_version, model_scope, instance_type: taken, and without effect.

    Raises:
        ValueError: no such model.
    """
    return model_uri(check_model(model_id))
