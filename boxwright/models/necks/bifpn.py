"""BiFPN: a pyramid that passes down and up again, each sum with learned weights (Tan, Pang and Le 2020)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import ConvNorm, convolve
from boxwright.models.depthwise import conv3x3
from boxwright.models.necks.fpn import FIRST_LEVEL

EPSILON = 1e-4
"""Keeps the sum of weights from 0; section 3.3 of the paper."""


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the settings of the authors' implementation."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def halve(x: Tensor) -> Tensor:
    """Maxima of 3x3 windows two apart, with TensorFlow's SAME padding: (N, C, H, W) to (N, C, ceil(H/2), ceil(W/2))."""
    return F.max_pool2d(x, 3, 2, padding=(x.shape[2] % 2, x.shape[3] % 2), ceil_mode=True)


def grow(x: Tensor, like: Tensor) -> Tensor:
    """`x` by nearest neighbour on the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="nearest")


class Fusion(nn.Module):
    """Fast normalised fusion: maps are averaged with learned weights, then activated and convolved.

    Args:
        channels: of every map.
        count: maps that it takes.
        separable: whether its convolution is depthwise-separable.
    """

    def __init__(self, channels: int, count: int, separable: bool) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(count))
        self.conv = conv3x3(channels, channels, separable=separable, bias=False)
        self.norm = batch_norm(channels)

    def forward(self, *maps: Tensor) -> Tensor:
        """Maps (N, C, H, W) of one size to one."""
        weights = F.relu(self.weights)
        shares = weights / (weights.sum() + EPSILON)
        total = maps[0] * shares[0]
        for index, x in enumerate(maps[1:], start=1):
            total = total + x * shares[index]
        return convolve(F.silu(total), self.conv, self.norm)


class Cell(nn.Module):
    """One way down and one way up; figure 2 (d) of the paper.

    Args:
        channels: of every map.
        levels: how many maps it takes and gives.
        separable: whether its convolutions are depthwise-separable.
    """

    def __init__(self, channels: int, levels: int, separable: bool) -> None:
        super().__init__()
        self.down = nn.ModuleList(Fusion(channels, 2, separable) for _ in range(levels - 1))
        # On its way up every level but the coarsest also takes its map of the way down.
        self.up = nn.ModuleList(
            Fusion(channels, 3 if step < levels - 2 else 2, separable) for step in range(levels - 1)
        )

    def forward(self, maps: list[Tensor], again: list[Tensor]) -> list[Tensor]:
        """Maps, finest first, to as many of the same sizes.

        Args:
            maps: inputs of the way down.
            again: inputs of the way up.
        """
        downward = [maps[-1]]
        for x, fuse in zip(maps[-2::-1], self.down, strict=True):
            downward.insert(0, fuse(x, grow(downward[0], x)))
        upward = [downward[0]]
        for level, fuse in enumerate(self.up, start=1):
            middle = [downward[level]] if level < len(maps) - 1 else []
            upward.append(fuse(again[level], *middle, halve(upward[-1])))
        return upward


class BiFeaturePyramid(nn.Module):
    """Maps of equal depth on levels `min_level..max_level` from backbone features of strides 8, 16 and 32.

    Args:
        inputs: channels of the backbone's maps of levels 3, 4 and 5. Maps outside `levels` are not used.
        channels: channels of every output map.
        levels: numbers of the output levels (stride 2^level), without gaps; the first is 3, 4 or 5.
        repeats: cells one after the other.
        separable: whether the cells' convolutions are depthwise-separable, as in the paper.
    """

    def __init__(
        self, inputs: Sequence[int], channels: int, levels: Sequence[int], *, repeats: int = 3, separable: bool = True
    ) -> None:
        super().__init__()
        self.used = slice(levels[0] - FIRST_LEVEL, levels[-1] - FIRST_LEVEL + 1)
        inputs = inputs[self.used]
        self.extra = len(levels) - len(inputs)
        # As in the authors' implementation the first cell has its own 1x1 convolutions on its way up, and the level
        # above the backbone's last comes from one more; the finest map has no way up.
        entries = [*inputs, *inputs[1:], *(inputs[-1:] if self.extra else ())]
        laterals = [ConvNorm(width, channels, 1, norm=batch_norm) for width in entries]
        self.lateral = nn.ModuleList(laterals[: len(inputs)])
        self.again = nn.ModuleList(laterals[len(inputs) : 2 * len(inputs) - 1])
        self.above = nn.ModuleList(laterals[2 * len(inputs) - 1 :])
        self.cells = nn.ModuleList(Cell(channels, len(levels), separable) for _ in range(repeats))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Backbone maps, finest first, to pyramid maps (N, channels, H / 2^level, W / 2^level), finest first."""
        features = features[self.used]
        coarse = [halve(above(features[-1])) for above in self.above]
        while len(coarse) < self.extra:
            coarse.append(halve(coarse[-1]))
        maps = [*(lateral(x) for x, lateral in zip(features, self.lateral, strict=True)), *coarse]
        again = [maps[0], *(lateral(x) for x, lateral in zip(features[1:], self.again, strict=True)), *coarse]
        for cell in self.cells:
            maps = again = cell(maps, again)
        return maps
