"""Anchors: the boxes of fixed size and place that a detector corrects."""

from collections.abc import Sequence

import torch
from torch import Tensor


def cell_anchors(sizes: Sequence[float], ratios: Sequence[float]) -> Tensor:
    """Anchors of one cell around the origin.

    Args:
        sizes: sides in pixels of the square of equal area.
        ratios: width / height.

    Returns:
        float32 (len(sizes) * len(ratios), 4) xyxy, sizes outermost.
    """
    side = torch.tensor(sizes, dtype=torch.float32)[:, None]
    root = torch.tensor(ratios, dtype=torch.float32).sqrt()[None]
    half = torch.stack([side * root, side / root], -1).reshape(-1, 2) / 2
    return torch.cat([-half, half], 1)


def octave_sizes(base: float, stride: int, count: int) -> list[float]:
    """Sides `base * stride * 2^(s / count)` for s = 0..count-1 (RetinaNet, Lin et al. 2017, section 4)."""
    return [base * stride * 2 ** (step / count) for step in range(count)]


def grid_anchors(shape: tuple[int, int], stride: int, cell: Tensor, centre: float = 0.5) -> Tensor:
    """Anchors of a whole feature map.

    Args:
        shape: (height, width) of the map in cells.
        stride: pixels a cell.
        cell: (A, 4) from `cell_anchors`.
        centre: place of the anchors' centre in the cell, as a share of the stride.

    Returns:
        (height * width * A, 4): row by row, cell by cell, then the cell's anchors.
    """
    y = (torch.arange(shape[0], dtype=torch.float32) + centre) * stride
    x = (torch.arange(shape[1], dtype=torch.float32) + centre) * stride
    yy, xx = torch.meshgrid(y, x, indexing="ij")
    centres = torch.stack([xx, yy, xx, yy], -1).reshape(-1, 1, 4)
    return (centres + cell[None]).reshape(-1, 4)


def pyramid_anchors(
    size: tuple[int, int], levels: Sequence[int], *, base: float, scales: int, ratios: Sequence[float]
) -> Tensor:
    """Anchors of all levels, finest first, for an image of `size` = (height, width) pixels; float32 (A, 4)."""
    parts = []
    for level in levels:
        stride = 2**level
        cell = cell_anchors(octave_sizes(base, stride, scales), ratios)
        shape = (-(-size[0] // stride), -(-size[1] // stride))
        parts.append(grid_anchors(shape, stride, cell))
    return torch.cat(parts)
