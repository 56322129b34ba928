"""Pictures of data sets, as browsers may show them: decoded first, so that nothing else than a picture gets out."""

import io
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image

from boxwright import files, formats, imaging
from boxwright.catalogue.pages import opened
from boxwright.catalogue.place import Outcome, Place
from boxwright.formats.sample import Dataset
from boxwright.store.dataset_records import DatasetRecord

WIDTHS = (64, 160, 320, 640, 1280, 2560)
"""Widths in pixels of smaller copies; what is asked for is rounded up to one of them."""

QUALITY = 85
MAX_OPEN = 8
"""Data sets that are held open."""

MAX_BYTES = 500_000_000
"""Of small copies on the disk; the ones not used for longest go first."""

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "BMP": "image/bmp"}


Found = TypeVar("Found")


class NoPicture(ValueError):
    """What the data set holds there cannot be shown as a picture; says why."""


@dataclass(frozen=True)
class Shown:
    """A picture's bytes and their media type."""

    encoded: bytes
    media_type: str


@dataclass(frozen=True, eq=False)
class _Open:
    """A data set held open; its readers are used by one thread at a time."""

    lock: threading.Lock
    parts: dict[str, Dataset]


class PictureShelf:
    """Finds the pictures of data sets by their numbers, and keeps small copies of them.

    Args:
        roots: folders that data may be read from.
        max_bytes: see `MAX_BYTES`.
    """

    def __init__(self, roots: tuple[str, ...], max_bytes: int = MAX_BYTES) -> None:
        self._roots, self._max_bytes = roots, max_bytes
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._copies: OrderedDict[Path, int] | None = None

    def forget(self, record: DatasetRecord) -> None:
        """Hold a data set no longer open; nor count its copies."""
        with self._lock:
            for key in [key for key in self._open if key.startswith(f"{record.key}:")]:
                del self._open[key]
            for path in [path for path in self._copies or () if record.folder in path.parents]:
                assert self._copies is not None
                del self._copies[path]

    def show(self, record: DatasetRecord, number: int, width: int = 0) -> Shown:
        """A picture, or a smaller copy of it; as stored, that is before EXIF rotation, as boxes refer to it.

        Args:
            record: a data set that is READY.
            number: of the picture in its index.
            width: wanted, in pixels; 0 for the picture itself. Never larger than the picture.

        Raises:
            LookupError: no such picture.
            NoPicture: it cannot be decoded.
            OSError: it cannot be read (any more).
        """
        if not width:
            return _whole(self._read(record, number))
        width = next((step for step in WIDTHS if step >= width), WIDTHS[-1])
        path = Place(record.folder).pictures / str(width) / str(number // 1000) / f"{number}.jpg"
        try:
            encoded = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            encoded = _smaller(self._read(record, number), width)
            self._keep(path, encoded, record.folder.parent)
        else:
            self._used(path)
        return Shown(encoded, "image/jpeg")

    def _read(self, record: DatasetRecord, number: int) -> bytes:
        place = Place(record.folder)
        with opened(place.index) as index:
            part, at, path = index.place(number)
        with files.confined((*self._roots, str(place.data))):
            if path:
                return files.read_bytes(path)
            held = self._opened(record)
            with held.lock:
                return held.parts[part][at].encoded

    def _opened(self, record: DatasetRecord) -> _Open:
        """The data set as it is kept open; opened, one at a time, where it is not."""
        key = f"{record.key}:{record.etag}"
        with self._lock:
            if key not in self._open:
                found = Outcome.model_validate(record.result)
                how = {"labels_file": found.labels_file, "format": found.format}
                parts = {part.name: formats.read(found.path, split=part.name, **how) for part in found.parts}
                self._open[key] = _Open(threading.Lock(), parts)
            self._open.move_to_end(key)
            while len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)
            return self._open[key]

    def _keep(self, path: Path, encoded: bytes, folder: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_name(f".{path.name}.{threading.get_ident()}")
        written.write_bytes(encoded)
        written.replace(path)
        with self._lock:
            copies = self._known(folder)
            copies[path] = len(encoded)
            copies.move_to_end(path)
            total = sum(copies.values())
            while total > self._max_bytes and len(copies) > 1:
                oldest, size = copies.popitem(last=False)
                total -= size
                oldest.unlink(missing_ok=True)

    def _used(self, path: Path) -> None:
        with self._lock:
            if self._copies and path in self._copies:
                self._copies.move_to_end(path)

    def _known(self, folder: Path) -> OrderedDict[Path, int]:
        """All copies on the disk, those not used for longest first."""
        if self._copies is None:
            found = [(path, path.stat()) for path in folder.glob("*/pictures/*/*/*.jpg")]
            found.sort(key=lambda one: one[1].st_mtime)
            self._copies = OrderedDict((path, state.st_size) for path, state in found)
        return self._copies


def _whole(encoded: bytes) -> Shown:
    """The picture's own bytes, unless viewers would turn it."""
    header = _checked(lambda: imaging.header(encoded))
    if header.orientation == 1:
        _checked(lambda: imaging.decode(encoded))
        return Shown(encoded, TYPES[header.format])
    return Shown(_jpeg(_checked(lambda: imaging.decode(encoded))), "image/jpeg")


def _smaller(encoded: bytes, width: int) -> bytes:
    """A JPEG at most `width` px wide; of a large JPEG, decoded at a smaller size at once."""
    header = _checked(lambda: imaging.header(encoded))
    picture = _checked(lambda: _drafted(encoded, width) if header.format == "JPEG" else imaging.decode(encoded))
    if picture.shape[1] > width:
        height = max(1, round(picture.shape[0] * width / picture.shape[1]))
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return _jpeg(picture)


def _drafted(encoded: bytes, width: int) -> imaging.Picture:
    """A JPEG at the smallest of its halves, quarters and eighths that is not narrower than `width`."""
    with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as image:
        image.draft("RGB", (width, max(1, width * image.height // image.width)))
        return np.array(image.convert("RGB"), np.uint8)


def _jpeg(picture: imaging.Picture) -> bytes:
    written = io.BytesIO()
    Image.fromarray(picture).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _checked(look: Callable[[], Found]) -> Found:
    try:
        return look()
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's, of damaged pictures
        raise NoPicture(str(error)) from error
