import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright.formats import ClassName, Dataset, Sample

SHARED = Path(__file__).parents[3] / "shared"

Encode = Callable[..., bytes]


def encode_picture(
    width: int = 40, height: int = 30, *, kind: str = "JPEG", orientation: int | None = None, seed: int = 0
) -> bytes:
    """A noisy picture, so that two of them differ."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer, exif = io.BytesIO(), Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(buffer, kind, **({"exif": exif} if orientation is not None else {}))
    return buffer.getvalue()


def make_sample(
    source: str,
    boxes: list[list[float]] | None = None,
    labels: list[int] | None = None,
    crowd: list[bool] | None = None,
    encoded: bytes | None = None,
) -> Sample:
    """A sample of 40 x 30 pixels."""
    labels = labels or []
    return Sample(
        source,
        encode_picture() if encoded is None else encoded,
        40,
        30,
        np.array(boxes or [], np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(crowd if crowd is not None else [False] * len(labels), np.bool_),
    )


@pytest.fixture
def picture() -> Encode:
    return encode_picture


@pytest.fixture
def sample() -> Callable[..., Sample]:
    return make_sample


@pytest.fixture
def drawn() -> Dataset:
    """Three samples: objects with a crowd, none, and faulty boxes; names beyond ASCII."""
    samples = [
        make_sample("données/猫 1.jpg", [[1.25, 2.5, 20.125, 29.0], [0, 0, 40, 30]], [0, 2], [False, True]),
        make_sample("empty", encoded=encode_picture(seed=1, kind="PNG")),
        make_sample("b.jpeg", [[30, 5, 10, 20], [-3, 4, 55, 31]], [1, 1], encoded=encode_picture(seed=2)),
    ]
    return Dataset(samples, (ClassName(1, "vélo"), ClassName(2, "chat"), ClassName(3, "人")))


@pytest.fixture(scope="session")
def tensorflow() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tensorflow", reason="needs TensorFlow to compare with")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the real data in ../shared/data")
    return SHARED / "data"
