"""Does an exported model find what the evaluated model found? If not, it is refused, with the numbers.

The rule. On each picture, the 100 best detections of either model must each meet one of the other's: same class,
intersection over union of at least 0.99, scores within 0.01; no detection is met twice. A detection that meets none is
excused in three cases, because rounding may decide them:

1. Its score is within 0.01 of the score threshold, so the other model may have dropped it.
2. The other list is full, and its score is within 0.01 of the other's last: it may have fallen off the end.
3. The other model may have suppressed it, and this one not: the other has a box of the same class that overlaps it by
   more than the suppression threshold and scores within 0.001 of it (a tie, which decides who suppresses whom), or one
   of at least its score less 0.001 whose overlap is within 0.01 of the suppression threshold.

The third case could hide boxes that are moved, so at most one detection in fifty may be excused by it, over all
pictures (one where there are fewer than fifty).
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from boxwright import imaging
from boxwright.metrics.boxes import Predictions
from boxwright.models.detector import Detector, PostProcessing
from boxwright.ops import boxes as box_ops

BEST = 100
MIN_IOU = 0.99
MAX_SCORE_DIFFERENCE = 0.01
BORDER_IOU = 0.01
TIED_SCORE = 0.001
MAX_TIES = 0.02
SAME_CORNER = 0.5
"""Boxes whose corners all lie within so many pixels meet whatever their overlap: boxes cut to a line have no area."""


class Found(Protocol):
    """Detections of one picture, best first: xyxy pixels of the stored picture (N, 4), scores and 0-based labels."""

    @property
    def boxes(self) -> NDArray[np.floating]: ...

    @property
    def scores(self) -> NDArray[np.floating]: ...

    @property
    def labels(self) -> NDArray[np.integer]: ...


Run = Callable[[Sequence[bytes]], Sequence[Found]]
"""Detects on encoded pictures."""


class ExportMismatch(ValueError):
    """An exported model does not reproduce the evaluated one."""


@dataclass(frozen=True)
class Unmet:
    """A detection that meets none of the other model's.

    Attributes:
        side: whose it is.
        label, score: of the detection.
        iou: largest overlap with a detection of its class by the other model; 0 where that found none.
        difference: of the scores of these two; its own score where there is no other.
        excuse: "margin" (cases 1 and 2 of the rule), "tie" (case 3) or "".
    """

    side: str
    label: int
    score: float
    iou: float
    difference: float
    excuse: str

    def __str__(self) -> str:
        return (
            f"{self.side} detection of label {self.label} and score {self.score:.4f} meets none: the nearest of its "
            f"class has IoU {self.iou:.4f} and a score {self.difference:.4f} away"
        )


@dataclass(frozen=True)
class Agreement:
    """How far two models agree.

    Attributes:
        pictures: compared.
        detections: of both models, among each picture's best.
        unmet: those that meet none of the other model's, with the index of their picture.
        worst_iou: the smallest overlap between counterparts, margins left out; 1 where there is nothing to compare.
        worst_score: the largest difference of their scores.
    """

    pictures: int
    detections: int
    unmet: tuple[tuple[int, Unmet], ...]
    worst_iou: float
    worst_score: float

    def count(self, excuse: str) -> int:
        """Unmet detections with this excuse."""
        return sum(one.excuse == excuse for _, one in self.unmet)

    @property
    def accepted(self) -> bool:
        """True where the rule is kept."""
        return not self.count("") and self.count("tie") <= max(1, MAX_TIES * self.detections)

    def __str__(self) -> str:
        text = (
            f"{self.pictures} pictures, {self.detections} detections, of which {self.count('')} meet none, "
            f"{self.count('tie')} are ties and {self.count('margin')} lie at a margin; worst IoU {self.worst_iou:.4f}, "
            f"worst score difference {self.worst_score:.4f}"
        )
        bad = [(picture, one) for picture, one in self.unmet if one.excuse != "margin"]
        first = min(bad, key=lambda item: item[1].excuse != "", default=None)
        return f"{text}; picture {first[0]}: {first[1]}" if first else text


def compare(reference: Sequence[Found], exported: Sequence[Found], post: PostProcessing) -> Agreement:
    """Compare detections picture by picture, by the rule of this module.

    Args:
        post: thresholds and limit that both models use.

    Raises:
        ValueError: different counts of pictures.
    """
    detections, unmet, ious, scores = 0, [], [1.0], [0.0]
    for picture, (evaluated, other) in enumerate(zip(reference, exported, strict=True)):
        one, two = _best(evaluated), _best(other)
        iou, difference = _overlap(one, two), np.abs(one.scores[:, None] - two.scores[None, :])
        rows, columns = _match(iou, difference)
        detections += len(one.scores) + len(two.scores)
        left = _unmet("the evaluated model's", one, two, set(rows), (iou, post))
        left += _unmet("the exported model's", two, one, set(columns), (iou.T, post))
        unmet += [(picture, item) for item in left]
        ious += [*iou[rows, columns], *(item.iou for item in left if item.excuse != "margin")]
        scores += [*difference[rows, columns], *(item.difference for item in left if item.excuse != "margin")]
    return Agreement(len(reference), detections, tuple(unmet), float(min(ious)), float(max(scores)))


def _best(found: Found) -> Predictions:
    order = np.argsort(-found.scores, kind="stable")[:BEST]
    return Predictions(found.boxes[order], found.scores[order], found.labels[order])


def _overlap(one: Predictions, other: Predictions) -> NDArray[np.float64]:
    """IoU (N, M); 1 for boxes with the same corners, -1 for different classes."""
    first, second = (torch.from_numpy(np.asarray(side.boxes, np.float64)) for side in (one, other))
    overlap = box_ops.iou(first, second).numpy()
    same = (np.abs(one.boxes[:, None] - other.boxes[None, :]) <= SAME_CORNER).all(-1)
    flat = (box_ops.area(first).numpy()[:, None] < 1) & (box_ops.area(second).numpy()[None, :] < 1)
    overlap = np.where(same & flat, 1.0, overlap)
    return np.where(one.labels[:, None] == other.labels[None, :], overlap, -1.0)


def _match(iou: NDArray[np.float64], difference: NDArray[np.floating]) -> tuple[list[int], list[int]]:
    """Rows and columns of the pairs that meet, best first, each row and column once."""
    meets = (iou >= MIN_IOU) & (difference <= MAX_SCORE_DIFFERENCE)
    quality = np.where(meets, iou - difference, -np.inf)
    rows: list[int] = []
    columns: list[int] = []
    while quality.size and np.isfinite(quality.max()):
        row, column = divmod(int(quality.argmax()), quality.shape[1])
        rows.append(row)
        columns.append(column)
        quality[row, :] = quality[:, column] = -np.inf
    return rows, columns


def _unmet(
    side: str,
    found: Predictions,
    others: Predictions,
    met: set[int],
    context: tuple[NDArray[np.float64], PostProcessing],
) -> list[Unmet]:
    """The detections that are not `met`; `context` is the overlap with the others' (N, M) and the settings."""
    iou, post = context
    left = []
    for row in sorted(set(range(len(found.scores))) - met):
        score, overlap = float(found.scores[row]), iou[row]
        nearest = int(overlap.argmax()) if overlap.size and overlap.max() > 0 else None
        difference = score if nearest is None else abs(score - float(others.scores[nearest]))
        reach = 0.0 if nearest is None else float(overlap[nearest])
        excuse = "margin" if _at_margin(score, others, post) else "tie" if _tied(score, others, overlap, post) else ""
        left.append(Unmet(side, int(found.labels[row]), score, reach, difference, excuse))
    return left


def _at_margin(score: float, others: Predictions, post: PostProcessing) -> bool:
    full = len(others.scores) >= min(post.limit, BEST)
    last = float(others.scores.min()) if full else post.score_threshold
    return score <= max(last, post.score_threshold) + MAX_SCORE_DIFFERENCE


def _tied(score: float, others: Predictions, overlap: NDArray[np.float64], post: PostProcessing) -> bool:
    tie = (overlap > post.iou_threshold) & (np.abs(others.scores - score) <= TIED_SCORE)
    border = (np.abs(overlap - post.iou_threshold) <= BORDER_IOU) & (others.scores >= score - TIED_SCORE)
    return bool((tie | border).any())


def eager_predictions(model: Detector, encoded: Sequence[bytes], size: tuple[int, int]) -> list[Predictions]:
    """The model's own detections on encoded pictures, one at a time, in float32 and evaluation mode.

    Returns:
        One for each picture: xyxy pixels of the stored picture, inside it, best first, 0-based labels.
    """
    device, model = next(model.parameters()).device, copy.deepcopy(model).eval()
    found = []
    for one in encoded:
        picture = imaging.decode(one)
        canvas, placement = imaging.letterbox(picture, size)
        with torch.no_grad():
            images = torch.from_numpy(canvas).to(device).permute(2, 0, 1)[None].float()
            boxes, scores, labels = (part[0].cpu().numpy() for part in model.decode(model(images), size))
        kept = labels >= 0
        limits = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
        found.append(Predictions(placement.to_picture(boxes[kept]).clip(0, limits), scores[kept], labels[kept]))
    return found


def check_export(
    reference: Sequence[Found], encoded: Sequence[bytes], runs: Mapping[str, Run], post: PostProcessing
) -> dict[str, Agreement]:
    """Run exported models on the pictures that the evaluated model was run on, and refuse those that differ.

    Args:
        reference: the evaluated model's detections, one for each picture; boxes are cut to the picture here.
        encoded: the pictures, in the same order.
        runs: exported models by name, such as `{"ONNX": engine.predict_batch}`.
        post: thresholds and limit of the model.

    Returns:
        The agreement of each.

    Raises:
        ExportMismatch: names the model and says by how much it differs.
        ValueError: different counts of pictures and detections, or no picture.
    """
    if not encoded:
        raise ValueError("an export is checked on at least one picture, got none")
    inside = [_cut(found, imaging.header(one)) for found, one in zip(reference, encoded, strict=True)]
    agreements = {name: compare(inside, run(encoded), post) for name, run in runs.items()}
    for name, agreement in agreements.items():
        if not agreement.accepted:
            raise ExportMismatch(
                f"the exported {name} model must agree with the evaluated one to IoU {MIN_IOU} and score "
                f"{MAX_SCORE_DIFFERENCE}, and does not, so it is refused: {agreement}; the weights are kept "
                "and can be exported again with another version of the runtime"
            )
    return agreements


def _cut(found: Found, stored: imaging.PictureHeader) -> Predictions:
    limits = np.array([stored.width, stored.height] * 2, found.boxes.dtype)
    return Predictions(found.boxes.clip(0, limits), found.scores, found.labels)
