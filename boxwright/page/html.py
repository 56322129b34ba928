"""The shell of a page, and its tiles, tables and galleries."""

import math
from collections.abc import Sequence
from html import escape

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
        return Html(escape(value))
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
