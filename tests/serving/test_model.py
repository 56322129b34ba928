"""A served model finds what the engine finds, in upright pictures."""

import asyncio
import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image, ImageOps

from boxwright.engine import Engine
from boxwright.serving.found import Found, Selection
from boxwright.serving.metrics import Metrics
from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import Rejection
from boxwright.spec.serving import ServeSettings


@pytest.fixture(scope="module")
def served(model_folder: str) -> Iterator[ServedModel]:
    settings = ServeSettings(name="shapes", threads=1, lanes=1, max_pictures=4, max_pixels=100_000)
    model = ServedModel.load(model_folder, settings, Metrics())
    yield model
    model.close()


def detect(model: ServedModel, encoded: bytes, **selection: float) -> Found:
    return asyncio.run(model.detect(encoded, Selection(**selection)))  # type: ignore[arg-type]  # by tests


def encode(image: Image.Image, kind: str = "PNG", orientation: int = 1) -> bytes:
    exif, file = image.getexif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(file, kind, exif=exif)
    return file.getvalue()


def test_it_finds_what_the_engine_finds(served: ServedModel, model_folder: str, picture: bytes) -> None:
    found, expected = detect(served, picture), Engine.load(model_folder).predict(picture)
    np.testing.assert_array_equal(found.prediction.boxes, expected.boxes)
    np.testing.assert_array_equal(found.prediction.scores, expected.scores)
    assert (found.width, found.height) == (96, 64)
    assert len(expected.scores) > 0
    assert served.slots >= len(expected.scores)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_rotated_picture_is_seen_upright(served: ServedModel, picture: bytes, orientation: int) -> None:
    stored = encode(Image.open(io.BytesIO(picture)), orientation=orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(stored)))
    found, expected = detect(served, stored), detect(served, encode(upright))
    assert (found.width, found.height) == upright.size
    np.testing.assert_array_equal(found.prediction.boxes, expected.prediction.boxes)


def test_a_selection_is_applied(served: ServedModel, picture: bytes) -> None:
    everything = detect(served, picture)
    assert [one[1] for one in detect(served, picture, limit=1).rows()] == [everything.rows()[0][1]]


def cmyk() -> bytes:
    file = io.BytesIO()
    Image.new("CMYK", (40, 30), (10, 20, 30, 0)).save(file, "JPEG")
    return file.getvalue()


def sixteen_bits() -> bytes:
    return encode(Image.fromarray(np.full((30, 40), 40_000, np.uint16)))


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    "encoded", [cmyk(), sixteen_bits(), animated(), encode(Image.new("RGB", (1, 1))), encode(Image.new("L", (40, 30)))]
)
def test_unusual_pictures_are_taken(served: ServedModel, encoded: bytes) -> None:
    found = detect(served, encoded)
    assert (found.width, found.height) == Image.open(io.BytesIO(encoded)).size


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda _: b"", "not a readable JPEG"),
        (lambda _: b"<html></html>", "not a readable JPEG"),
        (lambda picture: picture[:60], "cannot decode|not a readable"),
        (lambda picture: picture[: len(picture) // 2], "cannot decode|truncated"),
    ],
)
def test_what_is_no_picture_is_refused(
    served: ServedModel, picture: bytes, spoil: Callable[[bytes], bytes], message: str
) -> None:
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(jpeg, "JPEG")
    with pytest.raises(Rejection, match=message) as refused:
        detect(served, spoil(jpeg.getvalue()))
    assert refused.value.status == 400


def test_a_picture_that_unpacks_to_far_more_is_refused_before_it_is_decoded(served: ServedModel) -> None:
    with pytest.raises(Rejection, match=r"400 x 400 pixels; at most 100,000") as refused:
        detect(served, encode(Image.new("RGB", (400, 400))))
    assert refused.value.status == 413


def test_too_many_pictures_of_one_request_are_refused(served: ServedModel, picture: bytes) -> None:
    with pytest.raises(Rejection, match=r"at most 4 .* got 5") as refused:
        asyncio.run(served.detect_all([picture] * 5))
    assert refused.value.status == 413
