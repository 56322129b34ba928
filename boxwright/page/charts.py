"""Charts as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from boxwright.page.html import Html, escaped, legend

COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#dc2626")
"""Colours of lines, bars and classes, in order of use; told apart on white."""


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
