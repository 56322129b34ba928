"""A convolution and its batch norm, computed as one where the statistics are fixed."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.depthwise import SeparableConv, depthwise_conv


def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the single convolution that equals `norm(conv(x))` with the stored statistics.

    Gradients still reach the convolution's weight and the norm's scale and shift.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without stored statistics cannot be folded")
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    bias = norm.bias - norm.running_mean * scale
    if conv.bias is not None:
        bias = bias + conv.bias * scale
    return conv.weight * scale[:, None, None, None], bias


def convolve(x: Tensor, conv: nn.Conv2d, norm: nn.Module) -> Tensor:
    """`norm(conv(x))`; with fixed statistics in one pass over memory instead of two.

    Args:
        x: (N, C, H, W).
    """
    if isinstance(conv, SeparableConv):
        x = conv.filter(x)
    if isinstance(norm, nn.BatchNorm2d) and not norm.training:
        return _filter(x, conv, *fold(conv, norm))
    out: Tensor = norm(_filter(x, conv, conv.weight, conv.bias))
    return out


def _filter(x: Tensor, conv: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution with another weight and bias."""
    if conv.groups == conv.in_channels > 1 and conv.dilation == (1, 1):
        return depthwise_conv(x, weight, bias, stride=conv.stride[0], padding=int(conv.padding[0]))
    return F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)


class ConvNorm(nn.Sequential):
    """A convolution without bias, padded so that stride 1 keeps H and W, and its norm: members 0 and 1.

    Args:
        norm: makes the norm from its channels.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    ) -> None:
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        super().__init__(conv, norm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        conv, norm = self
        assert isinstance(conv, nn.Conv2d)
        return convolve(x, conv, norm)
