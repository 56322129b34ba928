import math

import pytest
import torch
from torch import Tensor

from boxwright.ops import boxes as box_ops


def boxes(*rows) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def test_area():
    assert box_ops.area(boxes([1, 2, 4, 8], [3, 3, 3, 9], [5, 5, 4, 9])).tolist() == [18, 0, 0]


def test_iou_by_hand():
    others = boxes([5, 5, 15, 15], [0, 0, 10, 5], [0, 0, 10, 10], [10, 0, 20, 10], [4, 4, 4, 4])
    # 25 / (100 + 100 - 25), 50 / 100, the box itself, touching sides, an empty box inside.
    torch.testing.assert_close(box_ops.iou(boxes([0, 0, 10, 10]), others), boxes([1 / 7, 0.5, 1, 0, 0]))


def test_iou_of_empty_boxes_is_zero_not_nan():
    assert box_ops.iou(boxes([3, 3, 3, 3]), boxes([3, 3, 3, 3])).tolist() == [[0.0]]


def test_iou_broadcasts_over_images():
    batch = torch.stack([boxes([0, 0, 4, 4]), boxes([0, 0, 4, 2])])
    assert box_ops.iou(batch, boxes([0, 0, 4, 4])[None]).tolist() == [[[1.0]], [[0.5]]]


def test_encode_by_hand():
    # Anchor: centre (5, 10), 10 x 20. Box: centre (15, 15), 20 x 10.
    deltas = box_ops.encode(boxes([5, 10, 25, 20]), boxes([0, 0, 10, 20]))
    torch.testing.assert_close(deltas, boxes([1.0, 0.25, math.log(2), math.log(0.5)]))


def test_encode_takes_a_side_below_one_pixel_as_one():
    deltas = box_ops.encode(boxes([5, 5, 5.25, 15]), boxes([0, 0, 10, 10]))
    assert deltas[0, 2].item() == pytest.approx(math.log(1 / 10))


def test_decode_inverts_encode():
    rng = torch.Generator().manual_seed(1)
    corner = torch.rand(50, 2, generator=rng) * 200
    truth = torch.cat([corner, corner + 1 + torch.rand(50, 2, generator=rng) * 100], 1)
    anchors = torch.cat([corner - 20, corner + 30], 1)
    torch.testing.assert_close(box_ops.decode(box_ops.encode(truth, anchors), anchors), truth, rtol=1e-5, atol=1e-3)


def test_decode_limits_the_size():
    # Sides grow at most 1000 / 16 = 62.5 times; centre (50, 50), anchor 100 x 100.
    decoded = box_ops.decode(boxes([0, 0, 90.0, 90.0]), boxes([0, 0, 100, 100]))
    torch.testing.assert_close(decoded, boxes([50 - 3125.0, 50 - 3125.0, 50 + 3125.0, 50 + 3125.0]))


def test_clip_takes_height_then_width():
    assert box_ops.clip(boxes([-5, -5, 300, 300]), (100, 200)).tolist() == [[0, 0, 200, 100]]
