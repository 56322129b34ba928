"""An ONNX detector in 8-bit integers: what `boxwright.export.onnx` wrote, quantised by ONNX Runtime's own tool."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization

QUANTISED = ("Conv", "Add", "Mul", "Relu", "Clip", "Sigmoid", "MaxPool", "GlobalMaxPool", "GlobalAveragePool")
"""Operations that become integer ones. Resizing is quicker as it is."""

PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Says that the graph needs no optimisation first: the export has folded what can be folded."""

Canvas = NDArray[np.uint8]


def quantise_onnx(source: Path, target: Path, canvases: Iterable[Canvas]) -> None:
    """Write the int8 form of a detector.

    Weights are int8, symmetric, with a scale for each output channel; values between layers are uint8 between the
    smallest and the largest that the canvases bring forth. That is the pair for which x86 processors have an
    instruction (VNNI). In float32 stay the first convolution, whose three channels leave integer kernels no work and
    whose pictures would have to be rounded once more; the last ones of the heads, whose scores and offsets users see;
    and decoding and suppression.

    Args:
        source: file that `boxwright.export.onnx.export_onnx` wrote.
        target: file to write.
        canvases: pictures to calibrate on, uint8 (height, width, 3), as the model sees them.

    Raises:
        ValueError: no canvas.
        OSError: a file cannot be read or written.
    """
    model = onnx.load(source)
    calibration = _Calibration(canvases)
    absent = _detach_key(model)
    onnx.helper.set_model_props(model, PREPARED)
    with TemporaryDirectory() as folder:
        written = Path(folder) / "model.onnx"
        quantization.quantize_static(
            model,
            written,
            calibration,
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_quantize=_quantised_nodes(model),
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )
        made = onnx.load(written)
    made.graph.initializer.append(absent)
    del made.metadata_props[:]
    onnx.checker.check_model(made)
    onnx.save(made, target)


def _quantised_nodes(model: Any) -> list[str]:
    """Names of the nodes to quantise: of the network, which ends where candidates are picked."""
    nodes = list(model.graph.node)
    network = nodes[: [node.op_type for node in nodes].index("TopK")]
    convolutions = [node for node in network if node.op_type == "Conv"]
    rows = {node.input[0] for node in network if node.op_type == "Transpose"}
    kept = {convolutions[0].name, *(node.name for node in convolutions if node.output[0] in rows)}
    return [node.name for node in network if node.op_type in QUANTISED and node.name not in kept]


class _Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]  # the package is not typed
    """Gives the calibrator one canvas at a time."""

    def __init__(self, canvases: Iterable[Canvas]) -> None:
        self._canvases = iter(canvases)
        self._count = 0

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The inputs of the next run."""
        canvas = next(self._canvases, None)
        if canvas is None:
            if not self._count:
                raise ValueError("an int8 model is calibrated on at least one picture, got none")
            return None
        self._count += 1
        return {"image": canvas[None], "key": np.array([""], object)}


def _detach_key(model: Any) -> Any:
    """Take away and give the default of the input `key`, about which the runtime warns in every session."""
    (absent,) = [stored for stored in model.graph.initializer if stored.name == "key"]
    model.graph.initializer.remove(absent)
    return absent
