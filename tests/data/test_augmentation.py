"""Boxes are compared with what is found in the pixels: each box is drawn in a colour of its own."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from boxwright import imaging
from boxwright.data.augmentation import View, augment, draw_view, random_colour, random_view
from boxwright.data.labelled import VISIBLE_SHARE, Labelled
from boxwright.spec.training import AugmentationSpec

PLAIN = AugmentationSpec(aug_rand_hflip=False)
quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)

sides = st.integers(30, 260)
sizes = st.tuples(sides, sides)
seeds = st.integers(0, 2**32)


@st.composite
def apart(draw: st.DrawFn) -> tuple[tuple[int, int], list[tuple[int, int, int, int]]]:
    """A picture size and up to four boxes, one in each quarter, so that none hides another."""
    height, width = draw(st.integers(40, 260)), draw(st.integers(40, 260))
    boxes = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        left, right = sorted(draw(st.lists(st.integers(0, width // 2), min_size=2, max_size=2, unique=True)))
        top, bottom = sorted(draw(st.lists(st.integers(0, height // 2), min_size=2, max_size=2, unique=True)))
        x, y = column * (width // 2), row * (height // 2)
        boxes.append((left + x, top + y, right + x, bottom + y))
    return (height, width), boxes[: draw(st.integers(0, 4))]


specs = st.builds(
    AugmentationSpec,
    aug_rand_hflip=st.booleans(),
    aug_rand_vflip=st.booleans(),
    aug_scale_min=st.floats(0.3, 1.0),
    aug_scale_max=st.floats(1.0, 2.0),
)


@quick
@given(scene=apart(), size=sizes, spec=specs, seed=seeds)
def test_boxes_move_exactly_with_their_pixels(drawing: Any, scene: Any, size: Any, spec: Any, seed: int) -> None:
    sample = drawing.draw(scene[1], scene[0])
    seen = augment(sample, size, spec, np.random.default_rng(seed))
    assert seen.picture.shape == (*size, 3) and seen.picture.dtype == np.uint8
    for box, label in zip(seen.boxes, seen.labels.tolist(), strict=True):
        if (box[2:] - box[:2]).min() >= 3:
            found = drawing.extent(seen.picture, label)
            assert found is not None
            np.testing.assert_allclose(found, box, atol=1.0)


@quick
@given(scene=apart(), size=sizes, spec=specs, seed=seeds)
def test_what_is_left_out_is_mostly_outside_or_thin(drawing: Any, scene: Any, size: Any, spec: Any, seed: int) -> None:
    sample = drawing.draw(scene[1], scene[0])
    view = random_view(scene[0], size, spec, np.random.default_rng(seed))
    seen = augment(sample, size, spec, np.random.default_rng(seed))
    stretch = view.width / scene[0][1], view.height / scene[0][0]
    for label, (left, top, right, bottom) in enumerate(scene[1]):
        whole = np.array([right - left, bottom - top]) * stretch
        assume(whole.min() > 5)
        found = drawing.extent(seen.picture, label)
        visible = (found[2:] - found[:2]) if found is not None else np.zeros(2)
        share, slack = visible.prod() / whole.prod(), (2 / whole).sum()
        if label in seen.labels:
            assert share >= VISIBLE_SHARE - slack
        else:
            assert share <= VISIBLE_SHARE + slack or visible.min() <= 2


@quick
@given(shape=sizes, size=sizes, seed=seeds)
def test_without_augmentation_training_sees_what_evaluation_sees(shape: Any, size: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (*shape, 3), np.uint8)
    corner = rng.uniform(0, 0.5, (5, 2)) * shape[::-1]
    boxes = np.concatenate([corner, corner + rng.uniform(0.2, 0.5, (5, 2)) * shape[::-1]], 1).astype(np.float32)
    seen = augment(Labelled(picture, boxes, np.arange(5)), size, PLAIN, rng)
    canvas, placement = imaging.letterbox(picture, size)
    np.testing.assert_array_equal(seen.picture, canvas)
    inside = placement.to_canvas(boxes).clip(0, [size[1], size[0]] * 2)
    wide = (inside[:, 2:] - inside[:, :2]).min(1) >= 1
    np.testing.assert_allclose(seen.boxes, inside[wide], atol=1e-4)
    np.testing.assert_array_equal(seen.labels, np.flatnonzero(wide))


def test_a_picture_of_the_canvas_size_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    boxes = np.array([[0, 0, 60, 40], [3.25, 4.5, 20, 30.75]], np.float32)
    seen = augment(Labelled(picture, boxes, np.array([1, 0])), (40, 60), PLAIN, np.random.default_rng(0))
    np.testing.assert_array_equal(seen.picture, picture)
    np.testing.assert_array_equal(seen.boxes, boxes)
    assert seen.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("mirrored", "inverted", "expected"),
    [(True, False, (30, 2, 35, 12)), (False, True, (5, 28, 10, 38)), (True, True, (30, 28, 35, 38))],
)
def test_flips_by_hand(drawing: Any, mirrored: bool, inverted: bool, expected: Any) -> None:
    sample = drawing.draw([(5, 2, 10, 12)], (40, 40))
    seen = draw_view(sample, View(1.0, 40, 40, mirrored=mirrored, inverted=inverted), (40, 40))
    np.testing.assert_array_equal(seen.boxes, [expected])
    np.testing.assert_array_equal(drawing.extent(seen.picture, 0), expected)
    assert seen.picture[~np.isclose(drawing.share(seen.picture, 0), 1)].min() == 255


def test_half_size_pads_a_small_canvas_by_hand(drawing: Any) -> None:
    sample = drawing.draw([(4, 8, 12, 20)], (40, 20))
    seen = draw_view(sample, View(0.5, 10, 20, left=3, top=-2), (18, 15))
    np.testing.assert_array_equal(seen.boxes, [(5, 2, 9, 8)])
    np.testing.assert_array_equal(drawing.extent(seen.picture, 0), (5, 2, 9, 8))
    assert (seen.picture[:, :3] == imaging.PAD_COLOUR).all() and (seen.picture[:, 13:] == imaging.PAD_COLOUR).all()
    assert not (seen.picture[:, 3:13] == imaging.PAD_COLOUR).all(2).any()


def test_scales_stay_in_their_range_and_places_cover_all_that_is_possible() -> None:
    rng = np.random.default_rng(0)
    spec = AugmentationSpec(aug_scale_min=0.5, aug_scale_max=1.5)
    views = [random_view((100, 200), (100, 100), spec, rng) for _ in range(500)]
    widths = [view.width for view in views]
    assert 50 <= min(widths) < 55 and 145 < max(widths) <= 150
    assert all(view.height == pytest.approx(view.width / 2, abs=1) for view in views)
    for view in views:
        low, high = sorted((0, 100 - view.width))
        assert low <= view.left <= high
        assert 0 <= view.top <= 100 - view.height
    assert 0.4 < np.mean([view.mirrored for view in views]) < 0.6
    assert not any(view.inverted for view in views)
    cropped = [(view.left, 100 - view.width) for view in views if view.width > 140]
    assert min(left / room for left, room in cropped) < 0.2 and max(left / room for left, room in cropped) > 0.8


def test_colours_change_by_brightness_contrast_and_saturation() -> None:
    class Fixed:
        def __init__(self, *factors: float) -> None:
            self.factors = factors

        def uniform(self, low: float, high: float, count: int) -> Any:
            assert (low, high, count) == (0.5, 1.5, 3)
            return np.array(self.factors)

    pixel = np.array([[[100, 60, 20]]], np.uint8)

    def changed(*factors: float) -> list[int]:
        rng: Any = Fixed(*factors)
        return random_colour(pixel, 0.5, rng)[0, 0].tolist()

    assert changed(1, 1, 1) == [100, 60, 20]
    assert changed(1.5, 1, 1) == [150, 90, 30]
    assert changed(1, 0.5, 1) == [114, 94, 74]  # half way to 128
    # Brightness 0.299 * 100 + 0.587 * 60 + 0.114 * 20 = 67.4; half way to it.
    assert changed(1, 1, 0.5) == [84, 64, 44]
    assert changed(1.5, 0.5, 1) == [171, 141, 111]


def test_colours_leave_boxes_and_happen_only_when_asked_for(drawing: Any) -> None:
    sample = drawing.draw([(5, 2, 10, 12)], (40, 40))
    strong = augment(sample, (40, 40), PLAIN.model_copy(update={"aug_color": 0.5}), np.random.default_rng(1))
    plain = augment(sample, (40, 40), PLAIN, np.random.default_rng(1))
    np.testing.assert_array_equal(strong.boxes, plain.boxes)
    assert (strong.picture != plain.picture).any()


def test_the_same_generator_state_gives_the_same_view(drawing: Any) -> None:
    sample = drawing.draw([(5, 2, 30, 32), (40, 40, 60, 60)], (80, 80))
    spec = AugmentationSpec(aug_scale_min=0.5, aug_scale_max=1.5, aug_color=0.4, auto_augmentation=True)
    first, again, other = (augment(sample, (64, 64), spec, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.picture != other.picture).any()
