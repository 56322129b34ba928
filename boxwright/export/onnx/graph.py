"""An ONNX graph that is being written."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 8
"""Of opset 18: older runtimes refuse newer ones."""


class Graph:
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
