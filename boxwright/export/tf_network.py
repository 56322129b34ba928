"""The steps of a network as TensorFlow operations on images (N, H, W, C).

Functions take the imported `tensorflow` as `tf`; `boxwright.export.savedmodel` alone imports it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.export.graph import Network, Step

Store = Callable[[str, NDArray[np.float32]], Any]
"""Makes a variable of the given name and value."""

AXES = {0: 0, 1: 3, 2: 1, 3: 2}
"""Where the axes of (N, C, H, W) lie in (N, H, W, C)."""


def network_outputs(tf: Any, network: Network, images: Any, store: Store) -> list[Any]:
    """Compute the network's outputs.

    Args:
        images: float32 (N, H, W, 3).
        store: called once for each weight, in TensorFlow's layout.
    """
    values: dict[str, Any] = {network.input: images}
    weights = Weights(network.constants, store)
    for step in network.steps:
        values[step.name] = RULES[step.kind](tf, step, values, weights)
    return [values[name] for name in network.outputs]


class Weights:
    """The network's constants as variables, each made when it is first used."""

    def __init__(self, constants: Mapping[str, NDArray[np.float32]], store: Store) -> None:
        self.constants, self.store = constants, store
        self.made: dict[str, Any] = {}

    def get(self, name: str, *order: int) -> Any:
        """The variable for a constant, its axes reordered."""
        if name not in self.made:
            array = self.constants[name]
            self.made[name] = self.store(name, np.ascontiguousarray(array.transpose(order) if order else array))
        return self.made[name]

    def operand(self, name: str) -> Any:
        """The variable for a constant that meets an image: (1, C, 1, 1) becomes (1, 1, 1, C)."""
        array = self.constants[name]
        if array.ndim == 3:
            return self.get(name, 1, 2, 0)
        return self.get(name, 0, 2, 3, 1) if array.ndim == 4 else self.get(name)


Values = dict[str, Any]


def _operands(step: Step, values: Values, weights: Weights) -> list[Any]:
    return [values[name] if name in values else weights.operand(name) for name in step.inputs]


def _plain(operation: Callable[..., Any]) -> Callable[[Any, Step, Values, Weights], Any]:
    return lambda tf, step, values, weights: operation(tf, *_operands(step, values, weights))


def _conv(tf: Any, step: Step, values: Values, weights: Weights) -> Any:
    x, kernel, given = values[step.inputs[0]], weights.constants[step.inputs[1]], step.attributes
    padding = _padding(step, (kernel.shape[2], kernel.shape[3]), (x.shape[1], x.shape[2]))
    strides, dilations = [1, *given["strides"], 1], given["dilations"]
    if given["groups"] == 1:
        weight = weights.get(step.inputs[1], 2, 3, 1, 0)
        result = tf.nn.conv2d(x, weight, strides, padding, dilations=dilations)
    elif given["groups"] == x.shape[3] == kernel.shape[0]:
        weight = weights.get(step.inputs[1], 2, 3, 0, 1)
        if not isinstance(padding, str):
            # TensorFlow loses such a padding when it fuses what follows, and ends the process over it.
            x, padding = tf.pad(x, padding), "VALID"
        result = tf.nn.depthwise_conv2d(x, weight, strides, padding, dilations=dilations)
    else:
        raise ValueError(f"a convolution of {given['groups']} groups over {x.shape[3]} channels cannot be exported")
    return tf.nn.bias_add(result, weights.get(step.inputs[2]))


def _padding(step: Step, kernel: tuple[int, int], size: tuple[int, int]) -> Any:
    """TensorFlow's name for the padding where it has one, else its four widths."""
    given = step.attributes
    top, left, bottom, right = given["pads"]
    if not any(given["pads"]):
        return "VALID"
    wanted = []
    for length, width, stride, dilation in zip(size, kernel, given["strides"], given["dilations"], strict=True):
        total = max((-(-length // stride) - 1) * stride + dilation * (width - 1) + 1 - length, 0)
        wanted.append((total // 2, total - total // 2))
    if wanted == [(top, bottom), (left, right)]:
        return "SAME"
    return [[0, 0], [top, bottom], [left, right], [0, 0]]


def _max_pool(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    given = step.attributes
    x = values[step.inputs[0]]
    top, left, bottom, right = given["pads"]
    if any(given["pads"]):
        x = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], constant_values=x.dtype.min)
    return tf.nn.max_pool2d(x, given["kernel"], given["strides"], "VALID")


def _pad(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    top, left, bottom, right = step.attributes["pads"]
    widths = [[0, 0], [top, bottom], [left, right], [0, 0]]
    return tf.pad(values[step.inputs[0]], widths, constant_values=step.attributes["value"])


def _clip(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    low, high = step.attributes["low"], step.attributes["high"]
    x = values[step.inputs[0]]
    return tf.nn.relu6(x) if (low, high) == (0.0, 6.0) else tf.clip_by_value(x, low, high)


def _scale_shift(_tf: Any, step: Step, values: Values, weights: Weights) -> Any:
    x, scale, shift = step.inputs
    return values[x] * weights.get(scale) + weights.get(shift)


def _nearest(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    return tf.raw_ops.ResizeNearestNeighbor(images=values[step.inputs[0]], size=list(step.attributes["size"]))


def _concat(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    axis = step.attributes["axis"]
    return tf.concat([values[name] for name in step.inputs], AXES[axis] if step.attributes["rank"] == 4 else axis)


def _reshape(tf: Any, step: Step, values: Values, _: Weights) -> Any:
    return tf.reshape(values[step.inputs[0]], [-1, *step.attributes["shape"]])


RULES: dict[str, Callable[[Any, Step, Values, Weights], Any]] = {
    "conv": _conv,
    "max_pool": _max_pool,
    "pad": _pad,
    "clip": _clip,
    "scale_shift": _scale_shift,
    "nearest": _nearest,
    "channels_last": _plain(lambda _, x: x),
    "reshape": _reshape,
    "concat": _concat,
    "global_mean": _plain(lambda tf, x: tf.reduce_mean(x, [1, 2], keepdims=True)),
    "global_max": _plain(lambda tf, x: tf.reduce_max(x, [1, 2], keepdims=True)),
    "length": _plain(lambda tf, x: tf.norm(x, axis=3, keepdims=True)),
    "relu": _plain(lambda tf, x: tf.nn.relu(x)),
    "sigmoid": _plain(lambda tf, x: tf.sigmoid(x)),
    "add": _plain(lambda _, a, b: a + b),
    "subtract": _plain(lambda _, a, b: a - b),
    "multiply": _plain(lambda _, a, b: a * b),
    "divide": _plain(lambda _, a, b: a / b),
}
