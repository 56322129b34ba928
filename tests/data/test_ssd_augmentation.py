"""SSD's augmentation: numbers by hand, and boxes against what is found in the pixels."""

from typing import Any

import numpy as np
import pytest

from boxwright.data.augmentation import augment
from boxwright.data.labelled import Labelled
from boxwright.data.ssd_augmentation import (
    MOST_RATIO,
    OVERLAPS,
    Part,
    cut_out,
    cut_picture,
    distort_colours,
    expanded,
    inside,
    whole,
)
from boxwright.imaging import PAD_COLOUR
from boxwright.spec.training import AugmentationSpec

EXPAND = AugmentationSpec(aug_rand_hflip=False, aug_expand_max=4.0)
ALL = AugmentationSpec(
    aug_rand_hflip=True, aug_rand_vflip=True, aug_expand_max=4.0, aug_iou_crop=True, aug_photometric=False
)
BOXES = [(20, 10, 60, 50), (100, 20, 140, 70), (30, 80, 70, 110), (90, 75, 150, 115)]


class Scripted:
    """Gives the written numbers in turn, each checked to lie where it is asked for."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)

    def uniform(self, low: Any, high: Any, count: int | None = None) -> Any:
        value = self.values.pop(0)
        assert np.all(low <= value) and np.all(value <= high)
        return np.full(count or np.shape(low), value)[()]

    def integers(self, count: int) -> int:
        value = int(self.values.pop(0))
        assert 0 <= value < count
        return value


def changed(pixel: tuple[int, int, int], *values: float) -> list[int]:
    rng: Any = Scripted(*values)
    after = distort_colours(np.array([[pixel]], np.uint8), rng)
    assert rng.values == []
    return after[0, 0].tolist()


def test_brightness_and_contrast_by_hand() -> None:
    assert changed((100, 60, 20), 0.9, 0.9, 0.9, 0.9, 0.9) == [100, 60, 20]  # nothing is drawn
    assert changed((100, 60, 20), 0.1, -25, 0.9, 0.9, 0.9, 0.9) == [75, 35, 0]
    assert changed((100, 60, 200), 0.9, 0.1, 1.5, 0.9, 0.9, 0.1) == [150, 90, 255]
    # (100 + 10) * 0.5, whether contrast comes first or last.
    assert changed((100, 60, 20), 0.1, 10, 0.1, 0.5, 0.9, 0.9, 0.9) == [55, 35, 15]
    assert changed((100, 60, 20), 0.1, 10, 0.1, 0.5, 0.9, 0.9, 0.1) == [55, 35, 15]


def test_saturation_and_hue_by_hand() -> None:
    # Value 200 and saturation 1/2: half of that leaves 200 - 200 / 4 = 150 as the smallest.
    grey_red = changed((200, 100, 100), 0.9, 0.9, 0.1, 0.5, 0.9, 0.9)
    assert grey_red == pytest.approx([200, 150, 150], abs=2)
    # Red turned by 18 degrees towards yellow: green rises to 18 / 60 of red.  Hue has steps of 2 degrees.
    turned = changed((200, 0, 0), 0.9, 0.9, 0.9, 0.1, 18.0, 0.9)
    assert turned == pytest.approx([200, 60, 0], abs=3)
    back = changed((200, 0, 0), 0.9, 0.9, 0.9, 0.1, -18.0, 0.9)
    assert back == pytest.approx([200, 0, 60], abs=3)


def test_larger_canvas_by_hand() -> None:
    part = Part(0, 0, 100, 80)
    rng: Any = Scripted(0.4, 2.5, 30.0, 100.5)
    # 250 x 200, the picture 30 from its left and 100 from its top.
    assert expanded(part, 4.0, rng) == Part(-30, -100, 220, 100)
    assert expanded(part, 4.0, Scripted(0.6)) is part  # type: ignore[arg-type]  # stands for a generator


def test_part_that_is_cut_out_by_hand() -> None:
    boxes = np.array([[10, 10, 50, 50]], np.float32)
    part = Part(0, 0, 100, 100)
    # IoU above 0.1; side 0.5, ratio root of 1, at share 0.2 of the room of 51: from 10 to 60. IoU 1600 / 2500.
    rng: Any = Scripted(OVERLAPS.index(0.1), 0.5, 1.0, 0.2, 0.2)
    assert cut_out(part, boxes, rng) == Part(10, 10, 60, 60)
    rng = Scripted(OVERLAPS.index(0.7), 0.5, 1.0, 0.2, 0.2)
    assert cut_out(part, boxes, rng) is part  # 0.64 is too little, at every attempt
    # The wide shape: ratio 2, so 70 wide and 35 high.
    rng = Scripted(OVERLAPS.index(0.0), 0.5, 2.0, 0.0, 0.0)
    assert cut_out(part, boxes, rng) == Part(0, 0, 70, 35)
    assert cut_out(part, boxes, Scripted(0)) is part  # type: ignore[arg-type]  # stands for a generator
    assert cut_out(part, boxes[:0], Scripted(3)) is part  # type: ignore[arg-type]  # stands for a generator


def test_only_boxes_with_their_centre_in_the_part_are_kept_and_cut() -> None:
    picture = np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3).astype(np.uint8)
    boxes = np.array([[0, 0, 30, 20], [10, 5, 36, 30], [40, 30, 60, 40]], np.float32)
    # Centres (15, 10), (23, 17.5) and (50, 35).
    seen, part = cut_picture(Labelled(picture, boxes, np.array([4, 5, 6])), Part(20, -10, 50, 25))
    np.testing.assert_array_equal(seen.picture, picture[0:25, 20:50])
    np.testing.assert_array_equal(seen.boxes, [[0, 5, 16, 25]])
    assert seen.labels.tolist() == [5]
    assert part == Part(0, -10, 30, 25)
    assert inside(np.array([[20, -10, 50, 25]]), boxes).tolist() == [[False, True, False]]


@pytest.mark.parametrize("seed", range(60))
def test_boxes_move_exactly_with_their_pixels(drawing: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = augment(drawing.draw(BOXES, (120, 160)), (200, 180), ALL, rng)
    assert seen.picture.shape == (200, 180, 3)
    assert len(seen.labels) >= 1
    for box, label in zip(seen.boxes, seen.labels.tolist(), strict=True):
        if (box[2:] - box[:2]).min() >= 4:
            found = drawing.extent(seen.picture, label)
            assert found is not None
            np.testing.assert_allclose(found, box, atol=1.0)


def test_what_is_around_the_picture_is_padding(drawing: Any) -> None:
    sample = drawing.draw([(10, 10, 30, 30)], (40, 40))
    seen = [augment(sample, (80, 80), EXPAND, np.random.default_rng(seed)) for seed in range(40)]
    sides = np.array([(one.boxes[0, 2:] - one.boxes[0, :2]).max() for one in seen])
    assert (np.isclose(sides, 40)).mean() == pytest.approx(0.5, abs=0.15)  # the others are on a larger canvas
    assert sides.min() < 15
    smallest = seen[int(sides.argmin())]
    assert (smallest.picture == PAD_COLOUR).all(2).mean() > 0.8


def test_parts_keep_their_limits() -> None:
    rng = np.random.default_rng(0)
    boxes = np.array([[20, 20, 60, 60], [110, 40, 140, 100]], np.float32)
    outer = Part(-30, -10, 200, 150)
    parts = [cut_out(outer, boxes, rng) for _ in range(300)]
    smaller = [part for part in parts if part != outer]
    assert 60 < len(smaller) < 200
    for part in smaller:
        assert part.left >= -30 and part.top >= -10 and part.right <= 200 and part.bottom <= 150
        height, width = part.shape[0] / 160, part.shape[1] / 230
        assert 1 / MOST_RATIO - 0.05 <= width / height <= MOST_RATIO + 0.1
        assert 0.07 < width * height <= 1
        assert inside(np.array([part]), boxes).any()


def test_without_boxes_and_without_changes() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    empty = Labelled(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    assert whole(empty) == Part(0, 0, 60, 40)
    assert cut_picture(empty, whole(empty))[0] is empty
    only_crop = AugmentationSpec(aug_rand_hflip=False, aug_iou_crop=True)
    seen = augment(empty, (40, 60), only_crop, np.random.default_rng(3))
    np.testing.assert_array_equal(seen.picture, picture)


def test_the_same_generator_state_gives_the_same_view(drawing: Any) -> None:
    sample = drawing.draw(BOXES, (120, 160))
    spec = ALL.model_copy(update={"aug_photometric": True})
    first, again, other = (augment(sample, (64, 64), spec, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.picture != other.picture).any()
