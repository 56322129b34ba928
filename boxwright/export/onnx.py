"""A detector as one ONNX file: letterboxed pictures in, finished detections out."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from boxwright.export.graph import Network, Step, trace
from boxwright.models.detector import Detector
from boxwright.ops.boxes import MAX_LOG_RATIO, centre_size
from boxwright.ops.nms import CANDIDATES

OPSET = 18
IR_VERSION = 8
"""Of opset 18: older runtimes refuse newer ones."""

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


def export_onnx(
    model: Detector,
    path: str | os.PathLike[str],
    *,
    size: tuple[int, int],
    class_ids: Sequence[int],
    half: bool = False,
    network: Network | None = None,
) -> None:
    """Write the detector with decoding and non-maximum suppression inside (opset 18).

    Inputs: `image`, uint8 (N, height, width, 3), RGB canvases as `boxwright.imaging.letterbox` makes them; `key`,
    string (N,), which may be left out. Outputs, M being `model.post.limit`: `detection_boxes`, float32 (N, M, 4),
    [ymin, xmin, ymax, xmax] as shares of the canvas's height and width; `detection_classes`, float32 (N, M), outer
    ids; `detection_scores`, float32 (N, M), best first; `num_detections`, float32 (N,); `key`. Empty slots hold 0.

    Args:
        model: any device and mode; left as it is.
        path: file to write; its folder must exist.
        size: (height, width) of the canvas.
        class_ids: outer id of each label.
        half: the network computes in float16; pictures, decoding, suppression and outputs stay as they are.
        network: the model's, traced at this size; traced here when left out.

    Raises:
        ValueError: an operation without counterpart, or ids that do not fit the model's classes.
        OSError: the file cannot be written.
    """
    if len(class_ids) != model.num_classes:
        raise ValueError(f"class_ids must name each of the model's {model.num_classes} classes, got {len(class_ids)}")
    graph = _Graph()
    network = network or trace(model, size)
    logits, deltas = _half_network(graph, network) if half else _network(graph, network)
    _detections(graph, model, (logits, deltas), size=size, class_ids=class_ids)
    made = graph.model(size, model.post.limit)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, os.fspath(path))


class _Graph:
    """Nodes and constants of a graph that is being written; values are referred to by name.

    Attributes:
        real: dtype of constants that are given none.
    """

    def __init__(self) -> None:
        self.real: Any = np.float32
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, name: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """Append an operation; gives the name of its result, or a list of names for several."""
        stem = name or f"{kind.lower()}.{len(self.nodes)}"
        names = [stem] if outputs == 1 else [f"{stem}:{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=stem, **attributes))
        return stem if outputs == 1 else names

    def constant(self, value: Any, dtype: Any = None, name: str = "") -> str:
        """Store an array or number; gives its name."""
        array = np.asarray(value, dtype or self.real)
        stem = name or f"constant.{len(self.constants)}"
        self.constants[stem] = numpy_helper.from_array(array, stem)
        return stem

    def model(self, size: tuple[int, int], limit: int) -> Any:
        """The finished model."""
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", *size, 3])
        key = helper.make_tensor_value_info("key", TensorProto.STRING, ["keys"])
        shapes: dict[str, list[str | int]] = {
            "detection_boxes": ["batch", limit, 4],
            "detection_classes": ["batch", limit],
            "detection_scores": ["batch", limit],
            "num_detections": ["batch"],
        }
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        # An input that an initialiser also names may be left out; then the initialiser is its value.
        absent = helper.make_tensor("key", TensorProto.STRING, [1], [b""])
        stored = [*self.constants.values(), absent]
        graph = helper.make_graph(self.nodes, "detector", [image, key], [*outputs, key], stored)
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="boxwright")


def _half_network(graph: _Graph, network: Network) -> list[str]:
    """The network in float16, whose numbers end at 65504 and have few digits below 0.0001; its outputs in float32."""
    limits = np.finfo(np.float16)
    constants = {name: array.clip(limits.min, limits.max) for name, array in network.constants.items()}
    graph.real = np.float16
    outputs = _network(graph, replace(network, constants=constants))
    graph.real = np.float32
    return [graph.node("Cast", name, to=TensorProto.FLOAT) for name in outputs]


def _network(graph: _Graph, network: Network) -> list[str]:
    for name, array in network.constants.items():
        graph.constant(array, name=name)
    planes = graph.node("Transpose", "image", perm=[0, 3, 1, 2])
    graph.node("Cast", planes, name=network.input, to=helper.np_dtype_to_tensor_dtype(np.dtype(graph.real)))
    for step in network.steps:
        _append(graph, step)
    return list(network.outputs)


def _append(graph: _Graph, step: Step) -> None:
    inputs, name = step.inputs, step.name
    if step.kind in PLAIN:
        graph.node(PLAIN[step.kind], *inputs, name=name)
    elif step.kind == "scale_shift":
        scale, shift = (graph.node("Unsqueeze", one, graph.constant([1, 2], np.int64)) for one in inputs[1:])
        graph.node("Add", graph.node("Mul", inputs[0], scale), shift, name=name)
    elif step.kind == "nearest":
        _resized(graph, step)
    elif step.kind in RULES:
        operator, more, attributes = RULES[step.kind](graph, step.attributes)
        graph.node(operator, *inputs, *more, name=name, **attributes)
    else:
        raise ValueError(f"a step of kind {step.kind} has no ONNX counterpart")


# A rule gives the operator, further inputs and attributes of a step from the step's attributes.
Given = Mapping[str, Any]
Operator = tuple[str, list[str], dict[str, Any]]


def _conv(_: _Graph, given: Given) -> Operator:
    window = {name: list(given[name]) for name in ("strides", "pads", "dilations")}
    return "Conv", [], {"group": given["groups"], **window}


def _max_pool(_: _Graph, given: Given) -> Operator:
    window = {name: list(given[name]) for name in ("strides", "pads")}
    return "MaxPool", [], {"kernel_shape": list(given["kernel"]), **window}


def _pad(graph: _Graph, given: Given) -> Operator:
    top, left, bottom, right = given["pads"]
    pads = graph.constant([0, 0, top, left, 0, 0, bottom, right], np.int64)
    return "Pad", [pads, graph.constant(given["value"])], {}


def _clip(graph: _Graph, given: Given) -> Operator:
    # A lower limit that keeps a divisor from 0 must not become 0 itself where numbers have fewer digits.
    low = max(given["low"], np.finfo(graph.real).tiny) if given["low"] > 0 else given["low"]
    bounds = np.clip([low, given["high"]], np.finfo(graph.real).min, np.finfo(graph.real).max)
    return "Clip", [graph.constant(bound) for bound in bounds], {}


def _resized(graph: _Graph, step: Step) -> None:
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


def _reshape(graph: _Graph, given: Given) -> Operator:
    return "Reshape", [graph.constant([0, *given["shape"]], np.int64)], {}


RULES: dict[str, Callable[[_Graph, Given], Operator]] = {
    "conv": _conv,
    "max_pool": _max_pool,
    "pad": _pad,
    "clip": _clip,
    "channels_last": lambda _graph, _given: ("Transpose", [], {"perm": [0, 2, 3, 1]}),
    "reshape": _reshape,
    "concat": lambda _graph, given: ("Concat", [], {"axis": given["axis"]}),
    "length": lambda graph, _given: ("ReduceL2", [graph.constant([1], np.int64)], {"keepdims": 1}),
}


def _detections(
    graph: _Graph, model: Detector, outputs: Sequence[str], *, size: tuple[int, int], class_ids: Sequence[int]
) -> None:
    """`Detector.decode` in ONNX: the best candidates of all classes, decoded, then suppressed within classes."""
    logits, deltas = outputs
    anchors = model.anchors(size).cpu()
    classes = graph.constant(model.num_classes, np.int64)
    count = min(CANDIDATES, len(anchors) * model.num_classes)
    flat = graph.node("Flatten", _foreground(graph, logits) if model.softmax else logits)
    best, index = graph.node("TopK", flat, graph.constant([count], np.int64), outputs=2)
    label, anchor = graph.node("Mod", index, classes), graph.node("Div", index, classes)
    scores = best if model.softmax else graph.node("Sigmoid", best)  # which keeps the order
    rows = graph.node("Unsqueeze", anchor, graph.constant([-1], np.int64))
    chosen = graph.node("GatherND", deltas, rows, batch_dims=1)
    chosen = graph.node("Mul", chosen, graph.constant(model.delta_scale(anchors.device).numpy()))
    boxes = _decoded(graph, chosen, anchor, centre_size(anchors), size)
    kept = _suppressed(graph, model, boxes, scores, label)
    top, order = graph.node("TopK", kept, graph.constant([model.post.limit], np.int64), outputs=2)
    _results(graph, (boxes, top, graph.node("GatherElements", label, order, axis=1), order), size, class_ids)


def _foreground(graph: _Graph, logits: str) -> str:
    """Probabilities (N, A, K) from logits (N, A, 1 + K), the background being the first."""
    first, end, axis = (graph.constant([value], np.int64) for value in (1, np.iinfo(np.int64).max, 2))
    return str(graph.node("Slice", graph.node("Softmax", logits, axis=2), first, end, axis))


def _results(graph: _Graph, values: Sequence[str], size: tuple[int, int], class_ids: Sequence[int]) -> None:
    """The named outputs from candidate boxes (N, C, 4) and, best first, scores, labels and rows of boxes (N, M)."""
    boxes, scores, labels, order = values
    last = graph.constant([-1], np.int64)
    found = graph.node("Cast", graph.node("Greater", scores, graph.constant(0.0)), to=TensorProto.FLOAT)
    chosen = graph.node("GatherND", boxes, graph.node("Unsqueeze", order, last), batch_dims=1)
    shares = graph.node("Div", chosen, graph.constant([*size, *size]))
    graph.node("Mul", shares, graph.node("Unsqueeze", found, last), name="detection_boxes")
    ids = graph.node("Gather", graph.constant(class_ids), labels)
    graph.node("Mul", ids, found, name="detection_classes")
    graph.node("Identity", scores, name="detection_scores")
    graph.node("ReduceSum", found, graph.constant([1], np.int64), name="num_detections", keepdims=0)


def _decoded(graph: _Graph, chosen: str, anchor: str, anchors: tuple[Tensor, Tensor], size: tuple[int, int]) -> str:
    """Boxes (N, C, 4) yxyx in pixels of the canvas; see `boxwright.ops.boxes.decode`.

    Args:
        chosen: deltas (N, C, 4).
        anchor: rows (N, C) of their anchors.
    """
    centre, side = (graph.node("Gather", graph.constant(part.flip(1).numpy()), anchor) for part in anchors)
    # Deltas are (dx, dy, log w, log h); picking columns also turns them into y before x.
    offset = graph.node("Gather", chosen, graph.constant([1, 0], np.int64), axis=2)
    log_ratio = graph.node("Gather", chosen, graph.constant([3, 2], np.int64), axis=2)
    centre = graph.node("Add", graph.node("Mul", offset, side), centre)
    ratio = graph.node("Exp", graph.node("Min", log_ratio, graph.constant(MAX_LOG_RATIO)))
    half = graph.node("Mul", graph.node("Mul", ratio, side), graph.constant(0.5))
    corners = graph.node("Concat", graph.node("Sub", centre, half), graph.node("Add", centre, half), axis=2)
    return str(graph.node("Max", graph.node("Min", corners, graph.constant([*size, *size])), graph.constant(0.0)))


def _suppressed(graph: _Graph, model: Detector, boxes: str, scores: str, labels: str) -> str:
    """Scores (N, C) with those of suppressed candidates set to 0.

    Each candidate stands in the row of scores of its own class only, so the operator suppresses within classes.
    """
    post, classes = model.post, graph.constant(np.arange(model.num_classes)[:, None], np.int64)
    own = graph.node("Equal", graph.node("Unsqueeze", labels, graph.constant([1], np.int64)), classes)
    rows = graph.node(
        "Where", own, graph.node("Unsqueeze", scores, graph.constant([1], np.int64)), graph.constant(-1.0)
    )
    limits = (
        graph.constant([post.limit], np.int64),
        graph.constant([post.iou_threshold]),
        graph.constant([post.score_threshold]),
    )
    picked = graph.node("NonMaxSuppression", boxes, rows, *limits)
    places = graph.node("Gather", picked, graph.constant([0, 2], np.int64), axis=1)
    nothing = graph.node("Mul", scores, graph.constant(0.0))
    return str(graph.node("ScatterND", nothing, places, graph.node("GatherND", scores, places)))
