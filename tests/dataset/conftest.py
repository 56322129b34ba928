"""Small pictures and samples, and the real blood-cell data read without the project's own readers."""

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from boxwright.formats.sample import Dataset, Sample, named_classes

BCCD = Path(__file__).resolve().parents[3] / "shared" / "data" / "bccd"
BCCD_CLASSES = ("RBC", "WBC", "Platelets")


def _encode(width: int = 200, height: int = 100, *, kind: str = "JPEG", shade: int = 0, orientation: int = 1) -> bytes:
    row = np.linspace(255, shade, width).astype(np.uint8)
    image = Image.fromarray(np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"exif": exif} if orientation != 1 else {}))
    return buffer.getvalue()


def _sample(
    boxes: Sequence[Sequence[float]] = (),
    labels: Sequence[int] | None = None,
    *,
    encoded: bytes | None = None,
    source: str = "a.jpg",
    size: tuple[int, int] = (200, 100),
) -> Sample:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    numbers = np.array([0] * len(corners) if labels is None else labels, np.int64)
    crowd = np.zeros(len(corners), np.bool_)
    return Sample(source, _encode() if encoded is None else encoded, *size, corners, numbers, crowd)


def _dataset(*samples: Sample, classes: Sequence[str] = ()) -> Dataset:
    return Dataset(list(samples), named_classes(classes))


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encodes a picture of a horizontal gradient; another shade gives other bytes of the same structure."""
    return _encode


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """Makes a sample of 200 x 100 pixels whose boxes are of class 0 unless told otherwise."""
    return _sample


@pytest.fixture
def dataset() -> Callable[..., Dataset]:
    """Makes a data set of the given samples."""
    return _dataset


def _read_bccd(path: Path) -> Sample:
    boxes, labels = [], []
    for item in ElementTree.parse(path).getroot().iter("object"):
        boxes.append([float(item.findtext(f"bndbox/{corner}", "nan")) for corner in ("xmin", "ymin", "xmax", "ymax")])
        labels.append(BCCD_CLASSES.index(item.findtext("name", "")))
    encoded = (BCCD / "JPEGImages" / f"{path.stem}.jpg").read_bytes()
    return _sample(boxes, labels, encoded=encoded, source=path.stem, size=(640, 480))


@pytest.fixture(scope="session")
def bccd() -> Dataset:
    """All annotated pictures of the blood-cell data set."""
    if not BCCD.is_dir():
        pytest.skip(f"the blood-cell data is not at {BCCD}")
    samples = [_read_bccd(path) for path in sorted((BCCD / "Annotations").glob("*.xml"))]
    return _dataset(*samples, classes=BCCD_CLASSES)


@pytest.fixture(scope="session")
def docs_page() -> str:
    """The page of documentation on data."""
    return (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text()
