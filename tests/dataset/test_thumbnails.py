import base64
import math

import cv2
import numpy as np
import pytest

from boxwright import imaging
from boxwright.dataset.thumbnails import FAULTY, PALETTE, class_colour, crop, thumbnail


def _decode(uri: str) -> np.ndarray:
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return imaging.decode(base64.b64decode(body))


def _grey(width: int, height: int) -> bytes:
    return cv2.imencode(".png", np.full((height, width, 3), 128, np.uint8))[1].tobytes()


def test_a_thumbnail_is_scaled_with_its_boxes():
    picture = _decode(thumbnail(_grey(400, 200), np.float32([[100, 50, 300, 150]]), [(255, 0, 0)], 100))
    assert picture.shape == (50, 100, 3)
    red = (picture[..., 0].astype(int) - picture[..., 1]) > 60
    rows, columns = np.nonzero(red)
    assert abs(rows.min() - 12.5) <= 3
    assert abs(rows.max() - 37.5) <= 3
    assert abs(columns.min() - 25) <= 3
    assert abs(columns.max() - 75) <= 3


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 10, 10),
        (120, 30, 118, 60),
        (math.nan, 0, 5, 5),
        (900, 900, 950, 950),
        (-1e30, 5, 1e30, 9),
        (-50, -50, -10, -10),
    ],
)
def test_any_faulty_box_can_be_shown(box):
    assert max(_decode(crop(_grey(200, 100), np.float32(box), 80)).shape[:2]) == 80


def test_a_degenerate_box_is_marked():
    picture = _decode(crop(_grey(200, 100), np.float32([100, 20, 100, 80]), 120)).astype(int)
    assert ((picture[..., 0] - picture[..., 1]) > 0.5 * (FAULTY[0] - FAULTY[1])).any()


def test_colours_repeat():
    assert class_colour(0) == class_colour(len(PALETTE)) != class_colour(1)
