"""The integer form of a small detector: which parts are quantised, and what is refused."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto
from torch import nn

from boxwright.export.onnx import export_onnx
from boxwright.export.quantise import quantise_onnx
from boxwright.models.retinanet import AnchorSettings, retinanet

SIZE = (64, 96)
CANVASES = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), dtype=np.uint8)


class Plain(nn.Module):
    """Four convolutions with ReLU, the first of stride 4."""

    channels = (8, 8, 8)
    mean, std = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, stride=2, padding=1) for _ in range(3))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        maps = [self.stem(x).relu()]
        for conv in self.convs:
            maps.append(conv(maps[-1]).relu())
        return maps[1:]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, make_lively: Any) -> tuple[Path, Path]:
    """The float32 file and its integer form."""
    torch.manual_seed(0)
    model = make_lively(
        retinanet(Plain(), 2, channels=8, head_convs=1, anchors=AnchorSettings(scales=1, ratios=(1.0,))), SIZE
    )
    folder = tmp_path_factory.mktemp("quantised")
    export_onnx(model, folder / "model.onnx", size=SIZE, class_ids=[1, 2])
    quantise_onnx(folder / "model.onnx", folder / "model_int8.onnx", iter(CANVASES))
    return folder / "model.onnx", folder / "model_int8.onnx"


def test_all_convolutions_but_the_first_and_the_last_have_integer_weights(files: tuple[Path, Path]) -> None:
    graph = onnx.load(files[1]).graph
    stored = {one.name: one for one in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    kinds: Counter[str] = Counter()
    for node in (one for one in graph.node if one.op_type == "Conv"):
        weight = made_by.get(node.input[1])
        if weight is None:
            kinds["float"] += 1
            continue
        assert weight.op_type == "DequantizeLinear"
        integers, scales, zeros = (stored[name] for name in weight.input)
        assert integers.data_type == TensorProto.INT8 and zeros.dims == scales.dims == [integers.dims[0]]
        kinds["integer"] += 1
    levels = 5  # each runs the last convolutions of both heads
    assert kinds["float"] == 1 + 2 * levels
    assert kinds["integer"] == sum(one.op_type == "Conv" for one in onnx.load(files[0]).graph.node) - kinds["float"]


def test_decoding_and_suppression_are_left_as_they_were(files: tuple[Path, Path]) -> None:
    nodes = list(onnx.load(files[0]).graph.node)
    first = [node.op_type for node in nodes].index("TopK")
    quantised = {node.name: node for node in onnx.load(files[1]).graph.node}
    assert all(quantised[node.name] == node for node in nodes[first:])


def test_inputs_and_outputs_are_those_of_the_float_model(files: tuple[Path, Path]) -> None:
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in files]
    declared = [[(one.name, one.type, one.shape) for one in session.get_inputs()] for session in sessions]
    assert declared[0] == declared[1]
    given = {"image": CANVASES[:2]}
    for name in ("detection_scores", "num_detections"):
        one, other = (session.run([name], given)[0] for session in sessions)
        assert one.shape == other.shape
    assert sessions[1].run(["key"], given | {"key": np.array(["a", "b"], object)})[0].tolist() == ["a", "b"]


def test_the_range_of_a_value_is_what_the_canvases_bring_forth(files: tuple[Path, Path]) -> None:
    """Of the first ReLU: 0 to its largest value, in 255 steps."""
    model = onnx.load(files[0])
    name = next(node.output[0] for node in model.graph.node if node.op_type == "Relu")
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    model.graph.initializer.remove(next(one for one in model.graph.initializer if one.name == "key"))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (values,) = session.run([name], {"image": CANVASES, "key": np.array([""], object)})
    graph = onnx.load(files[1]).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    quantised = next(node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == name)
    assert stored[quantised.input[1]] == pytest.approx(values.max() / 255, rel=1e-5)
    assert stored[quantised.input[2]] == 0


def test_nothing_to_calibrate_on_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="calibrated on at least one picture"):
        quantise_onnx(files[0], tmp_path / "model.onnx", [])
    assert not (tmp_path / "model.onnx").exists()
