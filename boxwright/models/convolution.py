"""A convolution and its batch norm, computed as one where the statistics are fixed."""

import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.depthwise import depthwise_conv


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
    if isinstance(norm, nn.BatchNorm2d) and not norm.training:
        weight, bias = fold(conv, norm)
        if conv.groups == conv.in_channels > 1:
            return depthwise_conv(x, weight, bias, stride=conv.stride[0], padding=int(conv.padding[0]))
        return F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    out: Tensor = norm(conv(x))
    return out
