"""From the spec of a model to the model: the written dicts of backbones and detectors."""

from collections.abc import Callable

from torch import nn

from boxwright.models.backbones.efficientnet_lite import efficientnet_lite0, efficientnet_lite1, efficientnet_lite2
from boxwright.models.backbones.resnet import resnet18, resnet34, resnet50, resnet101, resnet152, resnet200
from boxwright.models.detector import Detector, PostProcessing
from boxwright.models.retinanet import AnchorSettings, LossSettings, RetinaNet, retinanet
from boxwright.spec.training import LossSpec, ModelSpec

BACKBONES: dict[str, Callable[[], nn.Module]] = {
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet101": resnet101,
    "resnet152": resnet152,
    "resnet200": resnet200,
    "efficientnet_lite0": efficientnet_lite0,
    "efficientnet_lite1": efficientnet_lite1,
    "efficientnet_lite2": efficientnet_lite2,
}
"""Feature extractors, with untrained weights. Each gives maps of strides 8, 16 and 32 and states `channels`, `mean`,
`std` and `stages()`."""


def build_retinanet(model: ModelSpec, loss: LossSpec, num_classes: int) -> RetinaNet:
    """RetinaNet with untrained weights.

    Raises:
        ValueError: a pyramid that the backbones cannot feed.
    """
    if model.fpn_type != "fpn":
        raise ValueError(f"fpn_type={model.fpn_type} is not available yet; use fpn_type=fpn")
    if model.fpn_min_level < 3:
        raise ValueError(
            f"fpn_min_level must be 3 to 5, got {model.fpn_min_level}: backbones give maps from level 3 (stride 8) on; "
            "for smaller objects enlarge image_size or lower anchor_size"
        )
    return retinanet(
        BACKBONES[model.backbone](),
        num_classes,
        channels=model.fpn_channels,
        head_convs=model.head_convs,
        anchors=AnchorSettings(
            levels=tuple(range(model.fpn_min_level, model.fpn_max_level + 1)),
            base=model.anchor_size,
            scales=model.num_anchor_scales,
            ratios=model.bbox_aspect_ratios,
        ),
        loss=LossSettings(
            alpha=loss.focal_loss_alpha,
            gamma=loss.focal_loss_gamma,
            delta=loss.huber_delta,
            box_weight=loss.detection_loss_weight,
        ),
        post=PostProcessing(
            iou_threshold=model.nms_iou_threshold,
            score_threshold=model.nms_score_threshold,
            limit=model.max_num_bboxes_in_prediction,
        ),
    )


MODELS: dict[str, Callable[[ModelSpec, LossSpec, int], Detector]] = {"retinanet": build_retinanet}
"""Detector families."""


def build_model(model: ModelSpec, loss: LossSpec, num_classes: int) -> Detector:
    """The detector of a spec with untrained weights; see `boxwright.models.weights.load_pretrained` for trained ones.

    Args:
        num_classes: background not counted.

    Raises:
        ValueError: settings that do not fit together.
    """
    return MODELS[model.architecture](model, loss, num_classes)
