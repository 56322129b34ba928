import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats.annotation import AnnotatedPictures, annotation, shares, to_sample
from boxwright.formats.sample import Sample

Encode = Callable[..., bytes]


def test_pixels_are_kept(picture: Encode) -> None:
    got = to_sample("a", picture(), annotation([[1, 2, 3, 4]], [5], size=(40, 30)))
    np.testing.assert_array_equal(got.boxes, [[1, 2, 3, 4]])
    assert (got.width, got.height, got.source) == (40, 30, "a")


def test_shares_are_multiplied_by_the_stored_size(picture: Encode) -> None:
    got = to_sample("a", picture(), annotation([[0.25, 0.5, 0.5, 1]], [0], normalised=True, size=(400, 300)))
    np.testing.assert_array_equal(got.boxes, [[10, 15, 20, 30]])


def test_a_wrong_stated_size_changes_no_pixels(picture: Encode) -> None:
    got = to_sample("a", picture(), annotation([[1, 2, 3, 4]], [0], size=(400, 300)))
    np.testing.assert_array_equal(got.boxes, [[1, 2, 3, 4]])
    assert (got.width, got.height) == (40, 30)


def test_a_rotated_view_is_turned_back(picture: Encode) -> None:
    # The view is 30 x 40; orientation 8: stored x = 40 - seen y, stored y = seen x.
    seen = annotation([[1, 2, 3, 10]], [0], size=(30, 40))
    np.testing.assert_array_equal(to_sample("a", picture(orientation=8), seen).boxes, [[30, 1, 38, 3]])
    np.testing.assert_array_equal(to_sample("a", picture(orientation=1), seen).boxes, [[1, 2, 3, 10]])


@pytest.mark.parametrize("orientation", [3, 6])
def test_boxes_of_the_stored_frame_are_not_turned(picture: Encode, orientation: int) -> None:
    said = annotation([[1, 2, 3, 10]], [0], size=(40, 30))
    np.testing.assert_array_equal(to_sample("a", picture(orientation=orientation), said).boxes, [[1, 2, 3, 10]])


def test_an_unreadable_picture_keeps_its_labels() -> None:
    got = to_sample("a", b"junk", annotation([[1, 2, 3, 4]], [7], [True], size=(40, 30)))
    assert (got.width, got.height) == (0, 0)
    np.testing.assert_array_equal(got.boxes, [[1, 2, 3, 4]])
    np.testing.assert_array_equal(got.labels, [7])
    stated = to_sample("a", b"junk", annotation([[0, 0, 0.5, 1]], [7], size=(40, 30), normalised=True))
    np.testing.assert_array_equal(stated.boxes, [[0, 0, 20, 30]])
    unknown = to_sample("a", b"junk", annotation([[0, 0, 0.5, 1]], [7], normalised=True))
    np.testing.assert_array_equal(unknown.boxes, [[0, 0, 0, 0]])


def test_an_oversized_picture_is_unreadable() -> None:
    # A PNG header that states 40,000 x 40,000 pixels, with its checksum.
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    got = to_sample("big", png, annotation([[0, 0, 9, 9]], [0]))
    assert (got.width, got.height) == (0, 0)


def test_shares_divide_by_the_sides(sample: Callable[..., Sample]) -> None:
    np.testing.assert_allclose(shares(sample("a", [[10, 15, 20, 30]], [0])), [[0.25, 0.5, 0.5, 1]])


def test_a_listed_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    pictures = AnnotatedPictures(["a.jpg"], [str(tmp_path / "a.jpg")], [annotation([], [])])
    with pytest.raises(FileNotFoundError, match=r"a\.jpg: the data set lists this picture, but there is no file"):
        pictures[0]
