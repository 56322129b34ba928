"""A data set's health as plain text."""

from collections.abc import Callable, Iterator, Sequence

from boxwright.dataset.findings import number_of
from boxwright.dataset.health import Health
from boxwright.dataset.observations import Histogram, Observations
from boxwright.dataset.summary import Summary, percent

BAR_WIDTH = 30
MOST_LINES = 50
COCO_NAMES = ("small (< 32 px)", "medium (32 to 96 px)", "large (96 px or more)")


def text_report(health: Health, name: str, most_lines: int = MOST_LINES) -> str:
    """Write a report for a terminal, without colours.

    Args:
        health: of `inspect`.
        name: the data set, as the user named it.
        most_lines: rejected boxes and odd pictures listed; 0 lists all.
    """
    summary, seen = health.summary, health.observations
    parts = [
        _heading(summary, name),
        _findings(health),
        _classes(summary),
        _histogram("Box sizes (COCO)", COCO_NAMES, seen.coco_sizes),
        _histogram("Box sizes (square root of area, px)", ranges(seen.box_sides), seen.box_sides),
        _histogram("Box sizes (share of the picture's side)", ranges(seen.box_shares, percent), seen.box_shares),
        _histogram("Box shapes (width / height)", ranges(seen.aspects), seen.aspects),
        _histogram("Boxes a picture", whole_ranges(seen.boxes_a_picture), seen.boxes_a_picture),
        _pictures(seen),
        _list("Rejected boxes", [box.line for box in summary.faulty_boxes], most_lines),
        _list("Unreadable pictures", [f"{one.source}: {one.reason}" for one in summary.faulty_pictures], most_lines),
        _list("Pictures without a label", health.unlabelled, most_lines),
        _list("Odd pictures", list(_oddities(seen)), most_lines),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def ranges(histogram: Histogram, show: Callable[[float], str] = "{:.3g}".format) -> tuple[str, ...]:
    """A name for each count of a histogram: "< 8", "8 to 16", "512 or more"."""
    edges = [show(edge) for edge in histogram.edges]
    between = [f"{low} to {high}" for low, high in zip(edges, edges[1:], strict=False)]
    return (f"< {edges[0]}", *between, f"{edges[-1]} or more")


def whole_ranges(histogram: Histogram) -> tuple[str, ...]:
    """The same for whole numbers from 0 on, whose first edge is 1: "0", "1", "3 to 4", "65 or more"."""
    edges = [round(edge) for edge in histogram.edges]
    between = [
        f"{low}" if high == low + 1 else f"{low} to {high - 1}" for low, high in zip(edges, edges[1:], strict=False)
    ]
    return ("0", *between, f"{edges[-1]} or more")


def headline(summary: Summary) -> str:
    """The data set in one sentence."""
    rejected = percent(summary.num_rejected / max(1, summary.num_boxes))
    return (
        f"{number_of(summary.num_pictures, 'picture')}, {number_of(summary.num_boxes, 'box', 'boxes')} "
        f"({summary.num_kept:,} kept, {summary.num_rejected:,} rejected = {rejected}), "
        f"{number_of(len(summary.classes), 'class', 'classes')}"
    )


def _heading(summary: Summary, name: str) -> str:
    return f"{name}: {headline(summary)}"


def _findings(health: Health) -> str:
    if not health.findings:
        return "Nothing to attend to."
    lines = ["Findings"]
    for finding in health.findings:
        lines += [f"  {finding.severity:8} {finding.message}", f"  {'':8} {finding.way_out}"]
    return "\n".join(lines)


def _classes(summary: Summary) -> str:
    width = max([len("class"), *(len(one.name) for one in summary.classes)])
    most = max([1, *(one.kept for one in summary.classes)])
    lines = [f"  {'id':>4}  {'class':{width}}  {'boxes':>9}  {'rejected':>8}  {'pictures':>8}"]
    for one in summary.classes:
        bar = _bar(one.kept, most)
        lines.append(f"  {one.id:4}  {one.name:{width}}  {one.kept:9,}  {one.rejected:8,}  {one.pictures:8,}  {bar}")
    return "\n".join(["Classes", *(line.rstrip() for line in lines)])


def _bar(count: int, most: int) -> str:
    return "#" * -(-count * BAR_WIDTH // most)


def _histogram(title: str, names: Sequence[str], histogram: Histogram) -> str:
    if not any(histogram.counts):
        return ""
    width, most = max(map(len, names)), max(histogram.counts)
    rows = zip(names, histogram.counts, strict=True)
    lines = [f"  {name:{width}}  {count:9,}  {_bar(count, most)}".rstrip() for name, count in rows]
    return "\n".join([title, *lines])


def _pictures(seen: Observations, most: int = 8) -> str:
    lines = [f"  {one.width} x {one.height}: {number_of(one.pictures, 'picture')}" for one in seen.picture_sizes[:most]]
    if len(seen.picture_sizes) > most:
        lines.append(f"  and {number_of(len(seen.picture_sizes) - most, 'more size')}")
    lines += [f"  {kind}: {number_of(number, 'picture')}" for kind, number in seen.formats.items()]
    return "\n".join(["Pictures", *lines])


def _oddities(seen: Observations) -> Iterator[str]:
    for one in (*seen.resized, *seen.rotated, *seen.misnamed):
        yield f"{one.source}: {one.note}"
    for group in seen.duplicates:
        yield f"samples {', '.join(map(str, group))}: the same picture"
    for group in seen.near_duplicates:
        yield f"samples {', '.join(map(str, group))}: alike"


def _list(title: str, lines: Sequence[str], most: int) -> str:
    if not lines:
        return ""
    shown = lines[: most or len(lines)]
    more = [f"and {len(lines) - len(shown):,} more (all are in the JSON report)"] if len(lines) > len(shown) else []
    return "\n".join([f"{title} ({len(lines):,})", *(f"  {line}" for line in (*shown, *more))])
