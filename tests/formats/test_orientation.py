import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from boxwright.formats.orientation import drawn_on_rotated, to_stored
from boxwright.imaging import PictureHeader

# A stored picture of 100 x 60 is seen as 60 x 100; the box (10, 20, 30, 70) is drawn on that view.
BY_HAND = {
    5: [20, 10, 70, 30],  # seen rows are stored columns, both from their start
    6: [20, 30, 70, 50],  # seen columns are stored rows from the bottom: 60-30, 60-10
    7: [30, 30, 80, 50],  # and seen rows are stored columns from the right: 100-70, 100-20
    8: [30, 10, 80, 30],
}


def header(orientation: int) -> PictureHeader:
    return PictureHeader("JPEG", 100, 60, orientation)


@pytest.mark.parametrize("orientation", BY_HAND)
def test_boxes_are_mapped_as_worked_out_by_hand(orientation: int) -> None:
    boxes = np.array([[10, 20, 30, 70]], np.float32)
    np.testing.assert_array_equal(to_stored(boxes, header(orientation)), [BY_HAND[orientation]])


@pytest.mark.parametrize("orientation", BY_HAND)
def test_boxes_are_mapped_as_pillow_turns_the_picture(orientation: int) -> None:
    left, top, right, bottom = BY_HAND[orientation]
    pixels = np.zeros((60, 100), np.uint8)
    pixels[top:bottom, left:right] = 255
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    with Image.open(buffer) as stored:
        seen = ImageOps.exif_transpose(stored)
    assert seen.size == (60, 100)
    assert seen.getbbox() == (10, 20, 30, 70)


@pytest.mark.parametrize("orientation", BY_HAND)
def test_a_reversed_box_stays_reversed(orientation: int) -> None:
    [[xmin, ymin, xmax, ymax]] = to_stored(np.array([[30, 20, 10, 70]], np.float32), header(orientation))
    assert ymin > ymax
    assert xmin < xmax


def test_no_boxes_stay_none() -> None:
    assert to_stored(np.zeros((0, 4), np.float32), header(6)).shape == (0, 4)


@pytest.mark.parametrize(
    ("stated", "orientation", "expected"),
    [
        ((60, 100), 6, True),
        ((60, 100), 5, True),
        ((100, 60), 6, False),
        ((60, 100), 3, False),
        ((60, 100), 1, False),
        ((50, 80), 8, False),
    ],
)
def test_rotation_is_known_from_the_stated_size(stated: tuple[int, int], orientation: int, expected: bool) -> None:
    assert drawn_on_rotated(stated, header(orientation)) is expected
