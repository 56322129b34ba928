"""Feature pyramid network (Lin et al. 2017)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import convolve
from boxwright.models.depthwise import conv3x3

FIRST_LEVEL = 3
"""Level of the finest map that backbones give."""


class FeaturePyramid(nn.Module):
    """Maps of equal depth on levels `min_level..max_level` from backbone features of strides 8, 16 and 32.

    Args:
        inputs: channels of the backbone's maps of levels 3, 4 and 5. Maps outside `levels` are not used.
        channels: channels of every output map.
        levels: numbers of the output levels (stride 2^level), without gaps; the first is 3, 4 or 5.
        norm: whether a batch norm (each level its own) ends the pyramid, as in the service's implementation.
        extra_from_backbone: whether level 6 is made from the backbone's last map instead of the pyramid's.
        separable: whether the 3x3 convolutions are depthwise-separable, which makes it FPNLite's pyramid.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        channels: int,
        levels: Sequence[int],
        *,
        norm: bool = True,
        extra_from_backbone: bool = False,
        separable: bool = False,
    ) -> None:
        super().__init__()
        self.extra_from_backbone = extra_from_backbone
        self.used = slice(levels[0] - FIRST_LEVEL, levels[-1] - FIRST_LEVEL + 1)
        inputs = inputs[self.used]
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in inputs)
        self.post = nn.ModuleList(conv3x3(channels, channels, separable=separable) for _ in inputs)
        first = inputs[-1] if extra_from_backbone else channels
        extra = len(levels) - len(inputs)
        self.extra = nn.ModuleList(
            conv3x3(first if index == 0 else channels, channels, separable=separable, stride=2)
            for index in range(extra)
        )
        self.norm = nn.ModuleList(
            nn.BatchNorm2d(channels, eps=1e-4, momentum=0.003) if norm else nn.Identity() for _ in levels
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Backbone maps, finest first, to pyramid maps (N, channels, H / 2^level, W / 2^level), finest first."""
        features = features[self.used]
        merged = [self.lateral[-1](features[-1])]
        for feature, lateral in zip(features[-2::-1], list(self.lateral)[-2::-1], strict=True):
            coarse = F.interpolate(merged[0], size=feature.shape[-2:], mode="nearest")
            merged.insert(0, lateral(feature) + coarse)
        count = len(merged)
        maps = [self._smooth(x, level) for level, x in enumerate(merged[:-1])]
        if self.extra_from_backbone:
            maps.append(self._smooth(merged[-1], count - 1))
            last = features[-1]
        else:
            last = self.post[-1](merged[-1])
            maps.append(self.norm[count - 1](last))
        for index, conv in enumerate(self.extra):
            last = conv(last if index == 0 else F.relu(last))
            maps.append(self.norm[count + index](last))
        return maps

    def _smooth(self, x: Tensor, level: int) -> Tensor:
        conv = self.post[level]
        assert isinstance(conv, nn.Conv2d)
        return convolve(x, conv, self.norm[level])
