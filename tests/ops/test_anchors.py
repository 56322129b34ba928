import pytest
import torch

from boxwright.ops import anchors as anchor_ops

DEFAULTS = {"base": 4.0, "scales": 3, "ratios": (1.0, 2.0, 0.5)}


def centres_and_sizes(anchors):
    return (anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]


def test_first_cell_of_level_3():
    anchors = anchor_ops.pyramid_anchors((640, 640), range(3, 8), **DEFAULTS)
    centres, sizes = centres_and_sizes(anchors[:9])
    torch.testing.assert_close(centres, torch.full((9, 2), 4.0))
    # 4 * 8 = 32, times 2^(1/3) and 2^(2/3): 32, 40.3175, 50.7968. Ratio 2 is 2 wide to 1 high, area unchanged.
    for index, side in enumerate((32.0, 40.3175, 50.7968)):
        square, wide, high = sizes[3 * index : 3 * index + 3].tolist()
        assert square == pytest.approx([side, side], rel=1e-5)
        assert wide == pytest.approx([side * 1.414214, side * 0.707107], rel=1e-5)
        assert high == pytest.approx([side * 0.707107, side * 1.414214], rel=1e-5)


def test_count_at_640():
    # (80^2 + 40^2 + 20^2 + 10^2 + 5^2) * 9
    assert anchor_ops.pyramid_anchors((640, 640), range(3, 8), **DEFAULTS).shape == (76_725, 4)


def test_order_is_row_by_row_then_cell_by_cell():
    cell = anchor_ops.cell_anchors([8.0], [1.0])
    assert anchor_ops.grid_anchors((2, 3), 16, cell).tolist() == [
        [4, 4, 12, 12],
        [20, 4, 28, 12],
        [36, 4, 44, 12],
        [4, 20, 12, 28],
        [20, 20, 28, 28],
        [36, 20, 44, 28],
    ]


def test_sides_that_no_stride_divides_round_up():
    # 100 x 130: 13 x 17 cells of 8, 7 x 9 cells of 16.
    anchors = anchor_ops.pyramid_anchors((100, 130), (3, 4), base=4.0, scales=1, ratios=(1.0,))
    assert len(anchors) == 13 * 17 + 7 * 9
    assert anchors.dtype == torch.float32
