"""NAS-FPN: a feature pyramid whose connections were found by search (Ghiasi et al. 2019), as the service built it.

Source of the cell: `NASFPN_BLOCK_SPECS` of the managed service's open implementation.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import ConvNorm, convolve
from boxwright.models.depthwise import conv3x3
from boxwright.models.necks.fpn import FIRST_LEVEL

LEVELS = (3, 4, 5, 6, 7)
"""The only levels between which the connections were searched."""


class Node(NamedTuple):
    """One map of a cell.

    Attributes:
        level: of its map.
        combine: how its two inputs become one.
        inputs: numbers of the two; 0..4 are the cell's inputs, 5 is the first node.
        added: numbers of inputs of the same level that no node has used when this one is made.
    """

    level: int
    combine: Literal["sum", "attention"]
    inputs: tuple[int, int]
    added: tuple[int, ...] = ()


CELL = (
    Node(4, "attention", (1, 3)),
    Node(4, "sum", (1, 5)),
    Node(3, "sum", (0, 6)),
    Node(4, "sum", (6, 7)),
    Node(5, "attention", (7, 8), (2,)),
    Node(7, "attention", (6, 9), (4,)),
    Node(6, "attention", (9, 10)),
)
"""Nodes 5 to 11; the last five are the cell's outputs."""


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the settings of the service's implementation."""
    return nn.BatchNorm2d(channels, eps=1e-4, momentum=0.003)


def resample(x: Tensor, level: int, target: int, size: tuple[int, int]) -> Tensor:
    """A map of one level on another: nearest neighbour towards finer ones, maxima towards coarser ones.

    Windows of maxima begin at the top left, so that they are those of a picture padded at the bottom right.

    Args:
        x: (N, C, h, w).
        size: (height, width) of the target level.
    """
    if level > target:
        return F.interpolate(x, size=size, mode="nearest")
    return x if level == target else F.max_pool2d(x, 2 ** (target - level), ceil_mode=True)


def attend(coarse: Tensor, fine: Tensor) -> Tensor:
    """`fine` weighed by the largest values of `coarse`, added to it; both (N, C, H, W)."""
    return coarse + fine * coarse.amax((2, 3), keepdim=True).sigmoid()


class Cell(nn.Module):
    """Maps of levels 3 to 7 to maps of the same levels and channels."""

    def __init__(self, channels: int, separable: bool) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv3x3(channels, channels, separable=separable, bias=False) for _ in CELL)
        self.norms = nn.ModuleList(batch_norm(channels) for _ in CELL)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Five maps (N, C, H / 2^level, W / 2^level), finest first, to five."""
        sizes = [(x.shape[2], x.shape[3]) for x in maps]
        made = list(zip(LEVELS, maps, strict=True))
        for node, conv, norm in zip(CELL, self.convs, self.norms, strict=True):
            assert isinstance(conv, nn.Conv2d)
            size = sizes[node.level - FIRST_LEVEL]
            # The coarser input comes first, as attention wants it; the sum does not mind.
            coarse, fine = sorted((made[number] for number in node.inputs), key=lambda one: -one[0])
            pair = (resample(coarse[1], coarse[0], node.level, size), resample(fine[1], fine[0], node.level, size))
            out = attend(*pair) if node.combine == "attention" else pair[0] + pair[1]
            for number in node.added:
                out = out + made[number][1]
            made.append((node.level, convolve(F.relu(out), conv, norm)))
        return [x for _, x in sorted(made[-len(LEVELS) :], key=lambda one: one[0])]


class NasFeaturePyramid(nn.Module):
    """Maps of equal depth on levels 3 to 7 from backbone features of strides 8, 16 and 32.

    Args:
        inputs: channels of the backbone's maps of levels 3, 4 and 5.
        channels: channels of every output map.
        levels: must be 3 to 7.
        repeats: cells one after the other; 7 in the paper, 5 in the service's settings.
        separable: whether the cells' convolutions are depthwise-separable.

    Raises:
        ValueError: other levels.
    """

    def __init__(
        self, inputs: Sequence[int], channels: int, levels: Sequence[int], *, repeats: int = 5, separable: bool = False
    ) -> None:
        super().__init__()
        if tuple(levels) != LEVELS:
            raise ValueError(f"NAS-FPN has the levels 3 to 7, got {', '.join(map(str, levels))}")
        self.lateral = nn.ModuleList(ConvNorm(width, channels, 1, norm=batch_norm) for width in inputs)
        self.cells = nn.ModuleList(Cell(channels, separable) for _ in range(repeats))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Backbone maps, finest first, to pyramid maps (N, channels, H / 2^level, W / 2^level), finest first."""
        maps = [lateral(x) for x, lateral in zip(features, self.lateral, strict=True)]
        while len(maps) < len(LEVELS):
            maps.append(F.max_pool2d(maps[-1], 2, ceil_mode=True))
        for cell in self.cells:
            maps = cell(maps)
        return maps
