"""MobileNet, made for plain processors: V1 (Howard et al. 2017) and V2 (Sandler et al. 2018).

Parameter names of V2 are torchvision's, so that its published file loads as it is; V1 follows the same manner.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import ConvNorm, convolve

STEM_CHANNELS = 32

# (channels, stride) of the separable convolutions, table 1 of the first paper.
V1_LAYERS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)

# (expansion, channels, repeats, stride) of the stages, table 2 of the second paper.
V2_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class Stem(ConvNorm):
    """The first layer: a 3x3 convolution of stride 2, its norm and ReLU6."""

    def __init__(self) -> None:
        super().__init__(3, STEM_CHANNELS, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(super().forward(x))


class SeparableBlock(nn.Sequential):
    """Filter each channel, then mix the channels, each with norm and ReLU6."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        filtering = ConvNorm(inputs, inputs, 3, stride=stride, groups=inputs)
        super().__init__(filtering, ConvNorm(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            x = F.relu6(layer(x))
        return x


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the projection has no activation."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        expand = [ConvNorm(inputs, inner, 1)] if expansion != 1 else []
        filtering = ConvNorm(inner, inner, 3, stride=stride, groups=inner)
        project = nn.Conv2d(inner, outputs, 1, bias=False)
        self.conv = nn.Sequential(*expand, filtering, project, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        *layers, project, norm = self.conv
        assert isinstance(project, nn.Conv2d)
        out = x
        for layer in layers:
            out = F.relu6(layer(out))
        out = convolve(out, project, norm)
        return out + x if self.skip else out


class MobileNet(nn.Module):
    """Features at strides 8, 16 and 32.

    Args:
        blocks: after the stem, each with its count of output channels.
        strides: of each block.

    Attributes:
        channels: channels of each feature map.
        mean, std: RGB normalisation on the 0..255 scale that the published weights expect.
    """

    mean: ClassVar[tuple[float, float, float]]
    std: ClassVar[tuple[float, float, float]]

    def __init__(self, blocks: Sequence[tuple[nn.Module, int]], strides: Sequence[int]) -> None:
        super().__init__()
        self.features = nn.Sequential(Stem(), *(block for block, _ in blocks))
        # Of each stage of one stride, the place of its first layer in `features`.
        self.starts = [index for index, stride in enumerate(strides, start=1) if stride == 2]
        self.ends = [*self.starts[1:], len(self.features)]
        self.channels = tuple(blocks[end - 2][1] for end in self.ends[1:])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised images (N, 3, H, W) to feature maps of strides 8, 16 and 32."""
        maps = []
        for index, layer in enumerate(self.features, start=1):
            x = layer(x)
            if index in self.ends:
                maps.append(x)
        return maps[1:]

    def stages(self) -> Sequence[Sequence[nn.Module]]:
        """Modules of the stem and of each stage that ends before a change of stride, for freezing."""
        layers = list(self.features)
        return [layers[start:end] for start, end in zip([0, *self.starts], [self.starts[0], *self.ends], strict=True)]


class MobileNetV1(MobileNet):
    """3.2 M parameters; no published weights in this form."""

    mean = (127.5, 127.5, 127.5)
    std = (127.5, 127.5, 127.5)

    def __init__(self) -> None:
        widths = (STEM_CHANNELS, *(channels for channels, _ in V1_LAYERS))
        blocks = [
            (SeparableBlock(inputs, outputs, stride), outputs)
            for inputs, (outputs, stride) in zip(widths, V1_LAYERS, strict=False)
        ]
        super().__init__(blocks, [stride for _, stride in V1_LAYERS])


class MobileNetV2(MobileNet):
    """1.8 M parameters without the classifier."""

    mean = (123.675, 116.28, 103.53)
    std = (58.395, 57.12, 57.375)

    def __init__(self) -> None:
        blocks: list[tuple[nn.Module, int]] = []
        strides = []
        inputs = STEM_CHANNELS
        for expansion, channels, repeats, stride in V2_STAGES:
            for repeat in range(repeats):
                strides.append(stride if repeat == 0 else 1)
                block = InvertedResidual(inputs, channels, stride=strides[-1], expansion=expansion)
                blocks.append((block, channels))
                inputs = channels
        super().__init__(blocks, strides)


def mobilenet_v1() -> MobileNetV1:
    """MobileNetV1 of full width."""
    return MobileNetV1()


def mobilenet_v2() -> MobileNetV2:
    """MobileNetV2 of full width."""
    return MobileNetV2()
