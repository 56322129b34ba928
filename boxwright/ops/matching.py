"""Which anchor learns which labelled box."""

from typing import NamedTuple

import torch
from torch import Tensor

from boxwright.ops.boxes import iou

BACKGROUND = -1
IGNORED = -2


class Matches(NamedTuple):
    """For a batch of N images and A anchors.

    Attributes:
        labels: int64 (N, A): the class of the matched box, `BACKGROUND` or `IGNORED`.
        boxes: float32 (N, A, 4): the matched box; meaningless where `labels` is negative.
    """

    labels: Tensor
    boxes: Tensor


def match(
    anchors: Tensor,
    boxes: Tensor,
    labels: Tensor,
    *,
    positive_iou: float = 0.5,
    negative_iou: float = 0.5,
) -> Matches:
    """Match every anchor with the box that it overlaps most, for all images at once.

    An anchor is positive from `positive_iou` on, background below `negative_iou`, ignored between. The anchor that
    overlaps a box best is positive for it however small the overlap, so that no box within reach goes unlearned.

    Args:
        anchors: (A, 4).
        boxes: (N, G, 4), padded to the largest count of boxes.
        labels: int64 (N, G), 0-based; -1 marks padding.

    Returns:
        Matches. When two boxes share their best anchor, the earlier box gets it.
    """
    count, anchor_count = boxes.shape[1], anchors.shape[0]
    if count == 0:
        shape = (boxes.shape[0], anchor_count)
        return Matches(labels.new_full(shape, BACKGROUND), boxes.new_zeros((*shape, 4)))
    valid = labels >= 0
    overlap = iou(boxes, anchors[None]).masked_fill_(~valid[..., None], -1.0)
    best, index = overlap.max(1)
    nearest = overlap.max(2)
    index = _force(index, nearest.indices, valid & (nearest.values > 0))
    forced = index < 0
    index = torch.where(forced, -1 - index, index)
    matched = labels.gather(1, index)
    matched = torch.where((best >= positive_iou) | forced, matched, IGNORED)
    matched = torch.where((best < negative_iou) & ~forced, BACKGROUND, matched)
    return Matches(matched, boxes.gather(1, index[..., None].expand(-1, -1, 4)))


def _force(index: Tensor, best_anchor: Tensor, valid: Tensor) -> Tensor:
    """Write `-1 - g` where an anchor is the best of box g; others keep their index."""
    images, count = best_anchor.shape
    spare = index.shape[1]
    target = torch.where(valid, best_anchor, spare)
    order = torch.arange(count, device=index.device).expand(images, -1)
    owner = index.new_full((images, spare + 1), count).scatter_reduce_(1, target, order, "amin")[:, :spare]
    return torch.where(owner < count, -1 - owner, index)
