"""Which operation of `torch.export` becomes which step of `boxwright.export.graph`.

A rule takes the shape of the result and the operation's arguments, in which constants are tensors and computed values
are nodes; it gives a step's kind, operands and attributes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Node

BATCH = 2
"""Batch size of the traced call; a step may depend on the batch only in its first axis, which is left open."""

aten = torch.ops.aten
Shape = tuple[int, ...]
Lowered = tuple[str, Sequence[Any], dict[str, Any]]


def shape_of(node: Node) -> Shape:
    """Of the value of a node; of the first one, where it has several."""
    value = node.meta["val"]
    return tuple((value[0] if isinstance(value, tuple | list) else value).shape)


def _convolution(
    _: Shape, x: Node, weight: Tensor, bias: Tensor | None, strides: Shape, padding: Shape, *rest: Any
) -> Lowered:
    dilations, transposed, _output_padding, groups = rest
    if transposed:
        raise ValueError("a transposed convolution cannot be exported")
    bias = torch.zeros(weight.shape[0]) if bias is None else bias
    window = {"strides": tuple(strides), "pads": (*padding, *padding), "dilations": tuple(dilations)}
    return "conv", (x, weight, bias), {**window, "groups": groups}


def _max_pool(
    shape: Shape, x: Node, kernel: Shape, strides: Shape = (), padding: Shape = (0, 0), dilation: Any = 1, *_: Any
) -> Lowered:
    if set(np.ravel(dilation)) != {1}:
        raise ValueError("max pooling with dilation cannot be exported")
    strides = strides or kernel
    windows = zip(shape[2:], strides, kernel, shape_of(x)[2:], padding, strict=True)
    # Where the count of windows is rounded up, the last ones end beyond the padding of the near side.
    ends = (max(pad, (count - 1) * stride + width - length - pad) for count, stride, width, length, pad in windows)
    return "max_pool", (x,), {"kernel": tuple(kernel), "strides": tuple(strides), "pads": (*padding, *ends)}


def _pad(_: Shape, x: Node, pads: Shape, value: float = 0.0) -> Lowered:
    left, right, top, bottom = (*pads, 0, 0)[:4]
    return "pad", (x,), {"pads": (top, left, bottom, right), "value": float(value)}


def _batch_norm(_: Shape, x: Node, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, *rest: Any) -> Lowered:
    scale = weight * (variance + rest[1]).rsqrt()
    return "scale_shift", (x, scale, bias - mean * scale), {}


def _clip(_: Shape, x: Node, low: float = -1.0, high: float = 1.0) -> Lowered:
    return "clip", (x,), {"low": float(low), "high": float(high)}


def _nearest(shape: Shape, x: Node, *_: Any) -> Lowered:
    return "nearest", (x,), {"size": shape[2:], "source": shape_of(x)[2:]}


def _permute(_: Shape, x: Node, order: Shape) -> Lowered:
    if tuple(order) != (0, 2, 3, 1):
        raise ValueError(f"an export can only move channels to the end, not permute by {tuple(order)}")
    return "channels_last", (x,), {}


def _view(shape: Shape, x: Node, _: Shape) -> Lowered:
    if shape_of(x)[0] != BATCH or shape[0] != BATCH:
        raise ValueError(f"an export cannot reshape {shape_of(x)} to {shape}: the first axis must stay the batch")
    return "reshape", (x,), {"shape": shape[1:]}


def _concat(shape: Shape, parts: Sequence[Node], axis: int = 0) -> Lowered:
    return "concat", parts, {"axis": axis % len(shape), "rank": len(shape)}


def _over_the_map(kind: str) -> Callable[..., Lowered]:
    def rule(_: Shape, x: Node, axes: Sequence[int], keep: bool = False) -> Lowered:
        if {axis % 4 for axis in axes} != {2, 3} or not keep or len(shape_of(x)) != 4:
            raise ValueError(f"an export can only reduce height and width, kept as 1, not the axes {tuple(axes)}")
        return kind, (x,), {}

    return rule


def _length(_: Shape, x: Node, order: float = 2.0, axes: Sequence[int] = (), keep: bool = False) -> Lowered:
    if order != 2 or list(axes) != [1] or not keep:
        raise ValueError(f"an export can only take Euclidean lengths over the channels, kept as 1, not over {axes}")
    return "length", (x,), {}


def _clamp(_: Shape, x: Node, low: float | None = None, high: float | None = None) -> Lowered:
    most = float(np.finfo(np.float32).max)
    return "clip", (x,), {"low": -most if low is None else float(low), "high": most if high is None else float(high)}


def _plain(kind: str) -> Callable[..., Lowered]:
    return lambda _, *operands: (kind, operands, {})


RULES: dict[Any, Callable[..., Lowered]] = {
    aten.convolution.default: _convolution,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.constant_pad_nd.default: _pad,
    aten._native_batch_norm_legit_no_training.default: _batch_norm,
    aten.hardtanh.default: _clip,
    aten.clamp.default: _clamp,
    aten.linalg_vector_norm.default: _length,
    aten.upsample_nearest2d.vec: _nearest,
    aten.permute.default: _permute,
    aten.view.default: _view,
    aten.cat.default: _concat,
    aten.mean.dim: _over_the_map("global_mean"),
    aten.amax.default: _over_the_map("global_max"),
    aten.relu.default: _plain("relu"),
    aten.sigmoid.default: _plain("sigmoid"),
    aten.add.Tensor: _plain("add"),
    aten.sub.Tensor: _plain("subtract"),
    aten.mul.Tensor: _plain("multiply"),
    aten.div.Tensor: _plain("divide"),
}
