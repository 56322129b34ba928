"""The steps of a network as operations of ONNX."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from boxwright.export.graph import Network, Step
from boxwright.export.onnx.graph import Graph

PLAIN = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "global_mean": "GlobalAveragePool",
    "global_max": "GlobalMaxPool",
}


def write_half_network(graph: Graph, network: Network) -> list[str]:
    """The network in float16, whose numbers end at 65504 and have few digits below 0.0001; its outputs in float32."""
    limits = np.finfo(np.float16)
    constants = {name: array.clip(limits.min, limits.max) for name, array in network.constants.items()}
    graph.real = np.float16
    outputs = write_network(graph, replace(network, constants=constants))
    graph.real = np.float32
    return [graph.node("Cast", name, to=TensorProto.FLOAT) for name in outputs]


def write_network(graph: Graph, network: Network) -> list[str]:
    """Append a network that reads `image`, uint8 (N, H, W, 3); gives the names of its outputs.

    Raises:
        ValueError: a kind of step without counterpart.
    """
    for name, array in network.constants.items():
        graph.constant(array, name=name)
    planes = graph.node("Transpose", "image", perm=[0, 3, 1, 2])
    graph.node("Cast", planes, name=network.input, to=helper.np_dtype_to_tensor_dtype(np.dtype(graph.real)))
    for step in network.steps:
        _append(graph, step)
    return list(network.outputs)


def _append(graph: Graph, step: Step) -> None:
    inputs, name = step.inputs, step.name
    if step.kind in PLAIN:
        graph.node(PLAIN[step.kind], *inputs, name=name)
    elif step.kind == "scale_shift":
        scale, shift = (graph.node("Unsqueeze", one, graph.constant([1, 2], np.int64)) for one in inputs[1:])
        graph.node("Add", graph.node("Mul", inputs[0], scale), shift, name=name)
    elif step.kind == "nearest":
        resized(graph, step)
    elif step.kind in RULES:
        operator, more, attributes = RULES[step.kind](graph, step.attributes)
        graph.node(operator, *inputs, *more, name=name, **attributes)
    else:
        raise ValueError(f"a step of kind {step.kind} has no ONNX counterpart")


# A rule gives the operator, further inputs and attributes of a step from the step's attributes.
Given = Mapping[str, Any]
Operator = tuple[str, list[str], dict[str, Any]]


def _conv(_: Graph, given: Given) -> Operator:
    window = {name: list(given[name]) for name in ("strides", "pads", "dilations")}
    return "Conv", [], {"group": given["groups"], **window}


def _max_pool(_: Graph, given: Given) -> Operator:
    window = {name: list(given[name]) for name in ("strides", "pads")}
    return "MaxPool", [], {"kernel_shape": list(given["kernel"]), **window}


def _pad(graph: Graph, given: Given) -> Operator:
    top, left, bottom, right = given["pads"]
    pads = graph.constant([0, 0, top, left, 0, 0, bottom, right], np.int64)
    return "Pad", [pads, graph.constant(given["value"])], {}


def _clip(graph: Graph, given: Given) -> Operator:
    # A lower limit that keeps a divisor from 0 must not become 0 itself where numbers have fewer digits.
    low = max(given["low"], np.finfo(graph.real).tiny) if given["low"] > 0 else given["low"]
    bounds = np.clip([low, given["high"]], np.finfo(graph.real).min, np.finfo(graph.real).max)
    return "Clip", [graph.constant(bound) for bound in bounds], {}


def resized(graph: Graph, step: Step) -> None:
    """Nearest neighbours by factors, or by picking rows and columns where rounding a factor could pick others.

    Factors of all four axes are given: the runtime's change of layout for integers reads no other form.
    """
    sides = list(zip(step.attributes["size"], step.attributes["source"], strict=True))
    factors = [_factor(to, of) for to, of in sides]
    if all(factors):
        scales = graph.constant([1, 1, *factors], np.float32)
        mode: dict[str, Any] = {"mode": "nearest", "nearest_mode": "floor"}
        mode["coordinate_transformation_mode"] = "asymmetric"
        graph.node("Resize", step.inputs[0], "", scales, name=step.name, **mode)
        return
    rows, columns = (graph.constant(np.arange(to) * of // to, np.int64) for to, of in sides)
    graph.node("Gather", graph.node("Gather", step.inputs[0], rows, axis=2), columns, name=step.name, axis=3)


def _factor(to: int, of: int) -> float:
    """The factor by which a runtime makes `to` cells of `of` and picks cell `i * of // to` for cell `i`, 0 for none.

    It computes floor(of * factor) and floor(i / factor). Without a common divisor the quotient i * of / to is no whole
    number but at 0, so a factor that is a little too large rounds to the same cells.
    """
    if to % of == 0:
        return to / of
    return to / of * (1 + 1e-6) if math.gcd(to, of) == 1 else 0.0


def _reshape(graph: Graph, given: Given) -> Operator:
    return "Reshape", [graph.constant([0, *given["shape"]], np.int64)], {}


RULES: dict[str, Callable[[Graph, Given], Operator]] = {
    "conv": _conv,
    "max_pool": _max_pool,
    "pad": _pad,
    "clip": _clip,
    "channels_last": lambda _graph, _given: ("Transpose", [], {"perm": [0, 2, 3, 1]}),
    "reshape": _reshape,
    "concat": lambda _graph, given: ("Concat", [], {"axis": given["axis"]}),
    "length": lambda graph, _given: ("ReduceL2", [graph.constant([1], np.int64)], {"keepdims": 1}),
}
