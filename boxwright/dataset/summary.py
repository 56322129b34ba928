"""What a data set holds that training can use, counted in one quick pass that decodes no picture."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np

from boxwright.dataset.rules import Checked, Rule, check
from boxwright.formats.sample import ClassName, Dataset, numbered_classes
from boxwright.spec.knob import Frozen

MAX_REJECTED_SHARE = 0.1
"""Training stops when more than this share of boxes is lost, unless told otherwise."""

STRAY_SHARE = 0.01
STRAY_BOXES = 2
"""A label outside 1..K on at most this share of boxes, or this many boxes, is a slip and not a class of its own."""


class ClassCount(Frozen):
    """One class in 1..K: boxes as stated, boxes kept, and pictures that show at least one kept box."""

    id: int
    name: str
    boxes: int
    kept: int
    pictures: int

    @property
    def rejected(self) -> int:
        """Boxes left out."""
        return self.boxes - self.kept


class OutsideLabel(Frozen):
    """A label that is not in 1..K, counted from 1 as in the data, and its number of boxes."""

    label: int
    boxes: int


class FaultyBox(Frozen):
    """A rejected box: where it is (0-based sample and box), its class as users know it, the rule and the reason."""

    sample: int
    source: str
    box: int
    class_name: str
    rule: Rule
    reason: str

    @property
    def line(self) -> str:
        """The whole story in one line."""
        return f"{self.source}: {self.reason}"


class FaultyPicture(Frozen):
    """A picture that cannot be used, and how many boxes go with it."""

    sample: int
    source: str
    boxes: int
    reason: str


class Summary(Frozen):
    """Counts of a data set by the rules of `boxwright.dataset.rules`.

    `median_size` is (height, width) in pixels of the readable pictures, (0, 0) if there is none; `num_empty` counts
    readable pictures for which no box is stated.
    """

    num_pictures: int
    num_empty: int
    num_boxes: int
    num_clipped: int
    median_size: tuple[int, int]
    classes: tuple[ClassCount, ...]
    outside_labels: tuple[OutsideLabel, ...]
    faulty_boxes: tuple[FaultyBox, ...]
    faulty_pictures: tuple[FaultyPicture, ...]

    @property
    def num_rejected(self) -> int:
        """Boxes left out for any reason."""
        return len(self.faulty_boxes)

    @property
    def num_kept(self) -> int:
        """Boxes that training uses."""
        return self.num_boxes - self.num_rejected

    @property
    def rejected_share(self) -> float:
        """Rejected boxes as a share of all; repeats of a kept box are not counted, since nothing is lost with them."""
        return (self.num_rejected - self.rules["duplicate"]) / max(1, self.num_boxes)

    @property
    def rules(self) -> Counter[Rule]:
        """Rejected boxes by rule."""
        return Counter(box.rule for box in self.faulty_boxes)

    @property
    def lost_classes(self) -> tuple[ClassCount, ...]:
        """Classes that have boxes, none of which is kept."""
        return tuple(count for count in self.classes if count.boxes and not count.kept)

    @property
    def lost_labels(self) -> tuple[OutsideLabel, ...]:
        """Labels outside 1..K that are too frequent to be slips."""
        limit = max(STRAY_BOXES, STRAY_SHARE * self.num_boxes)
        return tuple(outside for outside in self.outside_labels if outside.boxes > limit)


def summarise(dataset: Dataset, num_classes: int) -> tuple[tuple[Checked, ...], Summary]:
    """Check every sample by its boxes and its picture's header.

    Returns:
        for each sample, in order, its kept boxes without the picture's bytes; and the counts.
    """
    checked = tuple(check(sample, num_classes) for sample in dataset)
    return checked, count(checked, known_classes(dataset.classes, num_classes))


def known_classes(classes: Sequence[ClassName], num_classes: int) -> tuple[ClassName, ...]:
    """Exactly `num_classes` classes: the data set's own, and where it names fewer, the free ids from 1 on."""
    taken = {one.id for one in classes}
    free = (one for one in numbered_classes(num_classes + len(classes)) if one.id not in taken)
    return (*classes[:num_classes], *islice(free, max(0, num_classes - len(classes))))


def count(checked: Sequence[Checked], classes: Sequence[ClassName]) -> Summary:
    """Add up checked samples."""
    faulty = tuple(
        FaultyBox(
            sample=index,
            source=sample.source,
            box=box.box_index,
            class_name=_class_name(box.label, classes),
            rule=box.rule,
            reason=box.reason,
        )
        for index, sample in enumerate(checked)
        for box in sample.rejected
    )
    kept = sum(len(sample.boxes) for sample in checked)
    return Summary(
        num_pictures=len(checked),
        num_empty=sum(sample.usable and not len(sample.boxes) and not sample.rejected for sample in checked),
        num_boxes=kept + len(faulty),
        num_clipped=sum(sample.clipped for sample in checked),
        median_size=_median_size(checked),
        classes=_class_counts(checked, classes),
        outside_labels=_outside_labels(checked, len(classes)),
        faulty_boxes=faulty,
        faulty_pictures=tuple(
            FaultyPicture(sample=index, source=sample.source, boxes=len(sample.rejected), reason=sample.fault)
            for index, sample in enumerate(checked)
            if not sample.usable
        ),
    )


def require_usable(summary: Summary, max_rejected_share: float = MAX_REJECTED_SHARE, path: str = "PATH") -> None:
    """Stop where training would go on without what its user believes it has.

    Args:
        summary: of `summarise`, or `Health.summary`.
        max_rejected_share: 0..1, of boxes and likewise of pictures.
        path: the data set, as the user named it.

    Raises:
        ValueError: no box is left, too many boxes or pictures are rejected, or a class is lost; with all that applies.
    """
    problems = _share_problems(summary, max_rejected_share) + _class_problems(summary)
    if not summary.num_kept:
        problems.insert(0, f"none of the {summary.num_boxes:,} boxes in {summary.num_pictures:,} pictures can be used")
    if problems:
        first = f"; the first: {summary.faulty_boxes[0].line}" if summary.faulty_boxes else ""
        raise ValueError(f"{'; '.join(problems)}{first}; see every one with `boxwright data inspect {path}`")


def _share_problems(summary: Summary, limit: float) -> list[str]:
    problems = []
    if summary.rejected_share > limit:
        rules = ", ".join(f"{rule} {number:,}" for rule, number in summary.rules.most_common())
        problems.append(
            f"{summary.num_rejected:,} of {summary.num_boxes:,} boxes ({percent(summary.rejected_share)}) were "
            f"rejected ({rules}); at most {percent(limit)} is allowed (max_rejected_share)"
        )
    faulty = len(summary.faulty_pictures)
    if faulty > limit * summary.num_pictures:
        share = percent(faulty / summary.num_pictures)
        problems.append(
            f"{faulty:,} of {summary.num_pictures:,} pictures ({share}) cannot be read, among them "
            f"{summary.faulty_pictures[0].source}: {summary.faulty_pictures[0].reason}"
        )
    return problems


def _class_problems(summary: Summary) -> list[str]:
    known = len(summary.classes)
    lost = [
        f"every box of class {count.id} ({count.name}) was rejected, {count.boxes:,} in all"
        for count in summary.lost_classes
    ]
    labels = [
        f"{outside.boxes:,} boxes have label {outside.label}, but labels must lie in 1..{known}: "
        + ("labels start at 1 for the first class" if outside.label < 1 else "num_classes may be too small")
        for outside in summary.lost_labels
    ]
    return lost + labels


def percent(share: float) -> str:
    """A share as text, with two digits that count: 0.15 is "15 %", 0.00041 is "0.041 %"."""
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


def _class_name(label: int, classes: Sequence[ClassName]) -> str:
    return classes[label].name if 0 <= label < len(classes) else f"label {label + 1}"


def _median_size(checked: Sequence[Checked]) -> tuple[int, int]:
    sizes = [(sample.height, sample.width) for sample in checked if sample.usable]
    if not sizes:
        return 0, 0
    height, width = np.median(np.array(sizes), axis=0)
    return round(float(height)), round(float(width))


def _class_counts(checked: Sequence[Checked], classes: Sequence[ClassName]) -> tuple[ClassCount, ...]:
    kept, pictures, rejected = Counter[int](), Counter[int](), Counter[int]()
    for sample in checked:
        labels = sample.labels.tolist()
        kept.update(labels)
        pictures.update(set(labels))
        rejected.update(box.label for box in sample.rejected)
    return tuple(
        ClassCount(id=known.id, name=known.name, boxes=kept[i] + rejected[i], kept=kept[i], pictures=pictures[i])
        for i, known in enumerate(classes)
    )


def _outside_labels(checked: Sequence[Checked], num_classes: int) -> tuple[OutsideLabel, ...]:
    numbers = Counter(box.label + 1 for sample in checked for box in sample.rejected)
    outside = sorted(label for label in numbers if not 1 <= label <= num_classes)
    return tuple(OutsideLabel(label=label, boxes=numbers[label]) for label in outside)
