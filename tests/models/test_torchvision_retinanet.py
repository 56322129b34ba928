import numpy as np
import pytest
import torch

from boxwright.models.detector import HeadOutputs
from boxwright.models.torchvision_retinanet import (
    TorchvisionAnchors,
    retinanet_resnet50_fpn,
    retinanet_resnet50_fpn_v2,
)
from boxwright.models.weight_names import from_torchvision_retinanet

CONSTRUCTORS = {
    "retinanet_resnet50_fpn": retinanet_resnet50_fpn,
    "retinanet_resnet50_fpn_v2": retinanet_resnet50_fpn_v2,
}


def pixels(normalised, detector):
    return normalised * detector.std + detector.mean


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_equals_torchvision(name, parity, stand_ins, reference_input):
    detector = CONSTRUCTORS[name](3).eval()  # torchvision counts 4, with the background
    weights = from_torchvision_retinanet(stand_ins(parity.shapes[name]))
    missing = detector.load_state_dict(weights, strict=True)
    assert missing.missing_keys == missing.unexpected_keys == []
    with torch.no_grad():
        outputs = detector(pixels(reference_input(128, 160), detector))
    assert_close(outputs.class_logits, parity.outputs[f"{name}/cls_logits"][..., 1:])
    assert_close(outputs.box_deltas, parity.outputs[f"{name}/bbox_regression"])


def assert_close(actual, expected):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual.numpy() / scale, expected / scale, rtol=0, atol=1e-4)


def test_anchors_of_a_cell_by_hand():
    # torchvision: sizes 32, 40, 50 (fractions cut), height / width 0.5, 1, 2 outermost, corners rounded:
    # ratio 0.5: width 32 * sqrt(2) = 45.25, height 22.63 -> +-22.63, +-11.31 -> 23, 11.
    anchors = TorchvisionAnchors().generate((64, 64))
    assert anchors[:9].tolist() == [
        [-23, -11, 23, 11],
        [-28, -14, 28, 14],
        [-35, -18, 35, 18],
        [-16, -16, 16, 16],
        [-20, -20, 20, 20],
        [-25, -25, 25, 25],
        [-11, -23, 11, 23],
        [-14, -28, 14, 28],
        [-18, -35, 18, 35],
    ]
    assert anchors[9].tolist() == [-23 + 8, -11, 23 + 8, 11]  # next cell to the right
    assert anchors[9 * 8].tolist() == [-23, -11 + 8, 23, 11 + 8]  # next row


def test_anchor_strides_divide_the_image_not_the_level():
    # 160 pixels wide: level 7 has 2 columns (20, 10, 5, 3, 2), so its columns are 160 // 2 = 80 apart, not 128.
    anchors = TorchvisionAnchors().generate((128, 160))
    assert len(anchors) == 9 * (16 * 20 + 8 * 10 + 4 * 5 + 2 * 3 + 1 * 2)
    centres = (anchors[-18:, :2] + anchors[-18:, 2:]) / 2
    assert centres[:9].tolist() == [[0, 0]] * 9
    assert centres[9:].tolist() == [[80, 0]] * 9
    level6 = anchors[-18 - 54 : -18]
    assert ((level6[9, :2] + level6[9, 2:]) / 2).tolist() == [160 // 3, 0]


def test_decode_uses_these_anchors():
    detector = retinanet_resnet50_fpn(2)
    anchors = detector.anchors((64, 64))
    logits = torch.full((1, len(anchors), 2), -10.0)
    chosen = 9 * (8 * 4 + 4) + 3  # level 3, cell (4, 4), the square of 32
    logits[0, chosen, 1] = 4.0
    detections = detector.decode(HeadOutputs(logits, torch.zeros(1, len(anchors), 4)), (64, 64))
    assert detections.boxes[0, 0].tolist() == [16, 16, 48, 48]
    assert detections.labels[0, 0] == 1
    assert detections.scores.shape == (1, 300)


def test_norm_eps_reaches_the_backbone():
    detector = retinanet_resnet50_fpn(2, norm_eps=0.0)
    assert {module.eps for module in detector.modules() if isinstance(module, torch.nn.BatchNorm2d)} == {0.0}
