"""Stands in for `sagemaker.script_uris`: no script is fetched, as the algorithms are installed."""

from boxwright.sagemaker.models import check_model


def retrieve(
    region: str | None = None,  # noqa: ARG001  # of SageMaker's signature, like those below
    model_id: str | None = None,
    model_version: str | None = None,  # noqa: ARG001
    *,
    script_scope: str | None = None,  # noqa: ARG001
) -> str:
    """A URI that an estimator takes as `source_dir`.

    Args:
        model_id: such as tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8.
        region, model_version, script_scope: taken, and without effect.

    Raises:
        ValueError: no such model.
    """
    check_model(model_id)
    return "boxwright://scripts/transfer_learning"
