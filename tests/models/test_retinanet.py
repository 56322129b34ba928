import math

import pytest
import torch

from boxwright.models.build import build_model
from boxwright.models.detector import HeadOutputs, Targets
from boxwright.spec.training import LossSpec, ModelSpec

SIZE = (64, 64)


@pytest.fixture(scope="module")
def detector():
    model = ModelSpec(
        backbone="resnet18",
        fpn_max_level=5,
        fpn_channels=16,
        head_convs=1,
        num_anchor_scales=1,
        bbox_aspect_ratios=(1,),
    )
    return build_model(model, LossSpec(focal_loss_gamma=2.0), 2).eval()


def test_loss_by_hand(detector):
    # Anchors are squares of 32 (level 3), 64 and 128 around cell centres: 64 + 16 + 4 of them.
    anchors = detector.anchors(SIZE)
    assert len(anchors) == 84
    # The box is 2 pixels right of an anchor of level 3, (20, 20) being its cell's centre: IoU 30 * 32 / 1088 = 0.88.
    # Its neighbours, 8 pixels away, overlap it by 26 / 38 = 0.68 right, 22 / 42 = 0.52 left, and up and down by
    # 30 * 24 / 1328 = 0.54; those across a corner by 26 * 24 / 1424 = 0.44 or less. So five anchors are positive.
    targets = Targets(torch.tensor([[[6.0, 4.0, 38.0, 36.0]]]), torch.tensor([[1]]))
    outputs = HeadOutputs(torch.zeros(1, 84, 2), torch.zeros(1, 84, 4))
    losses = detector.loss(outputs, targets, SIZE)
    focal = 0.25 * math.log(2)  # (1 - p)^2 * -log p at p = 0.5
    # Class 1 of five anchors weighs alpha; the 84 * 2 - 5 other entries weigh 1 - alpha.
    assert losses["class_loss"].item() == pytest.approx(focal * (5 * 0.25 + 163 * 0.75) / 6, rel=1e-5)

    def huber(error):
        return 0.5 * error**2 if abs(error) <= 0.1 else 0.1 * (abs(error) - 0.05)

    # dx of the five: 2, -6, 10, 2, 2 pixels of 32; dy: 0, 0, 0, 8, -8 pixels of 32; sizes agree.
    dx = [huber(pixels / 32) for pixels in (2, -6, 10, 2, 2)]
    dy = [huber(pixels / 32) for pixels in (8, -8)]
    assert losses["box_loss"].item() == pytest.approx((sum(dx) + sum(dy)) / (4 * 6), rel=1e-5)
    total = losses["class_loss"].item() + 50 * losses["box_loss"].item()
    assert losses["loss"].item() == pytest.approx(total, rel=1e-5)


def test_images_are_scaled_by_the_backbones_statistics(detector):
    seen = []
    handle = detector.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        detector(torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1).expand(1, 3, 64, 64) + 57.375)
    handle.remove()
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx([57.375 / 58.395, 57.375 / 57.12, 1.0], rel=1e-5)


def test_an_untrained_head_gives_every_class_the_prior(detector):
    with torch.no_grad():
        outputs = detector(torch.full((1, 3, *SIZE), 128.0))
    assert outputs.class_logits.sigmoid().sub(0.01).abs().max() < 1e-3
    assert outputs.class_logits.shape == (1, 84, 2)


def test_anchors_are_made_once_a_size(detector):
    assert detector.anchors(SIZE) is detector.anchors(SIZE)
    assert len(detector.anchors((64, 96))) == 84 * 3 // 2
