"""ResNet (He et al. 2016), with the stride in the 3x3 convolution of a bottleneck.

Parameter names are torchvision's, so that its published files load as they are.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import ConvNorm, convolve

WIDTHS = (64, 128, 256, 512)
"""Inner channels of the blocks of each stage."""


class BasicBlock(nn.Module):
    """Two 3x3 convolutions."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = ConvNorm(inputs, width, 1, stride=stride) if stride != 1 or inputs != width else None

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(convolve(x, self.conv1, self.bn1), inplace=True)
        out = convolve(out, self.conv2, self.bn2)
        return F.relu(out + (x if self.downsample is None else self.downsample(x)), inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions; the last widens four times."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = ConvNorm(inputs, outputs, 1, stride=stride) if stride != 1 or inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(convolve(x, self.conv1, self.bn1), inplace=True)
        out = F.relu(convolve(out, self.conv2, self.bn2), inplace=True)
        out = convolve(out, self.conv3, self.bn3)
        return F.relu(out + (x if self.downsample is None else self.downsample(x)), inplace=True)


class ResNet(nn.Module):
    """Features at strides 8, 16 and 32.

    Args:
        block: kind of block.
        repeats: blocks of each of the four stages.

    Attributes:
        channels: channels of each feature map.
        mean, std: RGB normalisation on the 0..255 scale that the published weights expect.
    """

    mean = (123.675, 116.28, 103.53)
    std = (58.395, 57.12, 57.375)

    def __init__(self, block: type[BasicBlock] | type[Bottleneck], repeats: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        layers = []
        for index, (width, count) in enumerate(zip(WIDTHS, repeats, strict=True)):
            outputs = width * block.expansion
            first = block(inputs, width, 1 if index == 0 else 2)
            layers.append(nn.Sequential(first, *(block(outputs, width, 1) for _ in range(count - 1))))
            inputs = outputs
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.channels = tuple(width * block.expansion for width in WIDTHS[1:])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised images (N, 3, H, W) to feature maps of strides 8, 16 and 32."""
        x = F.relu(convolve(x, self.conv1, self.bn1), inplace=True)
        x = self.layer1(F.max_pool2d(x, 3, 2, 1))
        c3 = self.layer2(x)
        c4 = self.layer3(c3)
        return [c3, c4, self.layer4(c4)]

    def stages(self) -> Sequence[Sequence[nn.Module]]:
        """Modules of the stem and of the four stages, for freezing."""
        return [[self.conv1, self.bn1], [self.layer1], [self.layer2], [self.layer3], [self.layer4]]


def resnet18() -> ResNet:
    """11 M parameters."""
    return ResNet(BasicBlock, (2, 2, 2, 2))


def resnet34() -> ResNet:
    """21 M parameters."""
    return ResNet(BasicBlock, (3, 4, 6, 3))


def resnet50() -> ResNet:
    """24 M parameters."""
    return ResNet(Bottleneck, (3, 4, 6, 3))


def resnet101() -> ResNet:
    """43 M parameters."""
    return ResNet(Bottleneck, (3, 4, 23, 3))


def resnet152() -> ResNet:
    """58 M parameters."""
    return ResNet(Bottleneck, (3, 8, 36, 3))


def resnet200() -> ResNet:
    """63 M parameters; no published weights in this form."""
    return ResNet(Bottleneck, (3, 24, 36, 3))
