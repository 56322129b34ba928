import math

import pytest

from boxwright.ops.default_boxes import cell_sides, map_boxes


def test_sides_of_a_cell_by_hand():
    sides = cell_sides(0.2, 0.8, (4.0,))
    assert sides[0] == (0.2, 0.2)
    assert sides[1] == pytest.approx((0.4, 0.4))
    assert sides[2:] == [pytest.approx((0.4, 0.1)), pytest.approx((0.1, 0.4))]


def test_boxes_of_a_map_by_hand():
    # An image of 40 x 90 has the area of a square of 60.
    boxes = map_boxes((1, 2), (20.0, 30.0), [(0.5, 0.25), (2.0, 1.0)], (40, 90))
    assert boxes.tolist() == [
        [15 - 15, 10 - 7.5, 15 + 15, 10 + 7.5],
        [15 - 45, 10 - 20, 15 + 45, 10 + 20],  # 120 x 60 is cut to 90 x 40
        [45 - 15, 10 - 7.5, 45 + 15, 10 + 7.5],
        [45 - 45, 10 - 20, 45 + 45, 10 + 20],
    ]
    assert math.sqrt(40 * 90) == 60
