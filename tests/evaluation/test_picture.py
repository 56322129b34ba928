"""Kept copies of pictures."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from boxwright.evaluation.picture import EvaluatedPicture, Frame, LabelledPicture


@pytest.mark.parametrize(
    ("size", "kept"),
    [((1280, 640), (640, 320)), ((100, 50), (100, 50)), ((333, 1000), (213, 640)), ((5000, 1), (640, 1))],
)
def test_size_of_a_copy(size: tuple[int, int], kept: tuple[int, int]) -> None:
    frame = Frame.of(*size)
    assert (frame.width, frame.height) == kept
    assert frame.boxes(np.array([[0, 0, *size]])) == [(0, 0, *kept)]
    assert frame.boxes(np.zeros((0, 4))) == []


def test_a_copy_is_as_the_picture_is_stored() -> None:
    """EXIF says that it is to be turned; boxes refer to it unturned."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 60:] = (250, 10, 10)
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(buffer, "JPEG", exif=exif.tobytes(), quality=95)
    copy = Frame.of(80, 40).copy(buffer.getvalue())
    found = cv2.imdecode(np.frombuffer(copy, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None and found.shape == (40, 80, 3)
    assert found[20, 75].tolist() == pytest.approx([10, 10, 250], abs=25) and found[20, 10].max() < 25
    assert not Image.open(io.BytesIO(copy)).getexif()


def test_what_is_no_picture() -> None:
    with pytest.raises(ValueError, match="not a readable"):
        Frame.of(10, 10).copy(b"<html>")


def test_a_labelled_picture_becomes_an_evaluated_one(scene: Any) -> None:
    one = scene.pictures[0]
    labelled = LabelledPicture(one.source, one.width, one.height, one.read, one.truth)
    found = labelled.with_(one.predictions)
    assert isinstance(found, EvaluatedPicture) and found.predictions is one.predictions and found.truth is one.truth
