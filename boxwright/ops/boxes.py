"""Boxes as tensors: float32 (..., 4), xyxy, absolute pixels of the image as the model sees it."""

import math

import torch
from torch import Tensor

MAX_LOG_RATIO = math.log(1000.0 / 16.0)
"""Largest log ratio of box to anchor side that is decoded, so that an untrained head cannot overflow."""


def area(boxes: Tensor) -> Tensor:
    """Area in square pixels, (...) for boxes (..., 4); 0 where a box is inverted."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of every box with every other one.

    Args:
        boxes: (..., N, 4).
        others: (..., M, 4), leading axes broadcast.

    Returns:
        (..., N, M) in [0, 1]; 0 where both are empty.
    """
    left, top = boxes[..., :, None, 0], boxes[..., :, None, 1]
    right, bottom = boxes[..., :, None, 2], boxes[..., :, None, 3]
    width = torch.minimum(right, others[..., None, :, 2]) - torch.maximum(left, others[..., None, :, 0])
    height = torch.minimum(bottom, others[..., None, :, 3]) - torch.maximum(top, others[..., None, :, 1])
    overlap = width.clamp_(min=0).mul_(height.clamp_(min=0))
    union = area(boxes)[..., :, None] + area(others)[..., None, :] - overlap
    return overlap.div_(union.clamp_(min=torch.finfo(union.dtype).tiny))


def centre_size(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Centres and sizes, both (..., 2) as (x, y) and (width, height)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Deltas (dx/w, dy/h, log w, log h) of boxes from their anchors, without variances.

    Source: Faster R-CNN (Ren et al. 2015), eq. 2, in the order x, y. Sides below one pixel count as one.
    """
    centre, size = centre_size(boxes)
    anchor_centre, anchor_size = centre_size(anchors)
    return torch.cat([(centre - anchor_centre) / anchor_size, (size.clamp(min=1) / anchor_size).log()], -1)


def decode(deltas: Tensor, anchors: Tensor) -> Tensor:
    """Boxes from deltas, the inverse of `encode`; log sizes are limited to `MAX_LOG_RATIO`."""
    anchor_centre, anchor_size = centre_size(anchors)
    centre = deltas[..., :2] * anchor_size + anchor_centre
    size = deltas[..., 2:].clamp(max=MAX_LOG_RATIO).exp() * anchor_size
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Limit boxes to an image of `size` = (height, width) pixels."""
    height, width = size
    return torch.stack(
        [
            boxes[..., 0].clamp(0, width),
            boxes[..., 1].clamp(0, height),
            boxes[..., 2].clamp(0, width),
            boxes[..., 3].clamp(0, height),
        ],
        -1,
    )
