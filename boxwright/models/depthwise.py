"""Depthwise convolution whose backward pass is fast in bfloat16 on a CPU, and the separable one made from it.

oneDNN has no fast bfloat16 kernels for the gradients of depthwise convolutions: on two Zen 5 cores a 5x5 one over
(16, 672, 20, 20) takes 45 ms for the weight against 12 ms in float32, and one of stride 2 over (16, 96, 161, 161)
takes 102 ms for the input against 9 ms. So the forward pass keeps its precision and the backward pass is float32.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = [stride] * 2, [padding] * 2
        low = None if bias is None else bias.to(x.dtype)
        return F.conv2d(x, weight.to(x.dtype), low, stride, padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        grad_x, grad_weight, grad_bias = torch.ops.aten.convolution_backward(
            grads[0].float(),
            x.float(),
            weight.float(),
            [x.shape[1]],
            ctx.stride,
            ctx.padding,
            [1, 1],
            False,
            [0, 0],
            x.shape[1],
            wanted,
        )
        return grad_x.to(x.dtype) if wanted[0] else None, grad_weight, grad_bias, None, None


def depthwise_conv(x: Tensor, weight: Tensor, bias: Tensor | None, *, stride: int, padding: int) -> Tensor:
    """Convolve each channel with its own kernel.

    Args:
        x: (N, C, H, W).
        weight: (C, 1, k, k).
        bias: (C,), or None for none.
    """
    if x.device.type == "cpu" and x.dtype == torch.bfloat16 and torch.is_grad_enabled():
        with torch.autocast("cpu", enabled=False):
            out: Tensor = _Depthwise.apply(x, weight, bias, stride, padding)  # type: ignore[no-untyped-call]
            return out
    return F.conv2d(x, weight, bias, stride, padding, groups=x.shape[1])


class SeparableConv(nn.Conv2d):
    """A depthwise 3x3 convolution without bias, then a 1x1 one (Howard et al. 2017); `weight`, `bias` are the latter's.

    Args:
        inputs, outputs: channels.
        stride: of the depthwise one.
        bias: whether the 1x1 one has a bias.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 1, bias=bias)
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        nn.init.kaiming_uniform_(self.depthwise.weight, a=1)

    def filter(self, x: Tensor) -> Tensor:
        """The depthwise half. x is (N, C, H, W)."""
        return depthwise_conv(x, self.depthwise.weight, None, stride=self.depthwise.stride[0], padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.filter(x))


def conv3x3(inputs: int, outputs: int, *, separable: bool, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution that keeps H and W (at stride 1), plain or separable."""
    if separable:
        return SeparableConv(inputs, outputs, stride=stride, bias=bias)
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)
