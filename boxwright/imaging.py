"""Decode and letterbox: the one preprocessing of training, evaluation, export checks and serving.

The exported SavedModel repeats these steps with TensorFlow operations, so each is chosen to have an exact
counterpart there: JPEG is decoded by libjpeg-turbo's accurate transform, EXIF rotation is not applied (boxes refer
to the stored picture), shrinking by a factor of two or more first averages whole blocks of pixels, and what remains
is bilinear with half-pixel centres.
"""

import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_PIXELS = 100_000_000
"""Pictures with more pixels are refused (300 MB decoded)."""

PAD_COLOUR = (124, 116, 104)
"""RGB of the padding: the ImageNet mean, which is zero after normalising."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""Pillow's names of the formats that are read."""

SURPLUS = bytes(range(1, 65))
"""Compressed pixels that no JPEG needs; without 0xff, which starts a marker."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class PictureHeader:
    """What a picture's first bytes say.

    Attributes:
        format: Pillow's name.
        width, height: stored size in pixels.
        orientation: EXIF orientation (1..8).
        channels: 1 (grey), 2 (grey and alpha), 3 (also a palette), 4 (alpha, or CMYK); decoded are always three.
    """

    format: str
    width: int
    height: int
    orientation: int
    channels: int = 3


def header(encoded: bytes) -> PictureHeader:
    """Read a picture's header without decoding its pixels.

    Raises:
        ValueError: not JPEG, PNG, GIF or BMP, or more than `MAX_PIXELS` pixels.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures below our own limit.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
                width, height = image.size
                kind = image.format or ""
                # PNG's own getexif decodes the whole picture.
                orientation = int(Image.Image.getexif(image).get(0x0112, 1)) if kind in ("JPEG", "PNG") else 1
                channels = 3 if image.mode == "P" else len(image.getbands())
    except Image.DecompressionBombError as error:
        raise ValueError(f"picture is larger than {MAX_PIXELS:,} pixels: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError("not a readable JPEG, PNG, GIF or BMP picture") from error
    if width * height > MAX_PIXELS:
        raise ValueError(f"picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted")
    return PictureHeader(kind, width, height, orientation, channels)


def decode(encoded: bytes) -> Picture:
    """Decode to uint8 (height, width, 3) RGB, as stored; the first frame of a GIF.

    Raises:
        ValueError: undecodable, truncated or larger than `MAX_PIXELS`.
    """
    kind = header(encoded).format
    if kind == "JPEG" and encoded.rstrip(b"\0")[-2:] == b"\xff\xd9":
        flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
        if picture is not None:
            return np.asarray(picture, np.uint8)
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return _as_rgb(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"cannot decode the {kind} picture: {error}") from error


def upright(picture: Picture, orientation: int) -> Picture:
    """A stored picture as viewers show it.

    Args:
        picture: uint8 (height, width, 3).
        orientation: EXIF 2.32's tag 0x0112; what is not 2 to 8 leaves the picture as it is.
    """
    turned = picture.transpose(1, 0, 2) if orientation in (5, 6, 7, 8) else picture
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def check_whole(encoded: bytes) -> None:
    """Find damage inside a JPEG whose end is there: decoders fill what is missing with grey and say nothing.

    Bytes put before the end marker change the picture only where its compressed pixels fall short; broken markers stop
    Pillow. Of a progressive JPEG only the last scan is looked at so closely. Other formats carry checksums or no
    compression, and `decode` finds their damage. Costs about 0.6 ms for 640 x 480, decoding at an eighth of the size.

    Raises:
        ValueError: the JPEG is damaged.
    """
    if header(encoded).format != "JPEG":
        return
    end = encoded.rfind(b"\xff\xd9")
    try:
        whole = _coarse(encoded) == _coarse(encoded[:end] + SURPLUS + encoded[end:])
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"the JPEG picture is damaged: {error}") from error
    if not whole:
        raise ValueError("the JPEG picture is damaged: its compressed pixels end before the picture does")


def _coarse(encoded: bytes) -> bytes:
    with Image.open(io.BytesIO(encoded)) as image:
        image.draft("L", (1, 1))
        return image.tobytes()


def _as_rgb(image: Image.Image) -> Picture:
    if image.mode.startswith("I;16"):
        # Pillow would clip what exceeds 255; the upper eight bits are the picture.
        grey = (np.asarray(image, np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, 2)
    return np.array(image.convert("RGB"), np.uint8)


@dataclass(frozen=True)
class Placement:
    """Where a stored picture lies on the model's canvas: `canvas = stored * (scale_x, scale_y)`, from the top left."""

    scale_x: float
    scale_y: float

    @property
    def _scales(self) -> NDArray[np.float32]:
        return np.array([self.scale_x, self.scale_y] * 2, np.float32)

    def to_canvas(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map xyxy boxes (N, 4) from pixels of the stored picture to pixels of the canvas."""
        return np.asarray(boxes * self._scales, np.float32)

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map xyxy boxes (N, 4) from pixels of the canvas to pixels of the stored picture."""
        return np.asarray(boxes / self._scales, np.float32)


def shrink(picture: Picture, factor: int) -> Picture:
    """Average blocks of `factor` x `factor` pixels; rows and columns that do not fill a block are cut off."""
    if factor < 2:
        return picture
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    blocks = picture[: height * factor, : width * factor]
    return np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def shrink_factor(scale: float) -> int:
    """The largest whole factor by which to average before resizing by `scale`."""
    return max(1, int(1.0 / scale + 1e-6))


def letterbox(picture: Picture, size: tuple[int, int]) -> tuple[Picture, Placement]:
    """Fit a picture into a canvas of `size` = (height, width), keeping its aspect, padded at the bottom and right.

    Args:
        picture: uint8 (H, W, 3) RGB.
        size: canvas height and width in pixels.

    Returns:
        uint8 (size[0], size[1], 3) and the placement of the picture on it.
    """
    scale = min(size[0] / picture.shape[0], size[1] / picture.shape[1])
    factor = min(shrink_factor(scale), *picture.shape[:2])
    small = shrink(picture, factor)
    height = min(size[0], max(1, int(picture.shape[0] * scale + 0.5)))
    width = min(size[1], max(1, int(picture.shape[1] * scale + 0.5)))
    if small.shape[:2] != (height, width):
        resized = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    else:
        resized = small
    below, beside = size[0] - height, size[1] - width
    canvas = cv2.copyMakeBorder(resized, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=PAD_COLOUR)
    return np.asarray(canvas, np.uint8), Placement(
        width / (small.shape[1] * factor), height / (small.shape[0] * factor)
    )
