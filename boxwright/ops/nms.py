"""Choosing the boxes that are reported: non-maximum suppression, exact, batched, in plain tensor operations."""

from typing import NamedTuple

import torch
from torch import Tensor

from boxwright.ops.boxes import iou

CANDIDATES = 1000
"""Boxes of an image, over all classes, that enter non-maximum suppression: ten times what is reported."""


class Detections(NamedTuple):
    """What a detector found in N images, best first, padded to M boxes.

    Attributes:
        boxes: float32 (N, M, 4) xyxy pixels of the image as the model sees it; 0 in empty slots.
        scores: float32 (N, M) in [0, 1]; 0 in empty slots.
        labels: int64 (N, M), 0-based; -1 in empty slots.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def suppress(overlap: Tensor, threshold: float) -> Tensor:
    """Greedy non-maximum suppression of boxes sorted best first.

    A box is kept when no better kept box overlaps it by more than the threshold. The rule is iterated to its fixed
    point, which is the greedy result; each pass settles at least one more box, in practice a few passes do.

    Args:
        overlap: (N, M, M) intersection over union of sorted boxes; pairs that cannot suppress each other hold 0.
        threshold: in (0, 1).

    Returns:
        bool (N, M): kept.
    """
    rivals = (overlap > threshold).tril(-1).to(torch.float32)
    kept = torch.ones(overlap.shape[:2], dtype=torch.bool, device=overlap.device)
    while True:
        beaten = torch.matmul(rivals, kept[..., None].to(torch.float32))[..., 0] > 0
        if torch.equal(~beaten, kept):
            return kept
        kept = ~beaten


def select(boxes: Tensor, scores: Tensor, *, iou_threshold: float, score_threshold: float, limit: int) -> Detections:
    """The best boxes of each image after suppression within each class.

    Args:
        boxes: (N, A, 4), shared by the classes.
        scores: (N, A, K) in [0, 1]; an anchor may give boxes of several classes.
        iou_threshold, score_threshold: overlap above which, and score up to which, a box is dropped.
        limit: most boxes an image.
    """
    images, anchors, classes = scores.shape
    flat = scores.flatten(1)
    top, index = flat.topk(min(CANDIDATES, anchors * classes), dim=1)
    label = index % classes
    candidates = boxes.gather(1, (index // classes)[..., None].expand(-1, -1, 4))
    same = label[:, :, None] == label[:, None, :]
    kept = suppress(iou(candidates, candidates) * same, iou_threshold) & (top > score_threshold)
    top = torch.where(kept, top, top.new_zeros(()))
    best, order = top.topk(min(limit, top.shape[1]), dim=1)
    found = best > 0
    chosen = candidates.gather(1, order[..., None].expand(-1, -1, 4)) * found[..., None]
    labels = torch.where(found, label.gather(1, order), -1)
    return _pad(Detections(chosen, best, labels), limit, images)


def _pad(detections: Detections, limit: int, images: int) -> Detections:
    missing = limit - detections.scores.shape[1]
    if missing <= 0:
        return detections
    boxes, scores, labels = detections
    return Detections(
        torch.cat([boxes, boxes.new_zeros((images, missing, 4))], 1),
        torch.cat([scores, scores.new_zeros((images, missing))], 1),
        torch.cat([labels, labels.new_full((images, missing), -1)], 1),
    )
