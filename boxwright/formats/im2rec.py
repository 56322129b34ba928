"""RecordIO files from lists of pictures, as MXNet's `im2rec.py` makes them.

A `.lst` file (of `im2rec_list`, or written with boxes as labels) and the pictures that it names become `.rec` and
`.idx`. Names, numbers and defaults are those of MXNet's `tools/im2rec.py`; files that are there are replaced, as
it does.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright import files
from boxwright.formats.recordio_file import writing
from boxwright.formats.recordio_label import ImageRecord, pack
from boxwright.formats.recordio_list import Listed, read_list

BEST_PNG_COMPRESSION = 9
_BATCH_PER_THREAD = 8
_Pixels = NDArray[Any]
"""(height, width) or (height, width, channels) in the order of OpenCV; of 16 bits where stored so and not changed."""


@dataclass(frozen=True)
class Packing:
    """How pictures are put into records.

    Attributes:
        pack_label: keep all labels of a line (boxes), not only the first.
        pass_through: copy pictures byte for byte, without decoding them.
        resize: pixels of the shorter side; 0 keeps the size.
        center_crop: cut the longer side down to a square.
        quality: of JPEG, 1..100; of PNG the compression, 1..9 (more counts as 9).
        encoding: ".jpg" or ".png".
        color: 1 colour, 0 grey, -1 as stored, with transparency.
        threads: pictures that are read and encoded at a time.
    """

    pack_label: bool = False
    pass_through: bool = False
    resize: int = 0
    center_crop: bool = False
    quality: int = 95
    encoding: str = ".jpg"
    color: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Packed:
    """One `.rec` file: its path, number of records, pictures left out with the reason, and what else to know."""

    path: str
    records: int
    left_out: tuple[str, ...]
    note: str = ""


def pack_lists(prefix: str, root: str, how: Packing) -> list[Packed]:
    """Write `.rec` and `.idx` of every `.lst` whose path begins with `prefix`, or that lies in the folder `prefix`.

    A picture that cannot be read is left out.

    Raises:
        ValueError: a flag is out of range or contradicts another, or a list is malformed or has an index twice.
        OSError: there is no such list, or a file cannot be written.
    """
    _require(how)
    return [_pack_list(path, root, how) for path in _lists(prefix)]


def _require(how: Packing) -> None:
    if not 1 <= how.quality <= 100 or how.resize < 0 or how.threads < 1:
        raise ValueError(
            "quality must lie in 1..100, resize be at least 0 and num-thread at least 1, "
            f"got {how.quality}, {how.resize} and {how.threads}"
        )
    if how.encoding not in (".jpg", ".png") or how.color not in (-1, 0, 1):
        raise ValueError(f"encoding must be .jpg or .png and color 1, 0 or -1, got {how.encoding!r} and {how.color}")
    if how.pack_label and how.center_crop and not how.pass_through:
        raise ValueError(
            "--center-crop cuts pictures, and boxes kept by --pack-label would stay where they were; leave out one"
        )


def _lists(prefix: str) -> list[str]:
    folder, begin = (prefix, "") if files.is_folder(prefix) else (files.parent(prefix), files.name(prefix))
    found = [name for name in files.entries(folder) if name.startswith(begin) and name.endswith(".lst")]
    if not found:
        raise FileNotFoundError(f"no list {prefix}*.lst; make one with --list, or give the prefix of one that is there")
    return [files.join(folder, name) for name in found]


def _pack_list(path: str, root: str, how: Packing) -> Packed:
    lines = read_list(path)
    if len({one.index for one in lines}) < len(lines):
        raise ValueError(f"{path}: an index stands in two lines; number the lines anew, each record needs its own")
    rec = path.removesuffix(".lst") + ".rec"
    left_out, records = [], 0
    with writing(rec) as add:
        for line, packed in zip(lines, _packed(lines, root, how), strict=True):
            if isinstance(packed, str):
                left_out.append(f"{line.path}: {packed}")
            else:
                add(line.index, packed)
                records += 1
    cut = any(len(one.labels) > 1 for one in lines) and not how.pack_label
    note = f"{path} has several labels a line; only the first was kept, detection needs --pack-label" if cut else ""
    return Packed(rec, records, tuple(left_out), note)


def _packed(lines: Sequence[Listed], root: str, how: Packing) -> Iterator[bytes | str]:
    """The record of each line, in their order, or why there is none."""
    step = how.threads * _BATCH_PER_THREAD
    with ThreadPoolExecutor(how.threads) as pool:
        for start in range(0, len(lines), step):
            yield from pool.map(lambda line: _record(line, root, how), lines[start : start + step])


def _record(line: Listed, root: str, how: Packing) -> bytes | str:
    try:
        encoded = files.read_bytes(files.join(root, line.path))
        if not how.pass_through:
            encoded = _encoded_again(encoded, how)
    except (OSError, ValueError, cv2.error) as error:
        return error.strerror or str(error) if isinstance(error, OSError) else str(error)
    several = how.pack_label and len(line.labels) > 1  # MXNet keeps one label in the header all the same
    labels = np.array(line.labels if several else (), np.float32)
    return pack(ImageRecord(line.index, line.labels[0], labels, encoded))


def _encoded_again(encoded: bytes, how: Packing) -> bytes:
    """Decode (turned as EXIF says, unless `color` is -1), crop, resize and encode.

    Raises:
        ValueError: not decodable.
    """
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), how.color) if encoded else None
    if picture is None:
        raise ValueError("cannot be decoded")
    pixels: _Pixels = np.asarray(picture)
    if how.center_crop:
        pixels = _square(pixels)
    if how.resize:
        pixels = np.asarray(cv2.resize(pixels, _size(pixels, how.resize)))
    if how.encoding == ".png":
        settings = [cv2.IMWRITE_PNG_COMPRESSION, min(how.quality, BEST_PNG_COMPRESSION)]
    else:
        settings = [cv2.IMWRITE_JPEG_QUALITY, how.quality]
    return cv2.imencode(how.encoding, pixels, settings)[1].tobytes()


def _square(pixels: _Pixels) -> _Pixels:
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _size(pixels: _Pixels, shorter: int) -> tuple[int, int]:
    """Width and height with the shorter side resized to `shorter`."""
    height, width = pixels.shape[:2]
    return (shorter, height * shorter // width) if height > width else (width * shorter // height, shorter)
