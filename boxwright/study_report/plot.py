"""Pieces of the report's charts: the figure with its description, axes, and the marks that stand for trials.

Colours are those of the page's style (classes and variables), so that a chart follows light and dark mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from boxwright.page import Html, escaped
from boxwright.study_report.axis import Axis
from boxwright.study_report.trials import Results, TrialRow

LETTER = 7.8
"""About the width of a letter of an axis, in SVG units."""

LONGEST = 15
"""Letters of a mark's text on an upright axis; longer ones are cut and shown whole under the pointer."""


@dataclass(frozen=True)
class Area:
    """Where a chart's points lie, in SVG units; points keep `inset` from the edges."""

    left: float
    top: float
    right: float
    bottom: float
    inset: float = 10

    def x(self, place: float) -> float:
        """Across, of a place from 0 to 1."""
        return self.left + self.inset + place * (self.right - self.left - 2 * self.inset)

    def y(self, place: float) -> float:
        """Down, of a place from 0 (bottom) to 1 (top)."""
        return self.bottom - self.inset - place * (self.bottom - self.top - 2 * self.inset)


def area(y: Axis, width: float, height: float, inset: float = 10) -> Area:
    """The area of a chart of that size beside the texts of its upright axis."""
    longest = max((min(len(text), LONGEST) for _, text in y.marks(5)), default=0)
    return Area(32 + LETTER * longest, 8, width - 14, height - 44, inset)


def cut(text: str, letters: int) -> Html:
    """A text of at most so many letters; the whole of it under the pointer."""
    letters = max(letters, 2)
    short = text if len(text) <= letters else f"{text[: letters - 1]}…"
    return Html(escaped(short) + (f"<title>{escaped(text)}</title>" if short != text else ""))


def axes(box: Area, x: Axis, y: Axis) -> str:
    """Both axes with rules, marks and titles."""
    parts = [f'<rect class="edge" x="{box.left:.1f}" y="{box.top}" width="{box.right - box.left:.1f}" ']
    parts.append(f'height="{box.bottom - box.top:.1f}"/>')
    for place, text in y.marks(5):
        at = box.y(place)
        parts.append(f'<path class="rule" d="M{box.left:.1f} {at:.1f}H{box.right:.1f}"/>')
        parts.append(f'<text x="{box.left - 6:.1f}" y="{at + 4:.1f}" text-anchor="end">{cut(text, LONGEST)}</text>')
    marks = x.marks(6)
    room = int((box.right - box.left) / max(len(marks), 1) / LETTER) - 1
    for place, text in marks:
        at = box.x(place)
        parts.append(f'<path class="rule" d="M{at:.1f} {box.top}V{box.bottom}"/>')
        letters = cut(text, room if x.names else 99)
        parts.append(f'<text x="{at:.1f}" y="{box.bottom + 16:.1f}" text-anchor="middle">{letters}</text>')
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    name, title = cut(x.title, int((box.right - box.left) / 6.8)), cut(y.title, int((box.bottom - box.top) / 6.8))
    return "".join(parts) + (
        f'<text class="name" x="{across:.1f}" y="{box.bottom + 36:.1f}" text-anchor="middle">{name}</text>'
        f'<text class="name" transform="translate(14 {down:.1f}) rotate(-90)" text-anchor="middle">'
        f"{title}</text>"
    )


def figure(key: str, title: str, description: str, size: tuple[float, float], drawn: str) -> Html:
    """A titled chart that a screen reader can tell of.

    Args:
        key: of the page's ids; another for each chart.
        description: what the chart shows, in words.
        size: width and height in SVG units, about pixels; a wide one is scrolled on a narrow screen.
    """
    width, height = size
    least = f' style="min-width:{0.7 * width:.0f}px"' if width > 600 else ""
    return Html(
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption><div class="scroll">'
        f'<svg class="plot" viewBox="0 0 {width:.0f} {height:.0f}"{least} role="img" '
        f'aria-labelledby="{key}-title {key}-desc"><title id="{key}-title">{escaped(title)}</title>'
        f'<desc id="{key}-desc">{escaped(description)}</desc>{drawn}</svg></div></figure>'
    )


def kind(results: Results, trial: TrialRow) -> str:
    """Style class of a trial: best, early (stopped) or usual."""
    if results.best is not None and trial.id == results.best.id:
        return "best"
    return "early" if trial.stopped_early else "usual"


def dot(results: Results, trial: TrialRow, x: float, y: float) -> str:
    """A trial as a point: filled, hollow when stopped early, larger for the best."""
    style = kind(results, trial)
    return (
        f'<circle class="dot {style}" data-trial="{escaped(trial.id)}" cx="{x:.1f}" cy="{y:.1f}" '
        f'r="{5.5 if style == "best" else 4}"><title>{escaped(results.told(trial))}</title></circle>'
    )


def best_last(results: Results, trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Trials in the order in which they are drawn, the better above the others."""
    return sorted(trials, key=lambda trial: results.strength.get(trial.id, 0.0))


MARKS = {
    "usual": '<circle class="dot usual" cx="10" cy="7" r="4"/>',
    "early": '<circle class="dot early" cx="10" cy="7" r="4"/>',
    "best": '<circle class="dot best" cx="10" cy="7" r="5.5"/>',
    "failed": '<path class="failed" d="M6 3l8 8m0 -8l-8 8"/>',
    "so far": '<path class="so-far" d="M0 7H20"/>',
    "usual line": '<path class="line usual" d="M0 7H20"/>',
    "early line": '<path class="line early" d="M0 7H20"/>',
    "best line": '<path class="line best" d="M0 7H20"/>',
}
"""Drawings of a chart's legend, 20 by 14."""

MEANINGS = {
    "usual": "ran to its end",
    "early": "stopped early",
    "best": "best trial",
    "so far": "best so far",
    "failed": "ended without a value",
}
"""What they stand for."""


def kinds(results: Results, trials: Sequence[TrialRow], *more: str, line: bool = False) -> Html:
    """The legend of trials as dots or lines: those kinds that are there, then `more` names in MEANINGS."""
    present = {kind(results, trial) for trial in trials}
    names = [f"{name} line" if line else name for name in ("usual", "early", "best") if name in present]
    return _keys([(name, MEANINGS[name.removesuffix(" line")]) for name in (*names, *more)])


def _keys(entries: Sequence[tuple[str, str]]) -> Html:
    """A legend: (name in MARKS, meaning) pairs."""
    items = (
        f'<span class="item"><svg class="plot" width="20" height="14" aria-hidden="true">{MARKS[mark]}</svg>'
        f"{escaped(meaning)}</span>"
        for mark, meaning in entries
    )
    return Html(f'<div class="legend">{"".join(items)}</div>')
