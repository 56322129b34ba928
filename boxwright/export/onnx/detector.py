"""A detector as one ONNX file: letterboxed pictures in, finished detections out."""

import os
from collections.abc import Sequence

import onnx

from boxwright.export.graph import Network, trace
from boxwright.export.onnx.detections import write_detections
from boxwright.export.onnx.graph import Graph
from boxwright.export.onnx.network import write_half_network, write_network
from boxwright.models.detector import Detector


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
    graph = Graph()
    network = network or trace(model, size)
    logits, deltas = write_half_network(graph, network) if half else write_network(graph, network)
    write_detections(graph, model, (logits, deltas), size=size, class_ids=class_ids)
    made = graph.model(size, model.post.limit)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, os.fspath(path))
