"""VGG-16 (Simonyan and Zisserman 2015) as SSD uses it (Liu et al. 2016): its two large layers are convolutions.

`fc6` is a 3x3 convolution with holes, `fc7` a 1x1 one, the last pooling keeps the stride, and the map of `conv4` is
brought to a length of its own, as its values are of another size than those behind it. Every pooling rounds up, so
that a map of stride s has side / s cells, rounded up; at 300 and 512 pixels that is the published network, which
rounds up in the third only.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and convolutions of each block; between blocks the maps are halved."""

FC_CHANNELS = 1024
FC6_DILATION = 6
START_LENGTH = 20.0
"""Length of the values of a cell of `conv4` before training (Liu et al. 2015, ParseNet, section 3.3)."""

SHORTEST = 1e-12
"""Lengths below count as this, so that a cell of zeros stays zero."""


class ScaledLength(nn.Module):
    """Divides the values of each cell by their Euclidean length, then multiplies each channel by a learned number."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), START_LENGTH))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        length: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp(min=SHORTEST)
        return x / length * self.weight[:, None, None]


def _block(inputs: int, channels: int, count: int) -> nn.ModuleList:
    widths = [inputs, *[channels] * count]
    return nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:], strict=False))


class VGG16(nn.Module):
    """Features at strides 8 and 16.

    Attributes:
        channels: channels of each feature map.
        mean, std: RGB normalisation on the 0..255 scale that the published weights expect.
        unpublished: parts, by the start of the name, that the published ImageNet file does not hold.
    """

    mean = (123.0, 117.0, 104.0)
    std = (1.0, 1.0, 1.0)
    unpublished = ("fc6.", "fc7.", "length4.")

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *(channels for channels, _ in BLOCKS))
        blocks = [_block(before, *block) for before, block in zip(inputs, BLOCKS, strict=False)]
        self.conv1, self.conv2, self.conv3, self.conv4, self.conv5 = blocks
        self.length4 = ScaledLength(BLOCKS[3][0])
        self.fc6 = nn.Conv2d(BLOCKS[4][0], FC_CHANNELS, 3, padding=FC6_DILATION, dilation=FC6_DILATION)
        self.fc7 = nn.Conv2d(FC_CHANNELS, FC_CHANNELS, 1)
        self.channels = (BLOCKS[3][0], FC_CHANNELS)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                # Halves the variance at each layer, which pixels with a deviation of about 60 can do with; without
                # norms, weights that keep it make the first steps at the published learning rate diverge.
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def trunk(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images (N, 3, H, W) to the raw maps of `conv4` and `conv5`, strides 8 and 16."""
        for block in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool2d(_through(x, block), 2, 2, ceil_mode=True)
        conv4 = _through(x, self.conv4)
        return conv4, _through(F.max_pool2d(conv4, 2, 2, ceil_mode=True), self.conv5)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised images (N, 3, H, W) to feature maps of strides 8 and 16."""
        conv4, conv5 = self.trunk(x)
        fc6 = F.relu(self.fc6(F.max_pool2d(conv5, 3, 1, 1)), inplace=True)
        return [self.length4(conv4), F.relu(self.fc7(fc6), inplace=True)]

    def stages(self) -> Sequence[Sequence[nn.Module]]:
        """Modules of the five blocks, for freezing; the last holds the two large layers too."""
        blocks: list[list[nn.Module]] = [[block] for block in (self.conv1, self.conv2, self.conv3)]
        return [*blocks, [self.conv4, self.length4], [self.conv5, self.fc6, self.fc7]]


def _through(x: Tensor, block: nn.ModuleList) -> Tensor:
    for conv in block:
        x = F.relu(conv(x), inplace=True)
    return x


def vgg16() -> VGG16:
    """20 M parameters, 31 G multiply-adds at 300 pixels."""
    return VGG16()
