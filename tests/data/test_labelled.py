import math
from typing import Any

import numpy as np
import pytest

from boxwright.data.labelled import clip_boxes, transform_boxes, transform_picture

LABELS = np.array([4])


def boxes_of(*corners: tuple[float, ...]) -> Any:
    return np.array(corners, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1, 0, 0], [0, 1, 0]], (2, 4, 6, 10)),
        ([[1, 0, -3], [0, 1, 0.5]], (-1, 4.5, 3, 10.5)),
        ([[0.5, 0, 1], [0, 2, 0]], (2, 8, 4, 20)),
        ([[-1, 0, 20], [0, 1, 0]], (14, 4, 18, 10)),
        ([[1, 0.5, 0], [0, 1, 0]], (4, 4, 11, 10)),
        ([[0, -1, 0], [1, 0, 0]], (-10, 2, -4, 6)),
    ],
    ids=["identity", "moved", "scaled", "mirrored", "sheared", "quarter turn"],
)
def test_boxes_go_around_their_transformed_corners(matrix: Any, expected: Any) -> None:
    moved = transform_boxes(boxes_of((2, 4, 6, 10)), np.array(matrix, float))
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, [expected])


def test_a_turned_square_is_root_two_wider() -> None:
    half = math.sqrt(0.5)
    moved = transform_boxes(boxes_of((-1, -1, 1, 1)), np.array([[half, -half, 0], [half, half, 0]]))
    np.testing.assert_allclose(moved, [[-math.sqrt(2), -math.sqrt(2), math.sqrt(2), math.sqrt(2)]], rtol=1e-6)


def test_no_boxes_stay_no_boxes() -> None:
    assert transform_boxes(boxes_of(), np.eye(2, 3)).shape == (0, 4)
    assert clip_boxes(boxes_of(), np.zeros(0, np.int64), (5, 5))[0].shape == (0, 4)


def test_pixels_move_by_whole_steps_exactly_and_uncovered_ones_are_filled() -> None:
    picture = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    drawn = transform_picture(picture, np.array([[1, 0, 2], [0, 1, -1.0]]), (4, 5), (7, 8, 9))
    np.testing.assert_array_equal(drawn[:3, 2:], picture[1:, :3])
    assert (drawn[3] == (7, 8, 9)).all() and (drawn[:, :2] == (7, 8, 9)).all()


def test_the_matrix_acts_on_pixel_edges_not_centres() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = 255
    drawn = transform_picture(picture, np.array([[4.0, 0, 0], [0, 4, 0]]), (8, 8), (0, 0, 0))
    # Pixel 0 covers 0..1, so its middle, and the light's, is at 0.5 * 4 = 2 on the canvas; linear falls to both sides.
    weights = drawn[:, :, 0].astype(float)
    centre = (weights.sum(0) * (np.arange(8) + 0.5)).sum() / weights.sum()
    assert centre == pytest.approx(2 + 0.25, abs=0.3)
    np.testing.assert_array_equal(weights, weights.T)
    # By hand, along x at y = centre: canvas pixel 1 reads source 0.375 - 0.5 = -0.125, pixel 4 reads 0.625.
    assert weights[1, 1] == pytest.approx(255 * 0.875**2, abs=2)
    assert weights[1, 4] == pytest.approx(255 * 0.875 * 0.375, abs=2)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((2, 2, 8, 8), (2, 2, 8, 8)),
        ((-6.9, 0, 3.1, 10), (0, 0, 3.1, 10)),
        ((-7.1, 0, 2.9, 10), None),
        ((7, 14, 17, 24), None),
        ((-5, -5, 15, 25), (0, 0, 10, 20)),
        ((3, 3, 3.9, 9), None),
        ((30, 30, 40, 40), None),
    ],
    ids=["inside", "31 % left", "29 % left", "9 % left", "all around", "thinner than a pixel", "outside"],
)
def test_boxes_are_cut_at_the_canvas_and_dropped_below_their_visible_share(box: Any, expected: Any) -> None:
    boxes, labels = clip_boxes(boxes_of(box), LABELS, (20, 10))
    np.testing.assert_allclose(boxes, boxes_of(expected) if expected else boxes_of())
    assert labels.tolist() == ([4] if expected else [])
