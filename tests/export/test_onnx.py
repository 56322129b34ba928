"""The ONNX file: its inputs and outputs, and the evaluated model's detections on canvases."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from boxwright import imaging
from boxwright.export.graph import Step
from boxwright.export.onnx import export_onnx, network
from boxwright.export.onnx.graph import Graph
from boxwright.models.detector import Detector, PostProcessing
from boxwright.models.retinanet import AnchorSettings, retinanet


@pytest.fixture(scope="module")
def session(exported: Any) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(exported.onnx.read_bytes(), options)


@pytest.fixture(scope="module")
def canvases(exported: Any, pictures: dict[str, bytes]) -> np.ndarray:
    chosen = ("jpeg", "small png", "bmp")
    return np.stack([imaging.letterbox(imaging.decode(pictures[name]), exported.size)[0] for name in chosen])


def test_the_file_is_valid_and_declares_its_shapes(exported: Any, session: onnxruntime.InferenceSession) -> None:
    onnx.checker.check_model(onnx.load(exported.onnx), full_check=True)
    image = session.get_inputs()[0]
    assert (image.name, image.type, image.shape) == ("image", "tensor(uint8)", ["batch", 192, 256, 3])
    assert {one.name: (one.type, one.shape) for one in session.get_outputs()} == {
        "detection_boxes": ("tensor(float)", ["batch", 100, 4]),
        "detection_classes": ("tensor(float)", ["batch", 100]),
        "detection_scores": ("tensor(float)", ["batch", 100]),
        "num_detections": ("tensor(float)", ["batch"]),
        "key": ("tensor(string)", ["keys"]),
    }


def test_detections_are_those_of_the_model(
    exported: Any, session: onnxruntime.InferenceSession, canvases: np.ndarray
) -> None:
    answer = dict(zip([one.name for one in session.get_outputs()], session.run(None, {"image": canvases}), strict=True))
    model: Detector = exported.model
    with torch.no_grad():
        outputs = model(torch.from_numpy(canvases).permute(0, 3, 1, 2).float())
        boxes, scores, labels = (part.numpy() for part in model.decode(outputs, exported.size))
    assert (scores > 0).sum() > 60
    np.testing.assert_allclose(answer["detection_scores"], scores, atol=1e-4)
    # Rows whose neighbours score the same to rounding may change places.
    apart = np.abs(np.diff(scores, prepend=2, append=-1)) > 1e-4
    clear = apart[:, :-1] & apart[:, 1:] & (scores > 0)
    assert clear.sum() > 30
    shares = boxes[..., [1, 0, 3, 2]] / np.array([192, 256, 192, 256])
    np.testing.assert_allclose(answer["detection_boxes"][clear], shares[clear], atol=1e-4)
    np.testing.assert_array_equal(answer["detection_classes"][clear], np.array(exported.class_ids)[labels[clear]])
    np.testing.assert_array_equal(answer["num_detections"], (scores > 0).sum(1))


def test_empty_slots_hold_nothing(session: onnxruntime.InferenceSession, canvases: np.ndarray) -> None:
    boxes, classes, scores, counts = session.run(
        ["detection_boxes", "detection_classes", "detection_scores", "num_detections"], {"image": canvases}
    )
    for row, count in enumerate(counts.astype(int)):
        assert not boxes[row, count:].any()
        assert not classes[row, count:].any()
        assert not scores[row, count:].any()


def test_keys_pass_through_and_may_be_left_out(session: onnxruntime.InferenceSession, canvases: np.ndarray) -> None:
    keys = np.array(["first", "", "ü"], object)
    assert session.run(["key"], {"image": canvases, "key": keys})[0].tolist() == ["first", "", "ü"]
    assert session.run(["num_detections"], {"image": canvases})[0].shape == (3,)


class Flat(nn.Module):
    """A backbone without weights to learn: strided means of the picture."""

    channels = (3, 3, 3)
    mean, std = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)

    def __init__(self) -> None:
        super().__init__()
        self.finest = nn.Conv2d(3, 3, 8, stride=8, bias=False)
        self.coarser = nn.Conv2d(3, 3, 2, stride=2, bias=False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        fine = self.finest(x)
        return [fine, self.coarser(fine), self.coarser(self.coarser(fine))]


def flat_detector(num_classes: int, limit: int) -> Detector:
    return retinanet(
        Flat(),
        num_classes,
        channels=8,
        head_convs=1,
        anchors=AnchorSettings(scales=1),
        post=PostProcessing(limit=limit, score_threshold=0.02),
    )


def test_the_limit_sets_the_shape_and_one_class_works(tmp_path: Path, make_lively: Any) -> None:
    torch.manual_seed(2)
    model = make_lively(flat_detector(1, 7), (64, 64))
    export_onnx(model, tmp_path / "small.onnx", size=(64, 64), class_ids=[5])
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx", providers=["CPUExecutionProvider"])
    canvas = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    boxes, classes, scores = session.run(
        ["detection_boxes", "detection_classes", "detection_scores"], {"image": canvas}
    )
    with torch.no_grad():
        expected = model.decode(model(torch.from_numpy(canvas).permute(0, 3, 1, 2).float()), (64, 64))
    assert boxes.shape == (1, 7, 4)
    assert (classes == 5).all()
    np.testing.assert_allclose(scores, expected.scores, atol=1e-5)


def test_ids_must_fit_the_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="each of the model's 2 classes, got 3"):
        export_onnx(flat_detector(2, 10), tmp_path / "m.onnx", size=(64, 64), class_ids=[1, 2, 3])


SIDES = [(to, of) for of in range(1, 41) for to in range(of, 81)]


def resized(sides: Sequence[tuple[int, int]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Operators used, and the rows and columns that were picked of a grid whose cells hold their place."""
    (height, rows), (width, columns) = sides
    graph = Graph()
    network.resized(graph, Step("y", "nearest", ("x",), {"size": (height, width), "source": (rows, columns)}))
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, rows, columns])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, height, width])
    made = helper.make_graph(graph.nodes, "resized", [given], [result], list(graph.constants.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))[None].astype(np.float32)
    (found,) = session.run(["y"], {"x": grid})
    return [node.op_type for node in graph.nodes], found[0, 0, :, 0], found[0, 1, 0]


def test_resizing_picks_the_nearest_cell_at_any_ratio() -> None:
    for one, other in zip(SIDES[::41], SIDES[::-41], strict=True):
        operators, rows, columns = resized((one, other))
        for picked, (to, of) in ((rows, one), (columns, other)):
            assert picked.tolist() == [cell * of // to for cell in range(to)], (to, of)
        exact = all(to % of == 0 or math.gcd(to, of) == 1 for to, of in (one, other))
        assert operators == (["Resize"] if exact else ["Gather", "Gather"])
