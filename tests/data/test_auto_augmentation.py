"""Constants are compared with the published policy, colours with hand calculation, boxes with drawn pixels."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.data.auto_augmentation import (
    POLICY_V0,
    auto_augment,
    colour,
    cutout,
    equalize,
    rotate,
    rotation,
    sharpness,
    shear_x,
    shear_y,
    translate_x,
    translate_y_in_boxes,
)
from boxwright.data.labelled import Labelled, transform_boxes, transform_picture

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)


class Chosen:
    """A generator whose draws are written down."""

    def __init__(self, *, positive: bool = True, numbers: tuple[int, ...] = (), chance: float = 0.0) -> None:
        self.positive, self.numbers, self.chance, self.asked = positive, list(numbers), chance, 0

    def random(self) -> float:
        self.asked += 1
        return (0.0 if self.positive else 0.9) if self.asked == 1 else self.chance

    def integers(self, below: int) -> int:
        number = self.numbers.pop(0)
        assert number < below
        return number

    def permutation(self, count: int) -> Any:
        return np.arange(count)


def chosen(**draws: Any) -> Any:
    return Chosen(**draws)


def test_the_policy_is_the_published_one() -> None:
    names = {
        translate_x: "TranslateX_BBox",
        equalize: "Equalize",
        cutout: "Cutout",
        sharpness: "Sharpness",
        shear_x: "ShearX_BBox",
        shear_y: "ShearY_BBox",
        rotate: "Rotate_BBox",
        colour: "Color",
    }

    def written(step: Any) -> tuple[str, float, float]:
        if isinstance(step.operation, partial):
            assert step.operation.func is translate_y_in_boxes and step.probability == 1
            return "TranslateY_Only_BBoxes", step.operation.keywords["probability"], step.level
        return names[step.operation], step.probability, step.level

    assert [[written(step) for step in steps] for steps in POLICY_V0] == [
        [("TranslateX_BBox", 0.6, 4), ("Equalize", 0.8, 10)],
        [("TranslateY_Only_BBoxes", 0.2, 2), ("Cutout", 0.8, 8)],
        [("Sharpness", 0.0, 8), ("ShearX_BBox", 0.4, 0)],
        [("ShearY_BBox", 1.0, 2), ("TranslateY_Only_BBoxes", 0.6, 6)],
        [("Rotate_BBox", 0.6, 10), ("Color", 1.0, 6)],
    ]


@pytest.mark.parametrize(("positive", "left", "right"), [(True, 150, 180), (False, 0, 0)])
def test_level_4_moves_the_picture_by_100_pixels(drawing: Any, positive: bool, left: int, right: int) -> None:
    sample = drawing.draw([(50, 20, 80, 60)], (100, 300))
    moved = translate_x(sample, 4, chosen(positive=positive))
    if positive:
        np.testing.assert_array_equal(moved.boxes, [(left, 20, right, 60)])
        np.testing.assert_array_equal(drawing.extent(moved.picture, 0), moved.boxes[0])
        assert (moved.picture[:, :100] == 128).all()
    else:
        assert moved.boxes.shape == (0, 4) and moved.labels.shape == (0,)
        assert drawing.extent(moved.picture, 0) is None


def test_level_2_shears_by_six_hundredths(drawing: Any) -> None:
    sample = drawing.draw([(50, 100, 150, 200)], (300, 300))
    along = shear_x(sample, 2, chosen())
    np.testing.assert_allclose(along.boxes, [(50 + 6, 100, 150 + 12, 200)], atol=1e-4)
    down = shear_y(sample, 2, chosen(positive=False))
    np.testing.assert_allclose(down.boxes, [(50, 100 - 9, 150, 200 - 3)], atol=1e-4)
    for moved in (along, down):
        np.testing.assert_allclose(drawing.extent(moved.picture, 0), moved.boxes[0], atol=1)


def test_level_0_shears_nothing(drawing: Any) -> None:
    sample = drawing.draw([(50, 100, 150, 200)], (300, 300))
    np.testing.assert_array_equal(shear_x(sample, 0, chosen()).picture, sample.picture)


def test_level_10_turns_by_30_degrees_about_the_centre(drawing: Any) -> None:
    sample = drawing.draw([(130, 90, 170, 110)], (200, 300))
    turned = rotate(sample, 10, chosen())
    # A box of 40 x 20 in the middle, turned by 30 degrees, is 40 cos + 20 sin wide and 40 sin + 20 cos high.
    cosine, sine = math.sqrt(3) / 2, 0.5
    half = np.array([40 * cosine + 20 * sine, 40 * sine + 20 * cosine]) / 2
    np.testing.assert_allclose(turned.boxes, [[*(150, 100) - half, *(150, 100) + half]], rtol=1e-5)
    np.testing.assert_allclose(drawing.extent(turned.picture, 0), turned.boxes[0], atol=1.5)


def test_positive_angles_turn_clockwise() -> None:
    right, below = np.array([190.0, 100, 1]), np.array([100, 190.0, 1])
    np.testing.assert_allclose(rotation(90, (200, 200)) @ right, below[:2], atol=1e-9)


@quick
@given(st.floats(-180, 180), st.tuples(st.integers(0, 60), st.integers(0, 60)), st.integers(8, 60), st.integers(8, 60))
def test_a_turned_box_holds_all_its_pixels_and_none_to_spare(
    drawing: Any, degrees: float, corner: Any, width: int, height: int
) -> None:
    x, y = corner[0] + 60, corner[1] + 60
    sample = drawing.draw([(x, y, x + width, y + height)], (240, 240))
    size = (400, 400)
    matrix = rotation(degrees, (240, 240)) + [[0, 0, 80], [0, 0, 80]]
    drawn = transform_picture(sample.picture, matrix, size, (255, 255, 255))
    left, top, right, bottom = transform_boxes(sample.boxes, matrix)[0]
    share = drawing.share(drawn, 0)
    rows, columns = np.nonzero(share > 0.02)
    # Interpolation spreads a pixel's colour by at most one more pixel.
    assert left - 1.5 <= columns.min() and columns.max() + 1 <= right + 1.5
    assert top - 1.5 <= rows.min() and rows.max() + 1 <= bottom + 1.5
    assert columns.min() <= left + 1.5 and right - 1.5 <= columns.max() + 1
    assert rows.min() <= top + 1.5 and bottom - 1.5 <= rows.max() + 1


def test_level_8_cuts_out_160_pixels_around_the_drawn_centre(drawing: Any) -> None:
    sample = drawing.draw([(0, 0, 400, 300)], (300, 400))
    cut = cutout(sample, 8, chosen(numbers=(100, 350)))
    grey = (cut.picture == 128).all(2)
    assert grey[20:180, 270:400].all() and grey.sum() == 160 * 130
    np.testing.assert_array_equal(cut.boxes, sample.boxes)
    assert (sample.picture != 128).any(2).all()


def test_cutout_at_the_corner_is_cropped(drawing: Any) -> None:
    cut = cutout(drawing.draw([], (300, 400)), 8, chosen(numbers=(0, 0)))
    assert (cut.picture == 128).all(2).sum() == 80 * 80


def test_equalize_by_hand() -> None:
    # 1,024 pixels with the values 10 and 20, and 2,048 with 30: a step is 2,048 // 255 = 8, and a value becomes
    # (number of pixels below it + 4) // 8, at most 255.
    row = np.repeat(np.array([10, 20, 30, 30], np.uint8), 1024)
    picture = np.repeat(row.reshape(64, 64)[:, :, None], 3, 2)
    changed = equalize(Labelled(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), 10, chosen())
    assert changed.picture[::16, 0, 0].tolist() == [0, 128, 255, 255]


def test_equalize_leaves_a_plain_channel() -> None:
    plain = np.full((4, 4, 3), 77, np.uint8)
    changed = equalize(Labelled(plain, np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), 10, chosen())
    np.testing.assert_array_equal(changed.picture, plain)


@pytest.mark.parametrize(
    ("level", "expected"),
    # The grey of (100, 60, 20) is 0.299 * 100 + 0.587 * 60 + 0.114 * 20 = 67.4; the factor 0.1 + 0.18 * level.
    [(0, (70, 66, 62)), (5, (100, 60, 20)), (6, (106, 59, 12)), (10, (130, 54, 0))],
)
def test_colour_by_hand(level: float, expected: tuple[int, ...]) -> None:
    picture = np.full((2, 2, 3), (100, 60, 20), np.uint8)
    changed = colour(Labelled(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), level, chosen())
    np.testing.assert_allclose(changed.picture[0, 0], expected, atol=1)


def test_sharpness_by_hand() -> None:
    picture = np.zeros((5, 5, 3), np.uint8)
    picture[2, 2] = 130
    sample = Labelled(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    # The smooth picture has 5 / 13 of 130 at the point and 1 / 13 beside it; the factor at 0 is 0.1, at 10 it is 1.9.
    smooth, sharp = sharpness(sample, 0, chosen()).picture, sharpness(sample, 10, chosen()).picture
    assert smooth[2, 2, 0] == pytest.approx(50 + 0.1 * 80, abs=1)
    assert smooth[1, 1, 0] == pytest.approx(0.9 * 10, abs=1)
    assert sharp[2, 2, 0] == pytest.approx(50 + 1.9 * 80, abs=1)
    assert sharp[1, 1, 0] == 0


def test_content_moves_within_its_box_and_the_box_stays(drawing: Any) -> None:
    sample = drawing.draw([(10, 10, 40, 60), (50, 10, 80, 60)], (100, 100))
    moved = translate_y_in_boxes(sample, 2, chosen(chance=0.3))
    np.testing.assert_array_equal(moved.boxes, sample.boxes)
    for label, left in enumerate((10, 50)):
        # Level 2 is 24 pixels.
        assert drawing.extent(moved.picture, label).tolist() == [left, 34, left + 30, 60]
        assert (moved.picture[10:34, left : left + 30] == 128).all()
    outside = np.ones((100, 100), bool)
    outside[10:60, 10:40] = outside[10:60, 50:80] = False
    np.testing.assert_array_equal(moved.picture[outside], sample.picture[outside])
    assert (sample.picture != 128).any(2).all()


def test_each_box_is_chosen_with_a_third_of_the_probability(drawing: Any) -> None:
    sample = drawing.draw([(10, 10, 40, 60)], (100, 100))
    rng = np.random.default_rng(0)
    operation = POLICY_V0[3][1].operation
    changed = [(operation(sample, 6, rng).picture != sample.picture).any() for _ in range(600)]
    assert 0.16 < np.mean(changed) < 0.24  # 0.6 / 3


def test_a_shift_of_more_than_the_box_leaves_it_empty(drawing: Any) -> None:
    moved = translate_y_in_boxes(drawing.draw([(10, 10, 40, 60)], (100, 100)), 6, chosen(positive=False))
    assert (moved.picture[10:60, 10:40] == 128).all()


@quick
@given(st.integers(0, 2**32), st.booleans())
def test_any_draw_gives_a_valid_picture_of_the_same_size(drawing: Any, seed: int, empty: bool) -> None:
    boxes = [] if empty else [(0, 0, 25, 30), (60, 40, 119, 90)]
    sample = drawing.draw(boxes, (90, 120))
    seen = auto_augment(sample, np.random.default_rng(seed))
    assert seen.picture.shape == (90, 120, 3) and seen.picture.dtype == np.uint8
    assert seen.boxes.dtype == np.float32 and len(seen.boxes) == len(seen.labels) <= len(boxes)
    assert (seen.boxes >= 0).all() and (seen.boxes <= [120, 90, 120, 90]).all()
    assert (seen.boxes[:, 2:] - seen.boxes[:, :2] >= 1).all()


def test_sub_policies_are_drawn_evenly(drawing: Any) -> None:
    sample = drawing.draw([(30, 30, 70, 70)], (100, 100))
    rng = np.random.default_rng(0)
    turned = sum(bool((auto_augment(sample, rng).boxes[:, 1] % 1 > 0).any()) for _ in range(400))
    # A corner that is not whole comes of a shear (always, 1 in 5) or of a turn (0.6, 1 in 5).
    assert 0.25 < turned / 400 < 0.39
