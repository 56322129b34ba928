"""The one set of rules for labelled boxes: the data doctor reports by them and training leaves out by them.

A box is judged alone: one bad box never costs its neighbours. Only a picture that cannot be read takes its boxes along.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from boxwright import imaging
from boxwright.formats.sample import Sample, no_boxes

Rule = Literal["label", "not-finite", "degenerate", "outside", "sticks-out", "thin", "duplicate", "picture"]

RULES: dict[Rule, str] = {
    "label": "the label lies in 1..K",
    "not-finite": "all four corners are finite numbers",
    "degenerate": "xmin < xmax and ymin < ymax",
    "outside": "the box touches the picture",
    "sticks-out": "the box ends at most 1 % of the side (or 1 px) beyond the picture; so much is clipped",
    "thin": "within the picture, the box is at least 1 px wide and high",
    "duplicate": "no earlier box of the picture has the same label and corners",
    "picture": "the box's picture can be read",
}
"""What each rule asks, in the order in which they are applied; a box is rejected by the first that it breaks."""

STICK_OUT_SHARE = 0.01
STICK_OUT_PIXELS = 1.0
ROUNDING_PIXELS = 0.1
"""Boxes that stick out by less, as coordinates rounded to a few digits do, are clipped without being counted."""

THINNEST = 0.999
"""A box of exactly one pixel may come back from normalised float32 coordinates a little thinner."""

CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class Rejected:
    """One box that is left out: its 0-based place in the sample, its inner label as stated, the rule that it breaks,
    and one line that says how."""

    box_index: int
    label: int
    rule: Rule
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """What is left of a sample, without its picture's bytes.

    Attributes:
        width, height: stored size in pixels as the picture's own header says (as stated, if it cannot be read).
        boxes: float32 (N, 4), xyxy absolute pixels inside the picture, at least 1 px wide and high.
        labels: int64 (N,), in 0..K-1.
        crowd: bool (N,).
        rejected: the boxes left out, by rising `box_index`.
        clipped: number of kept boxes that stuck out by more than rounding and were clipped.
        header: format, size and EXIF orientation; None if the picture cannot be read.
        fault: why the picture cannot be used; empty if it can.
    """

    source: str
    width: int
    height: int
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    rejected: tuple[Rejected, ...]
    clipped: int
    header: imaging.PictureHeader | None
    fault: str = ""

    @property
    def usable(self) -> bool:
        """Whether the picture can be read."""
        return not self.fault


def check(sample: Sample, num_classes: int, *, decode: bool = False) -> Checked:
    """Judge a sample's picture and each of its boxes.

    Args:
        sample: as its data set states it.
        num_classes: K; inner labels lie in 0..K-1. Messages count them from 1.
        decode: decode every picture in full and look for damage inside JPEGs. Otherwise only its header is read, and a
            picture is decoded only if its last bytes look cut off.
    """
    try:
        header = imaging.header(sample.encoded)
        if decode or not _looks_complete(header.format, sample.encoded):
            imaging.decode(sample.encoded)
        if decode:
            imaging.check_whole(sample.encoded)
    except ValueError as error:
        return _unusable(sample, str(error))
    return _check_boxes(sample, num_classes, header)


def clean(sample: Sample, checked: Checked) -> Sample:
    """The sample with its picture's true size and only the boxes that were kept."""
    return replace(
        sample,
        width=checked.width,
        height=checked.height,
        boxes=checked.boxes,
        labels=checked.labels,
        crowd=checked.crowd,
    )


def _looks_complete(kind: str, encoded: bytes) -> bool:
    if kind == "JPEG":
        return encoded.rstrip(b"\0")[-2:] == b"\xff\xd9"
    if kind == "PNG":
        return b"IEND" in encoded[-16:]
    return False  # GIF and BMP are rare and say nothing at their end


def _unusable(sample: Sample, fault: str) -> Checked:
    labels = sample.labels.tolist()
    rejected = tuple(Rejected(index, label, "picture", f"box {index}: {fault}") for index, label in enumerate(labels))
    return Checked(sample.source, sample.width, sample.height, *no_boxes(), rejected, 0, None, fault)


def _check_boxes(sample: Sample, num_classes: int, header: imaging.PictureHeader) -> Checked:
    limits = np.array([header.width, header.height] * 2, np.float32)
    clipped = np.clip(sample.boxes, 0, limits)
    broken = _first_broken(sample, clipped, limits, num_classes)
    known = (header, num_classes)
    rejected = tuple(
        Rejected(index, int(sample.labels[index]), rule, f"box {index}: {_reason(rule, sample, index, known)}")
        for index, rule in enumerate(broken)
        if rule is not None
    )
    kept = np.array([rule is None for rule in broken], np.bool_)
    return Checked(
        sample.source,
        header.width,
        header.height,
        clipped[kept].astype(np.float32),
        sample.labels[kept],
        sample.crowd[kept],
        rejected,
        int((abs(clipped - sample.boxes)[kept] > ROUNDING_PIXELS).any(1).sum()),
        header,
    )


def _margins(limits: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far out a box may end before it is rejected, in pixels, for x and y."""
    return np.asarray(np.maximum(limits[:2] * STICK_OUT_SHARE, STICK_OUT_PIXELS), np.float32)


def _any_axis(broken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(broken.any(1), np.bool_)


def _first_broken(
    sample: Sample, clipped: NDArray[np.float32], limits: NDArray[np.float32], num_classes: int
) -> list[Rule | None]:
    low, high = sample.boxes[:, :2], sample.boxes[:, 2:]
    size, margin = limits[:2], _margins(limits)
    masks: dict[Rule, NDArray[np.bool_]] = {
        "label": (sample.labels < 0) | (sample.labels >= num_classes),
        "not-finite": _any_axis(~np.isfinite(sample.boxes)),
        "degenerate": _any_axis(high <= low),
        "outside": _any_axis((high <= 0) | (low >= size)),
        "sticks-out": _any_axis((low < -margin) | (high > size + margin)),
        "thin": _any_axis(clipped[:, 2:] - clipped[:, :2] < THINNEST),
    }
    broken: list[Rule | None] = [None] * len(sample.boxes)
    for rule in reversed(masks):
        for index in np.flatnonzero(masks[rule]):
            broken[index] = rule
    return _without_repeats(sample, broken)


def _twin_key(sample: Sample, index: int) -> tuple[float, ...]:
    return (int(sample.labels[index]), bool(sample.crowd[index]), *sample.boxes[index].tolist())


def _without_repeats(sample: Sample, broken: Sequence[Rule | None]) -> list[Rule | None]:
    seen: set[tuple[float, ...]] = set()
    result = list(broken)
    for index, rule in enumerate(broken):
        if rule is None:
            key = _twin_key(sample, index)
            if key in seen:
                result[index] = "duplicate"
            seen.add(key)
    return result


def _reason(rule: Rule, sample: Sample, index: int, known: tuple[imaging.PictureHeader, int]) -> str:
    header, num_classes = known
    corners = [round(float(value), 2) for value in sample.boxes[index]]
    if rule == "label":
        return f"label {int(sample.labels[index]) + 1} is not in 1..{num_classes} (label)"
    if rule == "duplicate":
        keys = [_twin_key(sample, earlier) for earlier in range(index + 1)]
        return f"same label and corners as box {keys.index(keys[index])} (duplicate)"
    if rule == "not-finite":
        parts = [f"{name} is {value}" for name, value in zip(CORNERS, corners, strict=True) if not math.isfinite(value)]
        return f"{', '.join(parts)} (not finite)"
    if rule == "degenerate":
        return _degenerate_reason(corners)
    return _place_reason(rule, corners, header)


def _degenerate_reason(corners: Sequence[float]) -> str:
    pairs = [f"{CORNERS[axis]} {corners[axis]} >= {CORNERS[axis + 2]} {corners[axis + 2]}" for axis in (0, 1)]
    return f"{', '.join(pairs[axis] for axis in (0, 1) if corners[axis] >= corners[axis + 2])} (degenerate)"


def _place_reason(rule: Rule, corners: Sequence[float], header: imaging.PictureHeader) -> str:
    """Say on the worse of the two axes where a box lies against the picture."""
    sizes = (header.width, header.height)
    excess = [max(-corners[axis], corners[axis + 2] - sizes[axis]) / sizes[axis] for axis in (0, 1)]
    axis = excess.index(max(excess))
    side, size = ("width", "height")[axis], sizes[axis]
    low, high = corners[axis], corners[axis + 2]
    if rule == "thin":
        spans = [min(corners[a + 2], sizes[a]) - max(corners[a], 0.0) for a in (0, 1)]
        thin = spans.index(min(spans))
        return f"{('width', 'height')[thin]} {round(spans[thin], 2)} px < 1 px within the picture (thin)"
    if rule == "outside":
        low_side = high <= 0
        text = f"{CORNERS[axis + 2]} {high} <= 0" if low_side else f"{CORNERS[axis]} {low} >= {side} {size}"
        return f"{text} (outside the picture)"
    margin = round(max(size * STICK_OUT_SHARE, STICK_OUT_PIXELS), 2)
    if -low > high - size:
        return f"{CORNERS[axis]} {low} < 0 (sticks out; up to {margin} px is clipped)"
    return f"{CORNERS[axis + 2]} {high} > {side} {size} (sticks out; up to {margin} px is clipped)"
