import typing
from pathlib import Path

import pytest
import torch.nn.functional as F
from torch import nn

from boxwright.models import hosted, weights
from boxwright.models.build import BACKBONES, MODELS, build_model
from boxwright.models.depthwise import SeparableConv
from boxwright.models.detector import PostProcessing
from boxwright.models.retinanet import LossSettings
from boxwright.models.ssd import MultiboxSettings
from boxwright.spec.training import Backbone, LossSpec, ModelSpec


def test_every_name_of_the_spec_has_a_constructor():
    assert set(BACKBONES) == set(typing.get_args(Backbone))
    assert set(MODELS) == set(typing.get_args(ModelSpec.model_fields["architecture"].annotation))


def test_settings_reach_the_model():
    model = ModelSpec(
        backbone="resnet18",
        fpn_min_level=4,
        fpn_max_level=6,
        fpn_channels=24,
        head_convs=2,
        anchor_size=3.0,
        bbox_aspect_ratios=(1.0, 3.0),
        num_anchor_scales=2,
        max_num_bboxes_in_prediction=7,
        nms_iou_threshold=0.4,
        nms_score_threshold=0.1,
    )
    loss = LossSpec(focal_loss_alpha=0.3, focal_loss_gamma=2.0, huber_delta=0.2, detection_loss_weight=10.0)
    detector = build_model(model, loss, 6)
    assert detector.num_classes == 6
    assert detector.class_head.predictor.weight.shape == (2 * 2 * 6, 24, 3, 3)
    assert detector.box_head.predictor.weight.shape == (2 * 2 * 4, 24, 3, 3)
    assert len(detector.class_head.tower) == 2
    assert len(detector.class_head.norms[0]) == 3
    assert detector.loss_settings == LossSettings(alpha=0.3, gamma=2.0, delta=0.2, box_weight=10.0)
    assert detector.post == PostProcessing(iou_threshold=0.4, score_threshold=0.1, limit=7)
    # First anchor of level 4 at stride 16: a square of 3 * 16 around (8, 8).
    assert detector.anchors((64, 64))[0].tolist() == [-16, -16, 32, 32]
    assert detector.anchors((64, 64)).shape == (4 * (16 + 4 + 1), 4)


def test_pyramids_and_separable_convolutions_reach_the_model():
    small = {"backbone": "efficientnet_lite0", "fpn_channels": 16, "head_convs": 1, "fpn_repeats": 2}
    searched = build_model(ModelSpec(fpn_type="nasfpn", **small), LossSpec(), 2)
    assert (len(searched.neck.cells), searched.class_head.activation) == (2, F.relu)
    assert type(searched.neck.cells[0].convs[0]) is nn.Conv2d
    both = build_model(ModelSpec(fpn_type="bifpn", separable_convs=True, **small), LossSpec(), 2)
    assert (len(both.neck.cells), both.box_head.activation) == (2, F.silu)
    lite = build_model(ModelSpec(separable_convs=True, **small), LossSpec(), 2)
    assert lite.class_head.activation is F.relu6
    for conv in (both.neck.cells[0].down[0].conv, lite.neck.post[0], lite.neck.extra[1], lite.box_head.predictor):
        assert isinstance(conv, SeparableConv)


@pytest.mark.parametrize(
    ("settings", "millions"),
    # Table 2 of the paper, for 90 classes.
    [
        ({"backbone": "efficientnet_b0", "fpn_channels": 64, "fpn_repeats": 3, "head_convs": 3}, 3.9),
        ({"backbone": "efficientnet_b1", "fpn_channels": 88, "fpn_repeats": 4, "head_convs": 3}, 6.6),
        ({"backbone": "efficientnet_b2", "fpn_channels": 112, "fpn_repeats": 5, "head_convs": 3}, 8.1),
        ({"backbone": "efficientnet_b3", "fpn_channels": 160, "fpn_repeats": 6, "head_convs": 4}, 12.0),
    ],
)
def test_efficientdet_has_the_published_size(settings, millions):
    detector = build_model(ModelSpec(fpn_type="bifpn", separable_convs=True, **settings), LossSpec(), 90)
    assert sum(value.numel() for value in detector.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


def test_level_2_is_refused():
    with pytest.raises(ValueError, match="fpn_min_level must be 3 to 5, got 2"):
        build_model(ModelSpec(fpn_min_level=2), LossSpec(), 2)


def test_the_page_of_models_names_every_backbone_and_its_weights():
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text()
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    for name, build in BACKBONES.items():
        millions = sum(value.numel() for value in build().parameters()) / 1e6
        assert f"| {millions:.1f} M |" in rows[name]
        assert weights.IMAGENET_FILES.get(name, "") in rows[name]
    assert all(f"`{name}`" in page for name in (*MODELS, *weights.DETECTOR_FILES))
    assert hosted.BASE_URL in page


def test_settings_reach_an_ssd():
    model = ModelSpec(
        architecture="ssd",
        backbone="efficientnet_lite0",
        image_size=(512, 512),
        max_num_bboxes_in_prediction=7,
        nms_iou_threshold=0.4,
        nms_score_threshold=0.1,
    )
    loss = LossSpec(hard_negative_ratio=2.0, min_hard_negatives=5, multibox_loss_weight=0.5)
    detector = build_model(model, loss, 6)
    assert detector.num_classes == 6
    assert detector.loss_settings == MultiboxSettings(negative_ratio=2.0, min_negatives=5, box_weight=0.5)
    assert detector.post == PostProcessing(iou_threshold=0.4, score_threshold=0.1, limit=7)
    assert len(detector.anchors((512, 512))) == 24564
    assert detector.class_head.predictors[1].weight.shape == (6 * 7, 112, 3, 3)
