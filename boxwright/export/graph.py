"""A network as a short list of steps that other runtimes have too: the one walk from which every export is written.

`torch.export` gives the network in Core ATen operations. Whatever depends on weights alone, such as folding a batch
norm into its convolution, is computed here and becomes a constant. Values of rank 4 are images (N, C, H, W) until a
`channels_last` step turns them into (N, H, W, C); so a backend that keeps its images as (N, H, W, C) can leave that
step out.
"""

import copy
import operator
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import Node
from torch.fx.node import map_arg

BATCH = 2
"""Batch size of the traced call; a step may depend on the batch only in its first axis, which is left open."""

aten = torch.ops.aten
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        name: of the value that it computes.
        kind: one of the kinds below.
        inputs: names of constants or of earlier values.
        attributes: by kind. `conv`: strides, pads (top, left, bottom, right), dilations, groups; inputs x, weight
            (O, I / groups, h, w), bias (O,). `max_pool`: kernel, strides, pads. `pad`: pads, value. `clip`: low, high.
            `scale_shift`: inputs x, scale, shift, both (C,). `nearest`: size and source, (height, width) of the result
            and of x. `concat`: axis, rank. `reshape`: shape, without the batch. `global_mean` and `global_max` (of
            each channel; height and width become 1), `length` (Euclidean, of the channels of each cell, which become
            1), `add`, `subtract`, `multiply`, `divide`, `relu`, `sigmoid` and `channels_last`: none.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Network:
    """Steps in order of computation.

    Attributes:
        input: name of the one input, float32 (N, 3, H, W).
        outputs: names of the values that the network returns.
        steps: the operations.
        constants: float32 arrays by name.
    """

    input: str
    outputs: tuple[str, ...]
    steps: tuple[Step, ...]
    constants: dict[str, NDArray[np.float32]]


def trace(model: nn.Module, size: tuple[int, int]) -> Network:
    """Walk a network that maps float32 (N, 3, height, width) to tensors; a copy in evaluation mode, on the CPU.

    Raises:
        ValueError: the network uses an operation that has no counterpart here; names it.
    """
    walk = _Walk(_core_program(copy.deepcopy(model).cpu().eval(), size))
    for node in walk.program.graph.nodes:
        walk.visit(node)
    used = {name for step in walk.steps for name in step.inputs}
    constants = {name: array for name, array in walk.constants.items() if name in used}
    return Network(walk.input, walk.outputs, tuple(_merge_pads(walk.steps)), constants)


def _core_program(model: nn.Module, size: tuple[int, int]) -> torch.export.ExportedProgram:
    with warnings.catch_warnings():
        # torch.export copies its own tree specifications through a class that it declares deprecated.
        warnings.filterwarnings("ignore", "`isinstance\\(treespec, LeafSpec\\)` is deprecated", FutureWarning)
        program = torch.export.export(model, (torch.zeros(BATCH, 3, *size),))
        core: torch.export.ExportedProgram = program.run_decompositions()
        return core


class _Walk:
    """State of one walk: what is known as a constant, what is computed, and under which name."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self.program = program
        self.input = ""
        self.outputs: tuple[str, ...] = ()
        self.steps: list[Step] = []
        self.constants: dict[str, NDArray[np.float32]] = {}
        self.known: dict[Node, Tensor] = {}
        self.names: dict[Node, str] = {}
        stored = {**program.state_dict, **program.constants}
        self.stored = {
            spec.arg.name: stored[spec.target] for spec in program.graph_signature.input_specs if spec.target
        }

    def visit(self, node: Node) -> None:
        """Take one node of the program, all of whose inputs have been visited."""
        if node.op == "output":
            self.outputs = tuple(self.names[value] for value in node.all_input_nodes)
        elif node.op == "placeholder" and node.name in self.stored:
            self.known[node] = self.stored[node.name].detach()
        elif node.op == "placeholder":
            self.input = self.names[node] = node.name
        elif all(source in self.known for source in node.all_input_nodes):
            self.known[node] = self._evaluate(node)
        else:
            self._lower(node)

    def _evaluate(self, node: Node) -> Any:
        args, kwargs = map_arg((node.args, dict(node.kwargs)), lambda source: self.known[source])
        with torch.no_grad():
            return node.target(*args, **kwargs)  # type: ignore[operator]  # an ATen operator, callable

    def _lower(self, node: Node) -> None:
        if node.target in (aten.clone.default, aten.alias.default) or _first_of_several(node):
            self.names[node] = self.names[node.all_input_nodes[0]]
            return
        rule = RULES.get(node.target)
        if rule is None:
            raise ValueError(
                f"the network uses {node.target}, which cannot be exported; exported operations: "
                f"{', '.join(sorted(str(target) for target in RULES))}"
            )
        args = map_arg(node.args, lambda source: self.known.get(source, source))
        if node.kwargs:
            raise ValueError(f"{node.target} with {dict(node.kwargs)} cannot be exported")
        kind, inputs, attributes = rule(_shape(node), *args)
        names = tuple(self._name(one, f"{node.name}.{index}") for index, one in enumerate(inputs))
        self.steps.append(Step(node.name, kind, names, attributes))
        self.names[node] = node.name

    def _name(self, operand: Any, fallback: str) -> str:
        if isinstance(operand, Node):
            return self.names[operand]
        for node, tensor in self.known.items():
            if tensor is operand:
                fallback = node.name
        array = operand.numpy() if isinstance(operand, Tensor) else operand
        self.constants[fallback] = np.ascontiguousarray(array, np.float32)
        return fallback


def _first_of_several(node: Node) -> bool:
    return node.target is operator.getitem and bool(node.args[1] == 0)


def _shape(node: Node) -> Shape:
    value = node.meta["val"]
    return tuple((value[0] if isinstance(value, tuple | list) else value).shape)


def _merge_pads(steps: Sequence[Step]) -> list[Step]:
    """Give zero padding that only a convolution reads to that convolution."""
    pads = {step.name: step for step in steps if step.kind == "pad" and step.attributes["value"] == 0.0}
    uses = Counter(name for step in steps for name in step.inputs)
    merged: dict[str, Step] = {}
    for step in steps:
        pad = pads.get(step.inputs[0]) if step.kind == "conv" else None
        if pad is not None and uses[pad.name] == 1:
            total = tuple(a + b for a, b in zip(step.attributes["pads"], pad.attributes["pads"], strict=True))
            inputs = (*pad.inputs, *step.inputs[1:])
            step = replace(step, inputs=inputs, attributes={**step.attributes, "pads": total})
            del merged[pad.name]
        merged[step.name] = step
    return list(merged.values())


# A rule takes the shape of the result and the operation's arguments, in which constants are tensors and computed
# values are nodes; it gives a step's kind, operands and attributes.
Lowered = tuple[str, Sequence[Any], dict[str, Any]]


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
    windows = zip(shape[2:], strides, kernel, _shape(x)[2:], padding, strict=True)
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
    return "nearest", (x,), {"size": shape[2:], "source": _shape(x)[2:]}


def _permute(_: Shape, x: Node, order: Shape) -> Lowered:
    if tuple(order) != (0, 2, 3, 1):
        raise ValueError(f"an export can only move channels to the end, not permute by {tuple(order)}")
    return "channels_last", (x,), {}


def _view(shape: Shape, x: Node, _: Shape) -> Lowered:
    if _shape(x)[0] != BATCH or shape[0] != BATCH:
        raise ValueError(f"an export cannot reshape {_shape(x)} to {shape}: the first axis must stay the batch")
    return "reshape", (x,), {"shape": shape[1:]}


def _concat(shape: Shape, parts: Sequence[Node], axis: int = 0) -> Lowered:
    return "concat", parts, {"axis": axis % len(shape), "rank": len(shape)}


def _over_the_map(kind: str) -> Callable[..., Lowered]:
    def rule(_: Shape, x: Node, axes: Sequence[int], keep: bool = False) -> Lowered:
        if {axis % 4 for axis in axes} != {2, 3} or not keep or len(_shape(x)) != 4:
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
