"""Stands in for `sagemaker.hyperparameters`."""

from boxwright.sagemaker.models import check_model, default_hyperparameters

_retrieved: dict[str, dict[str, str]] = {}
"""Model to the dictionary that was given out last; whoever has it may change it since."""


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
    known = check_model(model_id)
    _retrieved[known] = default_hyperparameters(known)
    return _retrieved[known]


def retrieved(model_id: str) -> dict[str, str]:
    """The hyper-parameters that `retrieve_default` gave last for a model, with what was changed in them since.

    Args:
        model_id: of the catalogue; its default where empty.

    Returns:
        a copy; the published ones where none were asked for.
    """
    return dict(_retrieved.get(model_id) or default_hyperparameters(model_id))
