"""Tests of the sizes of pyramids and heads."""

import pytest

from boxwright.spec.training import ModelSpec
from boxwright.train import pyramid


def sizes(backbone: str, fpn_type: str) -> tuple[object, ...]:
    """Channels, cells, convolutions of a head, and whether they are separable."""
    model = ModelSpec.model_validate({"backbone": backbone, "fpn_type": fpn_type})
    rules = (pyramid.channels, pyramid.repeats, pyramid.head_convs, pyramid.separable_convs)
    return tuple(rule(model)[0] for rule in rules)


@pytest.mark.parametrize(
    ("backbone", "fpn_type", "wanted"),
    [
        # Table 1 of the paper of EfficientDet; heads of 3, 3, 3 and 4 convolutions.
        ("efficientnet_b0", "bifpn", (64, 3, 3, True)),
        ("efficientnet_b1", "bifpn", (88, 4, 3, True)),
        ("efficientnet_b2", "bifpn", (112, 5, 3, True)),
        ("efficientnet_b3", "bifpn", (160, 6, 4, True)),
        ("efficientnet_lite0", "bifpn", (64, 3, 3, True)),
        # The published FPNLite: 128 channels, 4 convolutions a head.
        ("mobilenet_v2", "fpn", (128, 5, 4, True)),
        ("mobilenet_v1", "fpn", (256, 5, 4, False)),
        # The managed service's.
        ("resnet50", "nasfpn", (256, 5, 4, False)),
        ("resnet50", "fpn", (256, 5, 4, False)),
        ("efficientnet_lite0", "nasfpn", (64, 5, 4, False)),
    ],
)
def test_published_sizes(backbone: str, fpn_type: str, wanted: tuple[object, ...]) -> None:
    assert sizes(backbone, fpn_type) == wanted


def test_reasons_say_what_has_no_effect() -> None:
    assert pyramid.repeats(ModelSpec())[1] == "without effect on fpn_type=fpn"
    assert pyramid.repeats(ModelSpec(fpn_type="nasfpn"))[1] == "published default"
