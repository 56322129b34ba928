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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import Node
from torch.fx.node import map_arg

from boxwright.export.lowering import BATCH, RULES, shape_of

aten = torch.ops.aten


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
        kind, inputs, attributes = rule(shape_of(node), *args)
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
