"""From a network's outputs to finished detections, as operations of ONNX."""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto
from torch import Tensor

from boxwright.export.onnx.graph import Graph
from boxwright.models.detector import Detector
from boxwright.ops.boxes import MAX_LOG_RATIO, centre_size
from boxwright.ops.nms import CANDIDATES


def write_detections(
    graph: Graph, model: Detector, outputs: Sequence[str], *, size: tuple[int, int], class_ids: Sequence[int]
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


def _foreground(graph: Graph, logits: str) -> str:
    """Probabilities (N, A, K) from logits (N, A, 1 + K), the background being the first."""
    first, end, axis = (graph.constant([value], np.int64) for value in (1, np.iinfo(np.int64).max, 2))
    return str(graph.node("Slice", graph.node("Softmax", logits, axis=2), first, end, axis))


def _results(graph: Graph, values: Sequence[str], size: tuple[int, int], class_ids: Sequence[int]) -> None:
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


def _decoded(graph: Graph, chosen: str, anchor: str, anchors: tuple[Tensor, Tensor], size: tuple[int, int]) -> str:
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


def _suppressed(graph: Graph, model: Detector, boxes: str, scores: str, labels: str) -> str:
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
