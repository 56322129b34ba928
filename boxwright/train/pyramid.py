"""Sizes of pyramid and heads where the user left them out: those of the published detector with the same parts."""

from typing import Any, NamedTuple

from boxwright.spec.training import ModelSpec


class Sizes(NamedTuple):
    """Channels and cells of a pyramid, and convolutions of each head."""

    channels: int
    repeats: int
    head_convs: int


EFFICIENTDET = {
    "efficientnet_b0": Sizes(64, 3, 3),
    "efficientnet_b1": Sizes(88, 4, 3),
    "efficientnet_b2": Sizes(112, 5, 3),
    "efficientnet_b3": Sizes(160, 6, 4),
}
"""EfficientDet D0 to D3; table 1 of Tan, Pang and Le 2020."""

SMALLEST = EFFICIENTDET["efficientnet_b0"]

Derivation = tuple[Any, str]
"""A value and its reason."""


def channels(model: ModelSpec) -> Derivation:
    """`fpn_channels`."""
    if model.backbone in EFFICIENTDET:
        return EFFICIENTDET[model.backbone].channels, "as EfficientDet with this backbone has"
    if model.backbone.startswith("efficientnet"):
        return 64, "in proportion to the backbone"
    return (128, "as the published FPNLite has") if model.backbone == "mobilenet_v2" else (256, "published default")


def repeats(model: ModelSpec) -> Derivation:
    """`fpn_repeats`."""
    if model.fpn_type == "bifpn":
        return EFFICIENTDET.get(model.backbone, SMALLEST).repeats, "as EfficientDet has"
    reason = "published default" if model.fpn_type == "nasfpn" else f"without effect on fpn_type={model.fpn_type}"
    return ModelSpec().fpn_repeats, reason


def head_convs(model: ModelSpec) -> Derivation:
    """`head_convs`."""
    if model.fpn_type == "bifpn":
        return EFFICIENTDET.get(model.backbone, SMALLEST).head_convs, "as EfficientDet has"
    return ModelSpec().head_convs, "published default"


def separable_convs(model: ModelSpec) -> Derivation:
    """`separable_convs`."""
    if model.fpn_type == "bifpn":
        return True, "as EfficientDet has"
    if model.fpn_type == "fpn" and model.backbone == "mobilenet_v2":
        return True, "as the published FPNLite has"
    return False, "published default"
