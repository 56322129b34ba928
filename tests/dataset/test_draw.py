import hashlib

import numpy as np
import pytest

from boxwright import imaging
from boxwright.dataset.draw import EMPTY_SHARE, MOST_HIDDEN, SHAPES, draw_picture, draw_shapes, tight_boxes
from boxwright.dataset.rules import check


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = (draw_shapes(3, seed=seed)[2] for seed in (1, 1, 2))
    assert first.encoded == again.encoded
    assert first.boxes.tolist() == again.boxes.tolist()
    assert first.encoded != other.encoded


def test_a_picture_does_not_depend_on_how_many_there_are():
    assert draw_shapes(5)[4].encoded == draw_shapes(1000)[4].encoded


def test_pictures_differ():
    assert len({hashlib.sha256(one.encoded).digest() for one in draw_shapes(20, (64, 64))}) == 20


@pytest.mark.parametrize("size", [(32, 32), (96, 160), (480, 640)])
def test_pictures_have_the_size_asked_for(size):
    for one in draw_shapes(4, size):
        assert imaging.decode(one.encoded).shape == (*size, 3)
        assert (one.height, one.width) == size


def test_tight_boxes_by_hand():
    instances = np.zeros((10, 12), np.int32)
    instances[2:5, 3:9] = 1
    instances[4, 0] = 2
    assert tight_boxes(instances, 2).tolist() == [[3, 2, 9, 5], [0, 4, 1, 5]]


def test_boxes_touch_the_visible_pixels_on_all_four_sides():
    for seed in range(20):
        drawn = draw_picture(np.random.default_rng(seed), (120, 160), tuple(SHAPES))
        for index, box in enumerate(tight_boxes(drawn.instances, len(drawn.labels))):
            rows, columns = np.nonzero(drawn.instances == index + 1)
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_every_class_is_drawn_and_passes_the_rules():
    data = draw_shapes(60, (96, 128), seed=3)
    assert [known.name for known in data.classes] == list(SHAPES)
    checked = [check(one, len(data.classes), decode=True) for one in data]
    assert [one.rejected for one in checked if one.rejected] == []
    assert {int(label) for one in checked for label in one.labels} == set(range(len(SHAPES)))


def test_some_pictures_are_empty_and_some_shapes_overlap():
    data = draw_shapes(300, (48, 48))
    empty = sum(not len(one.labels) for one in data)
    assert 0.5 * EMPTY_SHARE < empty / 300 < 2 * EMPTY_SHARE
    overlapping = 0
    for one in data:
        low = np.maximum(one.boxes[:, None, :2], one.boxes[None, :, :2])
        high = np.minimum(one.boxes[:, None, 2:], one.boxes[None, :, 2:])
        overlapping += int((high > low).all(2).sum()) > len(one.boxes)
    assert overlapping > 30
    assert MOST_HIDDEN < 0.5


def test_shapes_stand_out_from_what_is_around_them():
    """The middle of a drawn square differs from the picture's border, which no shape covers here."""
    drawn = draw_picture(np.random.default_rng(8), (200, 200), ("square",))
    for index in range(1, len(drawn.labels) + 1):
        inside = drawn.pixels[drawn.instances == index].astype(float).mean(0)
        ring = (drawn.instances == 0) & _grown(drawn.instances == index, 6)
        assert np.linalg.norm(inside - drawn.pixels[ring].astype(float).mean(0)) > 40


def _grown(mask, by):
    grown = mask.copy()
    for _ in range(by):
        grown[1:] |= grown[:-1].copy()
        grown[:-1] |= grown[1:].copy()
        grown[:, 1:] |= grown[:, :-1].copy()
        grown[:, :-1] |= grown[:, 1:].copy()
    return grown


def test_chosen_classes_are_numbered_in_their_order():
    data = draw_shapes(20, (64, 64), classes=("star", "ring"))
    assert [(known.id, known.name) for known in data.classes] == [(1, "star"), (2, "ring")]
    assert {int(label) for one in data for label in one.labels} == {0, 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ("circle", "cube")}, "shapes must be among circle, .*; got cube"),
        ({"classes": ()}, "got none"),
        ({"classes": ("star", "star")}, "each shape may be named once"),
        ({"size": (31, 64)}, "at least 32 px high and wide, got 31 x 64"),
        ({"seed": -1}, "must be >= 0"),
        ({"count": -1}, "must be >= 0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_shapes(**{"count": 1, **arguments})


def test_there_is_nothing_beyond_the_last():
    data = draw_shapes(2, (32, 32))
    with pytest.raises(IndexError):
        data[2]
    assert len(list(data.samples)) == 2


def test_every_shape_is_documented(docs_page):
    assert [name for name in SHAPES if f"`{name}`" not in docs_page] == []
