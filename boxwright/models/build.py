"""From the spec of a model to the model: the written dicts of backbones and detectors."""

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.backbones.efficientnet import efficientnet_b0, efficientnet_b1, efficientnet_b2, efficientnet_b3
from boxwright.models.backbones.efficientnet_lite import efficientnet_lite0, efficientnet_lite1, efficientnet_lite2
from boxwright.models.backbones.mobilenet import mobilenet_v1, mobilenet_v2
from boxwright.models.backbones.resnet import resnet18, resnet34, resnet50, resnet101, resnet152, resnet200
from boxwright.models.backbones.vgg import vgg16
from boxwright.models.detector import Detector, PostProcessing
from boxwright.models.necks.bifpn import BiFeaturePyramid
from boxwright.models.necks.fpn import FeaturePyramid
from boxwright.models.necks.nasfpn import NasFeaturePyramid
from boxwright.models.retinanet import AnchorSettings, LossSettings, RetinaNet, retinanet
from boxwright.models.ssd import SSD, MultiboxSettings, ssd
from boxwright.spec.training import LossSpec, ModelSpec

BACKBONES: dict[str, Callable[[], nn.Module]] = {
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet101": resnet101,
    "resnet152": resnet152,
    "resnet200": resnet200,
    "vgg16": vgg16,
    "efficientnet_lite0": efficientnet_lite0,
    "efficientnet_lite1": efficientnet_lite1,
    "efficientnet_lite2": efficientnet_lite2,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "efficientnet_b0": efficientnet_b0,
    "efficientnet_b1": efficientnet_b1,
    "efficientnet_b2": efficientnet_b2,
    "efficientnet_b3": efficientnet_b3,
}
"""Feature extractors, with untrained weights. Each gives maps of strides 8, 16 and 32 (vgg16 lacks the last) and states
`channels`, `mean`, `std` and `stages()`."""


NECKS: dict[str, Callable[[ModelSpec, Sequence[int], Sequence[int]], nn.Module]] = {
    "fpn": lambda model, inputs, levels: FeaturePyramid(
        inputs, model.fpn_channels, levels, separable=model.separable_convs
    ),
    "nasfpn": lambda model, inputs, levels: NasFeaturePyramid(
        inputs, model.fpn_channels, levels, repeats=model.fpn_repeats, separable=model.separable_convs
    ),
    "bifpn": lambda model, inputs, levels: BiFeaturePyramid(
        inputs, model.fpn_channels, levels, repeats=model.fpn_repeats, separable=model.separable_convs
    ),
}
"""Feature pyramids, from the channels of the backbone's maps and the numbers of the levels."""


def head_activation(model: ModelSpec) -> Callable[[Tensor], Tensor]:
    """What the published detectors have: swish with a BiFPN, ReLU6 with FPNLite, ReLU else."""
    if model.fpn_type == "bifpn":
        return F.silu
    return F.relu6 if model.separable_convs else F.relu


def build_retinanet(model: ModelSpec, loss: LossSpec, num_classes: int) -> RetinaNet:
    """RetinaNet with untrained weights.

    Raises:
        ValueError: a pyramid that the backbones cannot feed.
    """
    if model.fpn_min_level < 3:
        raise ValueError(
            f"fpn_min_level must be 3 to 5, got {model.fpn_min_level}: backbones give maps from level 3 (stride 8) on; "
            "for smaller objects enlarge image_size or lower anchor_size"
        )
    backbone = BACKBONES[model.backbone]()
    levels = tuple(range(model.fpn_min_level, model.fpn_max_level + 1))
    channels: tuple[int, ...] = backbone.channels  # type: ignore[assignment]  # nn.Module hides attribute types
    return retinanet(
        backbone,
        num_classes,
        neck=NECKS[model.fpn_type](model, channels, levels),
        channels=model.fpn_channels,
        head_convs=model.head_convs,
        separable=model.separable_convs,
        activation=head_activation(model),
        anchors=AnchorSettings(
            levels=levels,
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
        post=post_processing(model),
    )


def build_ssd(model: ModelSpec, loss: LossSpec, num_classes: int) -> SSD:
    """SSD with untrained weights, laid out for `model.image_size`."""
    return ssd(
        BACKBONES[model.backbone](),
        num_classes,
        model.image_size,
        loss=MultiboxSettings(
            negative_ratio=loss.hard_negative_ratio,
            min_negatives=loss.min_hard_negatives,
            box_weight=loss.multibox_loss_weight,
        ),
        post=post_processing(model),
    )


def post_processing(model: ModelSpec) -> PostProcessing:
    """How outputs become detections, of any family."""
    return PostProcessing(
        iou_threshold=model.nms_iou_threshold,
        score_threshold=model.nms_score_threshold,
        limit=model.max_num_bboxes_in_prediction,
    )


MODELS: dict[str, Callable[[ModelSpec, LossSpec, int], Detector]] = {"retinanet": build_retinanet, "ssd": build_ssd}
"""Detector families."""


def build_model(model: ModelSpec, loss: LossSpec, num_classes: int) -> Detector:
    """The detector of a spec with untrained weights; see `boxwright.models.weights.load_pretrained` for trained ones.

    Args:
        num_classes: background not counted.

    Raises:
        ValueError: settings that do not fit together.
    """
    return MODELS[model.architecture](model, loss, num_classes)
