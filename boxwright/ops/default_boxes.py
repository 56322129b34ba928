"""SSD's default boxes: anchors whose sizes are shares of the image (Liu et al. 2016, section 2.2)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def cell_sides(scale: float, following: float, ratios: Sequence[float]) -> list[tuple[float, float]]:
    """(width, height) of the boxes of one cell, as shares of the image's side.

    In order: the square of `scale`, the square half way (geometrically) to the `following` scale, then for each ratio
    the wide and the tall box.
    """
    between = math.sqrt(scale * following)
    sides = [(scale, scale), (between, between)]
    for ratio in ratios:
        root = math.sqrt(ratio)
        sides += [(scale * root, scale / root), (scale / root, scale * root)]
    return sides


def map_boxes(
    shape: tuple[int, int], step: tuple[float, float], sides: Sequence[tuple[float, float]], size: tuple[int, int]
) -> Tensor:
    """Default boxes of a whole feature map.

    Args:
        shape: (height, width) of the map in cells.
        step: (vertical, horizontal) pixels from cell to cell.
        sides: from `cell_sides`; one is the square root of the image's area, so that boxes keep their ratios.
        size: (height, width) of the image; no box is higher or wider.

    Returns:
        float32 (height * width * len(sides), 4) xyxy: row by row, cell by cell, then the cell's boxes. Boxes at the
        image's edge reach beyond it; the middle of a cell may, too, where the map was rounded up.
    """
    y = (torch.arange(shape[0], dtype=torch.float32) + 0.5) * step[0]
    x = (torch.arange(shape[1], dtype=torch.float32) + 0.5) * step[1]
    yy, xx = torch.meshgrid(y, x, indexing="ij")
    centre = torch.stack([xx, yy], -1).reshape(-1, 1, 2)
    wanted = torch.tensor(sides) * math.sqrt(size[0] * size[1])
    half = torch.minimum(wanted, torch.tensor([size[1], size[0]])) / 2
    return torch.cat([centre - half, centre + half], -1).reshape(-1, 4)
