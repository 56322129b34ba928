"""Parts of a self-contained HTML page: shell, tiles, tables, SVG charts, pictures with boxes drawn on them.

The training report and the data health page are both built from these. A page needs no script and no network.
Every function returns `Html`, a `str` that is not escaped again; plain strings are escaped where they are put in.
"""

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from boxwright.imaging import Picture

COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#dc2626")
"""Colours of lines, bars and classes, in order of use; told apart on white."""

CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f7f9; color: #1f2733; font: 15px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 0 0 4px; }
p.note { margin: 0 0 14px; color: #667085; max-width: 110ch; }
section { background: #fff; border: 1px solid #e4e7ec; border-radius: 12px; padding: 20px 24px 22px; margin-top: 20px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; }
.tile { flex: 1 1 130px; background: #fff; border: 1px solid #e4e7ec; border-radius: 12px; padding: 12px 16px; }
.tile b { display: block; font-size: 26px; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.tile span { color: #667085; font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 13px; font-weight: 600; color: #667085; border-bottom: 1px solid #d0d5dd; }
th, td { padding: 6px 12px 6px 0; vertical-align: middle; }
td { border-bottom: 1px solid #eef0f3; overflow-wrap: break-word; max-width: 460px; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
td svg { display: block; }
.grid { display: grid; gap: 18px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.gallery { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
figure { margin: 0; min-width: 0; }
figure img { display: block; width: 100%; height: auto; border-radius: 8px; background: #eef0f3; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 13px; color: #667085; padding-top: 4px; overflow-wrap: anywhere; }
figure.chart figcaption { color: #1f2733; font-weight: 600; padding: 0 0 2px; }
.legend { font-size: 13px; padding: 2px 0 12px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 6px -1px 0; }
.key:not(:first-child) { margin-left: 16px; }
footer { color: #667085; font-size: 13px; margin-top: 24px; }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } }
"""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Cell = str | int | float


def escaped(value: Cell) -> Html:
    """HTML of a value: `Html` as it is, text escaped, whole numbers with thousands separators, others as 0.123."""
    if isinstance(value, Html):
        return value
    if isinstance(value, str):
        return Html(html.escape(value))
    if isinstance(value, int):
        return Html(f"{value:,}")
    return Html("–" if math.isnan(value) else f"{value:.3f}")


def joined(parts: Sequence[Cell]) -> Html:
    """The parts one after another."""
    return Html("".join(escaped(part) for part in parts))


def page(title: str, subtitle: str, *parts: Cell, style: str = "") -> Html:
    """A whole document with a heading and the given parts; `style` is CSS of its own, after that of all pages."""
    return Html(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}{style}</style></head>\n'
        f'<body><main><h1>{escaped(title)}</h1><p class="note">{escaped(subtitle)}</p>\n'
        f"{joined(parts)}\n</main></body></html>\n"
    )


def section(title: str, *parts: Cell, note: Cell = "") -> Html:
    """A titled block; `note` says in a sentence how to read it."""
    told = f'<p class="note">{escaped(note)}</p>' if note else ""
    return Html(f"<section><h2>{escaped(title)}</h2>{told}{joined(parts)}</section>\n")


def tiles(facts: Sequence[tuple[str, Cell]]) -> Html:
    """Headline numbers: (name, value) pairs in a row."""
    items = (f'<div class="tile"><b>{escaped(value)}</b><span>{escaped(name)}</span></div>' for name, value in facts)
    return Html(f'<div class="tiles">{"".join(items)}</div>\n')


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """A table; a column is set to the right when all its cells are numbers.

    Raises:
        ValueError: a row has not one cell a column.
    """
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"each row must have {len(columns)} cells, one a column; got {[len(row) for row in rows]}")
    numeric = [bool(rows) and all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(columns))]
    marks = [' class="number"' if flag else "" for flag in numeric]
    head = "".join(f"<th{mark}>{escaped(name)}</th>" for mark, name in zip(marks, columns, strict=True))
    lines = (
        "<tr>" + "".join(f"<td{mark}>{escaped(cell)}</td>" for mark, cell in zip(marks, row, strict=True)) + "</tr>\n"
        for row in rows
    )
    return Html(
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def grid(parts: Sequence[Cell]) -> Html:
    """Charts side by side, as many in a row as fit."""
    return Html(f'<div class="grid">{joined(parts)}</div>')


def gallery(figures: Sequence[Cell]) -> Html:
    """Pictures side by side."""
    return Html(f'<div class="gallery">{joined(figures)}</div>')


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Coloured squares with their meaning: (colour, meaning) pairs."""
    keys = (f'<span class="key" style="background:{colour}"></span>{escaped(name)}' for colour, name in entries)
    return Html(f'<div class="legend">{"".join(keys)}</div>')


# ---------------------------------------------------------------------------------------------- charts


@dataclass(frozen=True)
class Line:
    """One line of a chart: equally many x and y; points that are not finite are left out."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = COLOURS[0]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` + 1 round numbers (1, 2 or 5 times a power of ten apart) inside [low, high]."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number as an axis shows it: 1,500,000 -> 1.5M, 0.00001 -> 1e-05."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{sign}"
    return f"{0.0 if abs(value) < 1e-12 else value:.4g}"


@dataclass(frozen=True)
class _Frame:
    """The chart's area in SVG units and the values at its edges."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    left: float = 46
    top: float = 8
    right: float = 408
    bottom: float = 200

    def x(self, value: float) -> float:
        return self.left + (value - self.x_low) / ((self.x_high - self.x_low) or 1) * (self.right - self.left)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / ((self.y_high - self.y_low) or 1)
        return self.bottom - min(1.0, max(0.0, share)) * (self.bottom - self.top)


def _points(line: Line) -> list[tuple[float, float]]:
    return [(x, y) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(x) and math.isfinite(y)]


def _axes(frame: _Frame, x_label: str) -> str:
    parts = []
    for value in ticks(frame.y_low, frame.y_high, 5):
        y = frame.y(value)
        parts.append(f'<path d="M{frame.left:.0f} {y:.1f}H{frame.right:.0f}" stroke="#e4e7ec"/>')
        parts.append(f'<text x="{frame.left - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
    for value in ticks(frame.x_low, frame.x_high):
        x = frame.x(value)
        parts.append(f'<text x="{x:.1f}" y="{frame.bottom + 16:.0f}" text-anchor="middle">{short(value)}</text>')
    parts.append(f'<path d="M{frame.left:.0f} {frame.bottom:.0f}H{frame.right:.0f}" stroke="#98a2b3"/>')
    middle = (frame.left + frame.right) / 2
    parts.append(f'<text x="{middle:.0f}" y="{frame.bottom + 33:.0f}" text-anchor="middle">{escaped(x_label)}</text>')
    return "".join(parts)


def _polyline(frame: _Frame, line: Line) -> str:
    points = _points(line)
    path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
    drawn = f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.8" stroke-linejoin="round"/>'
    if len(points) > 60:
        return drawn
    dots = (
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.6" fill="{line.colour}">'
        f"<title>{escaped(line.name)}: {short(x)}, {short(y)}</title></circle>"
        for x, y in points
    )
    return drawn + "".join(dots)


def line_chart(
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str = "",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> Html:
    """A figure with lines over a common axis; ranges not given are taken from the points, y with 0 in it.

    Lines of at most 60 points have a dot a point, which shows its value under the pointer.
    """
    points = [point for line in lines for point in _points(line)] or [(0.0, 0.0)]
    x_low, x_high = x_range or (min(x for x, _ in points), max(x for x, _ in points))
    y_low, y_high = y_range or (min(0.0, *(y for _, y in points)), 1.05 * max(0.0, *(y for _, y in points)))
    frame = _Frame(x_low, x_high, y_low, y_high if y_high > y_low else y_low + 1)
    drawn = "".join(_polyline(frame, line) for line in lines)
    names = legend([(line.colour, line.name) for line in lines]) if len(lines) > 1 else ""
    return Html(
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption><svg viewBox="0 0 420 240" role="img" '
        f'aria-label="{escaped(title)}" font-size="12.5" fill="#667085">{_axes(frame, x_label)}{drawn}</svg>'
        f"{names}</figure>"
    )


def bar_chart(title: str, bars: Sequence[tuple[str, float]], *, colour: str = COLOURS[0]) -> Html:
    """A figure with one horizontal bar a (name, value >= 0) pair, from the first at the top; values are written out."""
    most = max((value for _, value in bars), default=0.0) or 1.0
    rows = []
    for place, (name, value) in enumerate(bars):
        y, shown = 22 * place, name if len(name) <= 20 else f"{name[:19]}…"
        width = 230 * value / most
        rows.append(
            f'<text x="122" y="{y + 15}" text-anchor="end"><title>{escaped(name)}</title>{escaped(shown)}</text>'
            f'<rect x="130" y="{y + 3}" width="{width:.1f}" height="16" rx="3" fill="{colour}"/>'
            f'<text x="{136 + width:.1f}" y="{y + 15}">{short(value) if value % 1 else f"{value:,.0f}"}</text>'
        )
    return Html(
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption><svg viewBox="0 0 420 {22 * len(bars) + 4}" '
        f'role="img" aria-label="{escaped(title)}" font-size="12" fill="#344054">{"".join(rows)}</svg></figure>'
    )


def share_bar(share: float, colour: str = COLOURS[0]) -> Html:
    """A small bar for a table's cell, filled to `share` in 0..1."""
    width = 120 * min(1.0, max(0.0, share))
    return Html(
        f'<svg width="120" height="10" role="img" aria-label="{share:.0%}"><rect width="120" height="10" rx="3" '
        f'fill="#eef0f3"/><rect width="{width:.1f}" height="10" rx="3" fill="{colour}"/></svg>'
    )


# -------------------------------------------------------------------------------------------- pictures


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
