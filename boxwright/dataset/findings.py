"""What is wrong with a data set, how grave it is, and the way out."""

from collections.abc import Iterator
from typing import Literal

from boxwright.dataset.observations import Observations
from boxwright.dataset.rules import Rule
from boxwright.dataset.summary import MAX_REJECTED_SHARE, ClassCount, Summary, percent
from boxwright.spec.knob import Frozen

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

FEW_BOXES = 20
"""A class with fewer boxes is hard to learn and its accuracy hard to measure."""


class Finding(Frozen):
    """One matter to attend to.

    Attributes:
        severity: `error` stops training, `warning` is likely to cost accuracy, `note` is good to know.
        rule: the name of what was found; rejected boxes carry their rule's name.
        count: how many boxes, pictures or classes it concerns.
        message: what was found.
        way_out: what to do about it.
    """

    severity: Severity
    rule: str
    count: int
    message: str
    way_out: str


BOX_FINDINGS: dict[Rule, tuple[Severity, str, str]] = {
    "label": ("warning", "with a label outside 1..K", "Correct the labels, or set the number of classes."),
    "not-finite": ("warning", "with corners that are not finite numbers", "Draw them again or delete them."),
    "degenerate": ("warning", "without width or height", "Draw them again or delete them."),
    "outside": ("warning", "outside the picture", "Check the picture's size and the units of coordinates."),
    "sticks-out": ("warning", "sticking out of the picture", "Check the picture's size and the units of coordinates."),
    "thin": ("warning", "thinner than 1 px", "Draw them again or delete them."),
    "duplicate": ("note", "repeated within a picture", "Nothing is lost: one of each is kept."),
}
"""Severity, what the boxes are like, and way out, by rule; unreadable pictures have a finding of their own."""


def find(summary: Summary, observations: Observations, unlabelled: int = 0) -> tuple[Finding, ...]:
    """All findings, by severity and then by count.

    Args:
        unlabelled: pictures that are listed without a label and not used.
    """
    parts = (
        *(_losses(summary), _boxes(summary), _classes(summary)),
        *(_pictures(observations), _unlabelled(unlabelled, summary), _notes(summary)),
    )
    found = [finding for part in parts for finding in part]
    return tuple(sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), -finding.count)))


def number_of(count: int, noun: str, many: str = "") -> str:
    """A count with its noun: "1 box", "2 boxes"."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def _finding(severity: Severity, rule: str, count: int, message: str, way_out: str) -> Finding:
    return Finding(severity=severity, rule=rule, count=count, message=message, way_out=way_out)


def _losses(summary: Summary) -> Iterator[Finding]:
    if not summary.num_kept:
        message = f"None of {number_of(summary.num_boxes, 'box', 'boxes')} can be used."
        yield _finding("error", "no-boxes", summary.num_boxes, message, "Label some objects, or check the path.")
    if summary.rejected_share > MAX_REJECTED_SHARE:
        message = (
            f"{percent(summary.rejected_share)} of boxes are rejected; training accepts {percent(MAX_REJECTED_SHARE)}."
        )
        yield _finding("error", "too-many-rejected", summary.num_rejected, message, "Correct the boxes listed below.")
    for outside in summary.lost_labels:
        message = f"{outside.boxes:,} boxes have label {outside.label}; labels lie in 1..{len(summary.classes)}."
        way_out = "Number the classes from 1, or set the number of classes to the highest label."
        yield _finding("error", "unknown-class", outside.boxes, message, way_out)
    for lost in summary.lost_classes:
        message = f"All {number_of(lost.boxes, 'box', 'boxes')} of class {_title(lost)} are rejected."
        yield _finding("error", "lost-class", lost.boxes, message, "Correct the boxes listed below.")
    if faulty := len(summary.faulty_pictures):
        grave = faulty > MAX_REJECTED_SHARE * summary.num_pictures
        boxes = number_of(sum(picture.boxes for picture in summary.faulty_pictures), "box", "boxes")
        message = f"{number_of(faulty, 'picture')} (with {boxes}) unreadable."
        way_out = "Copy or export these pictures again."
        yield _finding("error" if grave else "warning", "picture", faulty, message, way_out)


def _boxes(summary: Summary) -> Iterator[Finding]:
    for rule, (severity, fault, way_out) in BOX_FINDINGS.items():
        if number := summary.rules[rule]:
            yield _finding(severity, rule, number, f"{number_of(number, 'box', 'boxes')} {fault}.", way_out)


def _title(known: ClassCount) -> str:
    return f"{known.id}" if known.name == str(known.id) else f"{known.id} ({known.name})"


def _classes(summary: Summary) -> Iterator[Finding]:
    unused = [known for known in summary.classes if not known.boxes]
    if unused and summary.num_boxes:
        message = f"No box shows {_listed(unused)}: labels are not contiguous."
        yield _finding("warning", "unused-class", len(unused), message, "Label some, or leave these classes out.")
    rare = [known for known in summary.classes if 0 < known.kept < FEW_BOXES]
    if rare:
        message = f"Fewer than {FEW_BOXES} boxes show {_listed(rare)}."
        yield _finding("warning", "rare-class", len(rare), message, "Label more of them.")


def _listed(classes: list[ClassCount], most: int = 8) -> str:
    names = ", ".join(_title(known) for known in classes[:most])
    more = f" and {len(classes) - most} more" if len(classes) > most else ""
    return f"{'class' if len(classes) == 1 else 'classes'} {names}{more}"


def _pictures(observations: Observations) -> Iterator[Finding]:
    if number := len(observations.resized):
        message = f"{number_of(number, 'picture')} with a stated size that is not the true one."
        way_out = "Check that boxes refer to the stored picture: before EXIF rotation, and not to a smaller copy."
        yield _finding("warning", "stated-size", number, message, way_out)
    if number := len(observations.rotated):
        message = (
            f"{number_of(number, 'picture')} shown rotated by viewers (EXIF); boxes refer to the pixels as stored."
        )
        way_out = "Boxes stated for the rotated size are mapped back when read; export others again without rotation."
        yield _finding("warning", "exif-rotation", number, message, way_out)
    if groups := observations.duplicates:
        number = sum(len(group) - 1 for group in groups)
        message = f"{number_of(number, 'picture')} equal to another one byte for byte."
        yield _finding("warning", "duplicate-picture", number, message, "Keep one of each, with all of its boxes.")
    if groups := observations.near_duplicates:
        number = sum(len(group) - 1 for group in groups)
        message = f"{number_of(number, 'picture')} much like another one."
        way_out = "Look whether they are copies; if so, keep them out of the validation data."
        yield _finding("note", "alike-picture", number, message, way_out)
    if number := len(observations.misnamed):
        message = f"{number_of(number, 'picture')} named as another format ({observations.misnamed[0].note})."
        yield _finding("note", "misnamed", number, message, "Nothing is lost: formats are told by content.")
    if number := len(observations.not_rgb):
        first = observations.not_rgb[0]
        message = f"{number_of(number, 'picture')} without exactly 3 channels ({first.source}: {first.note})."
        way_out = "Nothing is lost: they are read as RGB. Services that take 3 channels only refuse them."
        yield _finding("note", "channels", number, message, way_out)


def _unlabelled(number: int, summary: Summary) -> Iterator[Finding]:
    if number:
        message = (
            f"{number:,} of {number_of(number + summary.num_pictures, 'listed picture')} without a label, and not used."
        )
        yield _finding("warning", "without-label", number, message, "Label them, or take them out of the list.")


def _notes(summary: Summary) -> Iterator[Finding]:
    if number := summary.num_clipped:
        message = f"{number_of(number, 'box', 'boxes')} sticking out by at most 1 % or 1 px, and clipped."
        yield _finding("note", "clipped", number, message, "Nothing is lost.")
    if number := summary.num_empty:
        message = f"{number_of(number, 'picture')} without boxes, used as background."
        yield _finding("note", "unlabelled", number, message, "Label them if they do show objects.")
