"""A data set's health as one page that needs neither network nor JavaScript."""

from collections.abc import Sequence
from html import escape

from boxwright.dataset.findings import Finding, number_of
from boxwright.dataset.health import Health
from boxwright.dataset.observations import Histogram, Observations
from boxwright.dataset.report_text import COCO_NAMES, headline, ranges, whole_ranges
from boxwright.dataset.rules import check, clean
from boxwright.dataset.summary import FaultyBox, Summary, percent
from boxwright.dataset.thumbnails import Colour, class_colour, crop, thumbnail
from boxwright.formats.sample import Dataset

MOST_PICTURES = 12
MOST_BOXES = 60
MOST_GROUPS = 8
THUMBNAIL_SIDE = 320
CROP_SIDE = 140
BAR_COLOUR: Colour = (70, 110, 180)

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1d2733; background: #f4f6f8;
  margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 24px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 12px; }
.lead { color: #5a6878; margin: 2px 0 20px; }
.card { background: #fff; border: 1px solid #e1e6ec; border-radius: 10px; padding: 18px 20px; margin: 0 0 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 14px; margin: 0 0 18px; }
.tile { background: #fff; border: 1px solid #e1e6ec; border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 23px; line-height: 1.25; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tile span { color: #5a6878; font-size: 13px; }
.columns { columns: 2 420px; column-gap: 18px; margin-bottom: 18px; }
.columns .card { break-inside: avoid; }
.finding { border-left: 4px solid #9aa7b5; padding: 2px 0 2px 12px; margin: 0 0 10px; }
.finding:last-child { margin: 0; }
.finding.error { border-color: #d12c2c; } .finding.warning { border-color: #e59a12; }
.finding small { color: #5a6878; display: block; font-size: 14px; }
.badge { font-size: 11px; font-weight: 600; text-transform: uppercase; letter-spacing: .04em; margin-right: 6px; }
.error .badge { color: #d12c2c; } .warning .badge { color: #b87400; } .note .badge { color: #5a6878; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: #5a6878; font-weight: 500; font-size: 13px; padding: 2px 10px 4px 0; }
td { padding: 3px 10px 3px 0; vertical-align: middle; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { white-space: nowrap; }
.scale { width: 50%; padding-right: 0; }
.bar { height: 13px; border-radius: 3px; min-width: 1px; }
.ruled td { border-top: 1px solid #e9edf1; padding: 8px 14px 8px 0; overflow-wrap: break-word; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 14px; }
figure { margin: 0; } figure img { width: 100%; border-radius: 6px; display: block; }
figcaption { font-size: 12px; color: #5a6878; overflow-wrap: anywhere; margin-top: 3px; }
.crop { display: block; border-radius: 5px; max-width: 140px; }
.more { color: #5a6878; margin: 10px 0 6px; }
"""


def html_report(health: Health, dataset: Dataset, name: str) -> str:
    """Write a page with pictures; a few of them are read again from `dataset`, which `health` was made from.

    Args:
        name: the data set, as the user named it.
    """
    seen = health.observations
    body = [
        f'<h1>{escape(name)}</h1><p class="lead">{escape(headline(health.summary))}</p>',
        _tiles(health.summary, seen),
        _card("Findings", _findings(health.findings)),
        _card("Classes", _classes(health.summary)),
        f'<div class="columns">{_charts(seen)}</div>',
        _card("Pictures with their boxes", _gallery(dataset, health.summary)),
        _card("Rejected boxes", _faulty_boxes(dataset, health.summary)),
        _card("Unreadable pictures", _faulty_pictures(health.summary)),
        _card("Pictures without a label", _pairs([(source, "not used") for source in health.unlabelled])),
        _card("Odd pictures", _odd_pictures(seen)),
        _card("The same picture more than once", _groups(dataset, seen.duplicates, len(health.summary.classes))),
        _card("Pictures that look alike", _groups(dataset, seen.near_duplicates, len(health.summary.classes))),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)}: data report</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(part for part in body if part)}\n</main></body></html>\n"
    )


def _card(title: str, content: str) -> str:
    return f'<section class="card"><h2>{title}</h2>{content}</section>' if content else ""


def _tiles(summary: Summary, seen: Observations) -> str:
    height, width = summary.median_size
    rejected = percent(summary.num_rejected / max(1, summary.num_boxes))
    tiles = [
        (f"{summary.num_pictures:,}", "pictures"),
        (f"{summary.num_boxes:,}", "boxes"),
        (f"{len(summary.classes):,}", "classes"),
        (f"{summary.num_rejected:,}", f"rejected ({rejected})"),
        (f"{summary.num_empty:,}", "without boxes"),
        (f"{width} × {height}", "median size, px" if len(seen.picture_sizes) > 1 else "size of all, px"),
    ]
    return f'<div class="tiles">{"".join(f"<div class=tile><b>{b}</b><span>{s}</span></div>" for b, s in tiles)}</div>'


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "<p>Nothing to attend to.</p>"
    return "".join(
        f'<div class="finding {one.severity}"><span class="badge">{one.severity}</span>{escape(one.message)}'
        f"<small>{escape(one.way_out)}</small></div>"
        for one in findings
    )


def _bar(count: int, most: int, colour: Colour = BAR_COLOUR) -> str:
    style = f"width:{100 * count / max(1, most):.2f}%;background:rgb{colour}"
    return f'<td class="scale"><div class="bar" style="{style}"></div></td>' if count else '<td class="scale"></td>'


def _classes(summary: Summary) -> str:
    most = max([1, *(one.kept for one in summary.classes)])
    rows = "".join(
        f'<tr><td class="number">{one.id}</td><td class="name">{escape(one.name)}</td>'
        f'<td class="number">{one.kept:,}</td><td class="number">{one.rejected:,}</td>'
        f'<td class="number">{one.pictures:,}</td>{_bar(one.kept, most, class_colour(label))}</tr>'
        for label, one in enumerate(summary.classes)
    )
    heads = "".join(f'<th class="number">{head}</th>' for head in ("boxes", "rejected", "pictures"))
    return f'<table><tr><th class="number">id</th><th>class</th>{heads}<th></th></tr>{rows}</table>'


def _charts(seen: Observations) -> str:
    charts = [
        ("Box sizes, as COCO counts them", COCO_NAMES, seen.coco_sizes),
        ("Boxes a picture", whole_ranges(seen.boxes_a_picture), seen.boxes_a_picture),
        ("Box sizes: square root of area, px", ranges(seen.box_sides), seen.box_sides),
        ("Box sizes: share of the picture's side", ranges(seen.box_shares, percent), seen.box_shares),
        ("Box shapes: width / height", ranges(seen.aspects), seen.aspects),
    ]
    sizes = [(f"{one.width} × {one.height}", one.pictures) for one in seen.picture_sizes[:8]]
    rest = sum(one.pictures for one in seen.picture_sizes[8:])
    sizes += [(f"{len(seen.picture_sizes) - 8} other sizes", rest)] if rest else []
    cards = [_card(escape(title), _histogram(names, histogram)) for title, names, histogram in charts]
    return "".join([*cards, _card("Picture sizes, px", _rows(sizes)), _card("Formats", _rows([*seen.formats.items()]))])


def _histogram(names: Sequence[str], histogram: Histogram) -> str:
    return _rows(list(zip(names, histogram.counts, strict=True))) if any(histogram.counts) else ""


def _rows(counts: Sequence[tuple[str, int]]) -> str:
    most = max([1, *(number for _, number in counts)])
    rows = (
        f'<tr><td class="name">{escape(name)}</td><td class="number">{number:,}</td>{_bar(number, most)}</tr>'
        for name, number in counts
    )
    return f"<table>{''.join(rows)}</table>" if counts else ""


def _gallery(dataset: Dataset, summary: Summary) -> str:
    unreadable = {one.sample for one in summary.faulty_pictures}
    readable = [index for index in range(len(dataset)) if index not in unreadable]
    chosen = readable[:: max(1, len(readable) // MOST_PICTURES)][:MOST_PICTURES]
    figures = "".join(_figure(dataset, index, len(summary.classes)) for index in chosen)
    return f'<div class="gallery">{figures}</div>' if figures else ""


def _figure(dataset: Dataset, index: int, num_classes: int) -> str:
    sample = dataset[index]
    sample = clean(sample, check(sample, num_classes))
    uri = thumbnail(sample.encoded, sample.boxes, [class_colour(label) for label in sample.labels], THUMBNAIL_SIDE)
    boxes = number_of(len(sample.boxes), "box", "boxes")
    return f'<figure><img src="{uri}" alt=""><figcaption>{escape(sample.source)}: {boxes}</figcaption></figure>'


def _more(total: int, shown: int) -> str:
    return f'<p class="more">and {total - shown:,} more (all are in the JSON report)</p>' if total > shown else ""


def _faulty_boxes(dataset: Dataset, summary: Summary) -> str:
    listed = [box for box in summary.faulty_boxes if box.rule != "picture"]
    rows = "".join(_faulty_row(dataset, box) for box in listed[:MOST_BOXES])
    table = (
        f"<table class=ruled><tr><th></th><th>picture</th><th>class</th><th>rule</th><th>reason</th></tr>{rows}</table>"
    )
    return f"{table}{_more(len(listed), MOST_BOXES)}" if listed else ""


def _faulty_row(dataset: Dataset, box: FaultyBox) -> str:
    sample = dataset[box.sample]
    image = f'<img class="crop" src="{crop(sample.encoded, sample.boxes[box.box], CROP_SIDE)}" alt="">'
    rule = f'<td class="name">{box.rule}</td>'
    texts = (f"<td>{escape(text)}</td>" for text in (box.source, box.class_name))
    return f"<tr><td>{image}</td>{''.join(texts)}{rule}<td>{escape(box.reason)}</td></tr>"


def _faulty_pictures(summary: Summary) -> str:
    rows = [(one.source, f"{one.reason} ({number_of(one.boxes, 'box', 'boxes')})") for one in summary.faulty_pictures]
    return _pairs(rows)


def _odd_pictures(seen: Observations) -> str:
    return _pairs([(one.source, one.note) for one in (*seen.resized, *seen.rotated, *seen.misnamed)])


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td>{escape(one)}</td><td>{escape(other)}</td></tr>" for one, other in rows[:MOST_BOXES])
    return f'<table class="ruled">{lines}</table>{_more(len(rows), MOST_BOXES)}' if rows else ""


def _groups(dataset: Dataset, groups: Sequence[tuple[int, ...]], num_classes: int) -> str:
    parts = []
    for group in groups[:MOST_GROUPS]:
        sources = ", ".join(escape(dataset[index].source) for index in group[:4])
        figures = "".join(_figure(dataset, index, num_classes) for index in group[:2])
        parts.append(
            f'<p class="more">{number_of(len(group), "sample")}: {sources}</p><div class="gallery">{figures}</div>'
        )
    return f"{''.join(parts)}{_more(len(groups), MOST_GROUPS)}" if parts else ""
