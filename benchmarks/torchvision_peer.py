"""torchvision as the one to compare with, also beside a CPU-only torch.

torchvision's wheel brings compiled operators that a CPU-only torch cannot load, and its import then fails on their
missing declarations. They are declared here; only non-maximum suppression also works, which is all that its
detectors and transforms call. Install it where no other torch is pulled in:

    pip install --no-deps --target PEERS torchvision==0.28.0
"""

import importlib
from types import ModuleType

import torch
from torch import Tensor

DECLARED = (
    "qnms",
    "roi_align",
    "roi_pool",
    "ps_roi_align",
    "ps_roi_pool",
    "deform_conv2d",
    "_roi_align_backward",
    "_roi_pool_backward",
    "_ps_roi_align_backward",
    "_ps_roi_pool_backward",
    "_deform_conv2d_backward",
)
"""Operators that must have a name for torchvision to be imported, and that nothing here calls."""

DECLARATIONS = torch.library.Library("torchvision", "FRAGMENT")


def load_torchvision() -> ModuleType:
    """The module `torchvision`, with `models.detection`, `transforms.v2` and `tv_tensors` imported.

    Raises:
        ModuleNotFoundError: torchvision is not on the path; the message says how to get it.
    """
    if not hasattr(torch.ops.torchvision, "nms"):
        for name in DECLARED:
            DECLARATIONS.define(f"{name}(Tensor input) -> Tensor")
        DECLARATIONS.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        DECLARATIONS.impl("nms", suppress, "CPU")
    try:
        for name in ("models.detection", "transforms.v2", "tv_tensors"):
            importlib.import_module(f"torchvision.{name}")
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        hint = "pip install --no-deps --target PEERS torchvision==0.28.0, then PYTHONPATH=PEERS"
        raise ModuleNotFoundError(f"{error}; the comparison needs it: {hint}") from error


def suppress(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Greedy non-maximum suppression: indices of the kept xyxy `boxes` (N, 4), best score first."""
    sides = boxes[:, 2:] - boxes[:, :2]
    areas = sides.prod(1)
    left = scores.argsort(descending=True)
    kept = []
    while left.numel():
        best, left = left[0], left[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[left, :2])
        high = torch.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        left = left[shared <= iou_threshold * (areas[best] + areas[left] - shared)]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.int64)
