"""The SavedModel's pre-processing against the one of training: the same pixels."""

from typing import Any

import numpy as np
import pytest

from boxwright import imaging
from boxwright.export.savedmodel import _tensorflow
from boxwright.export.tf_picture import letterboxed

SIZES = ((192, 256), (320, 320))


@pytest.fixture(scope="module")
def canvases() -> Any:
    """Function: encoded picture and size -> canvas and extent, computed by TensorFlow."""
    tf = _tensorflow()
    text = [tf.TensorSpec([], tf.string)]
    made = {
        size: tf.function(lambda one, size=size: letterboxed(tf, one, size), input_signature=text) for size in SIZES
    }
    return lambda encoded, size: [part.numpy() for part in made[size](encoded)]


@pytest.mark.parametrize("size", SIZES)
def test_every_format_gives_the_pixels_and_the_placement_of_training(
    canvases: Any, pictures: dict[str, bytes], size: tuple[int, int]
) -> None:
    for name, encoded in pictures.items():
        picture = imaging.decode(encoded)
        expected, placement = imaging.letterbox(picture, size)
        canvas, extent = canvases(encoded, size)
        difference = np.abs(canvas.astype(int) - expected)
        assert difference.max() <= 1, name
        assert (difference > 0).mean() < 0.01, name
        stored = np.array(picture.shape[:2]) * (placement.scale_y, placement.scale_x)
        np.testing.assert_allclose(extent, stored, rtol=1e-6, err_msg=name)


def test_photographs_give_the_same_pixels(canvases: Any, photographs: list[bytes]) -> None:
    for encoded in photographs:
        expected, _ = imaging.letterbox(imaging.decode(encoded), SIZES[0])
        canvas, _ = canvases(encoded, SIZES[0])
        assert np.abs(canvas.astype(int) - expected).max() <= 1
