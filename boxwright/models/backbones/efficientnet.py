"""EfficientNet B0 to B3 (Tan and Le 2019), with squeeze-and-excite and swish.

Parameter names and symmetric padding are torchvision's, so that its published files load as they are. Its stochastic
depth, which drops whole blocks at random in training, is left out.
"""

import itertools
import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.backbones.efficientnet_lite import STAGES, STEM_CHANNELS, round_channels
from boxwright.models.convolution import ConvNorm

OUTPUTS = (3, 5, 7)
"""Places in `features` of the stages that end at strides 8, 16 and 32."""

PARTS = ((0, 1), (2,), (3,), (4, 5), (6, 7))
"""Places in `features` of the stem with the first stage, and of the stages of each further stride."""


class SqueezeExcite(nn.Module):
    """Weigh each channel by a number in 0..1 that depends on the means of all channels (Hu et al. 2018)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.fc2(F.silu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * weights.sigmoid()


class Block(nn.Module):
    """Expand, filter each channel, weigh the channels, project; the projection has no activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        expand = [ConvNorm(inputs, inner, 1)] if expansion != 1 else []
        filtering = ConvNorm(inner, inner, kernel, stride=stride, groups=inner)
        excite = SqueezeExcite(inner, max(1, inputs // 4))
        self.block = nn.Sequential(*expand, filtering, excite, ConvNorm(inner, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        *layers, excite, project = self.block
        out = x
        for layer in layers:
            out = F.silu(layer(out))
        projected: Tensor = project(excite(out))
        return projected + x if self.skip else projected


class EfficientNet(nn.Module):
    """Features at strides 8, 16 and 32.

    Args:
        width: multiplier of channels.
        depth: multiplier of repeats.

    Attributes:
        channels: channels of each feature map.
        mean, std: RGB normalisation on the 0..255 scale that the published weights expect.
    """

    mean = (123.675, 116.28, 103.53)
    std = (58.395, 57.12, 57.375)

    def __init__(self, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        widths = [round_channels(channels * width) for channels in (STEM_CHANNELS, *(row[4] for row in STAGES))]
        self.features = nn.Sequential(ConvNorm(3, widths[0], 3, stride=2))
        for (inputs, outputs), (repeats, kernel, stride, expansion, _) in zip(
            itertools.pairwise(widths), STAGES, strict=True
        ):
            first = Block(inputs, outputs, kernel, stride=stride, expansion=expansion)
            rest = (
                Block(outputs, outputs, kernel, stride=1, expansion=expansion)
                for _ in range(math.ceil(repeats * depth) - 1)
            )
            self.features.append(nn.Sequential(first, *rest))
        self.channels = tuple(widths[place] for place in OUTPUTS)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised images (N, 3, H, W) to feature maps of strides 8, 16 and 32."""
        stem, *stages = self.features
        x = F.silu(stem(x))
        maps = []
        for place, stage in enumerate(stages, start=1):
            x = stage(x)
            if place in OUTPUTS:
                maps.append(x)
        return maps

    def stages(self) -> Sequence[Sequence[nn.Module]]:
        """Modules of the stem and of each stage that ends before a change of stride, for freezing."""
        return [[self.features[place] for place in part] for part in PARTS]


def efficientnet_b0() -> EfficientNet:
    """5.3 M parameters in the published classifier."""
    return EfficientNet(1.0, 1.0)


def efficientnet_b1() -> EfficientNet:
    """7.8 M parameters in the published classifier."""
    return EfficientNet(1.0, 1.1)


def efficientnet_b2() -> EfficientNet:
    """9.1 M parameters in the published classifier."""
    return EfficientNet(1.1, 1.2)


def efficientnet_b3() -> EfficientNet:
    """12.2 M parameters in the published classifier."""
    return EfficientNet(1.2, 1.4)
