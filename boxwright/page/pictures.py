"""Pictures with boxes drawn on them, within the page."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from boxwright.imaging import Picture
from boxwright.page.charts import COLOURS
from boxwright.page.html import Cell, Html, escaped


@dataclass(frozen=True)
class DrawnBox:
    """A box to draw: (x0, y0, x1, y1) in pixels of the picture, its colour (#rrggbb) and an optional caption."""

    box: tuple[float, float, float, float]
    colour: str = COLOURS[0]
    caption: str = ""
    dashed: bool = False


def _outline(draw: ImageDraw.ImageDraw, box: DrawnBox, width: int) -> None:
    x0, y0, x1, y1 = box.box
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    for (ax, ay), (bx, by) in zip(corners, corners[1:], strict=False):
        length = math.hypot(bx - ax, by - ay)
        dash = 4.0 * width if box.dashed else max(length, 1.0)
        for start in np.arange(0.0, max(length, 1e-6), dash * 2 if box.dashed else dash):
            near, far = start / max(length, 1e-6), min(1.0, (start + dash) / max(length, 1e-6))
            ends = [(ax + (bx - ax) * t, ay + (by - ay) * t) for t in (near, far)]
            draw.line(ends, fill=box.colour, width=width)


def _caption(draw: ImageDraw.ImageDraw, box: DrawnBox, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> None:
    left, top, right, bottom = draw.textbbox((0, 0), box.caption, font=font)
    x = min(max(0.0, box.box[0]), max(0.0, draw.im.size[0] - (right - left) - 6))
    y = box.box[1] - (bottom - top) - 5
    y = box.box[1] + 1 if y < 0 else y
    red, green, blue = ImageColor.getrgb(box.colour)[:3]
    ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 150 else "white"
    draw.rectangle((x, y, x + right - left + 5, y + bottom - top + 4), fill=box.colour)
    draw.text((x + 3 - left, y + 2 - top), box.caption, fill=ink, font=font)


def draw_boxes(picture: Picture, boxes: Sequence[DrawnBox]) -> Picture:
    """A copy of a picture, uint8 (H, W, 3) RGB, with boxes drawn, lines and captions sized to the picture."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    side = max(picture.shape[:2])
    font = ImageFont.load_default(size=max(11, round(side / 40)))
    for box in boxes:
        _outline(draw, box, max(2, round(side / 320)))
    for box in boxes:
        if box.caption:
            _caption(draw, box, font)
    return np.array(image, np.uint8)


def data_uri(picture: Picture, quality: int = 82) -> str:
    """A picture, uint8 (H, W, 3) RGB, as a JPEG in a `data:` address. Raises: ValueError: an empty picture."""
    if picture.size == 0:
        raise ValueError(
            f"cannot encode a picture without pixels, shape {picture.shape}; give (H, W, 3) with H, W >= 1"
        )
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "JPEG holds any uint8 RGB picture"
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"


def picture_figure(picture: Picture, boxes: Sequence[DrawnBox], caption: Cell, max_side: int = 480) -> Html:
    """A figure of a picture, uint8 (H, W, 3) RGB, with boxes in its own pixels, shrunk to at most `max_side` pixels."""
    scale = min(1.0, max_side / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else picture
    scaled = [_scaled(box, size[0] / picture.shape[1], size[1] / picture.shape[0]) for box in boxes]
    drawn = draw_boxes(small, scaled)
    return Html(
        f'<figure><img src="{data_uri(drawn)}" width="{size[0]}" height="{size[1]}" alt="">'
        f"<figcaption>{escaped(caption)}</figcaption></figure>"
    )


def _scaled(box: DrawnBox, x: float, y: float) -> DrawnBox:
    x0, y0, x1, y1 = box.box
    return DrawnBox((x0 * x, y0 * y, x1 * x, y1 * y), box.colour, box.caption, box.dashed)
