"""What every export must do, whatever the pyramid and blocks of the network, on sizes that no stride divides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.export.graph import Network, trace
from boxwright.export.onnx import export_onnx
from boxwright.export.parity import compare, eager_predictions
from boxwright.export.quantise import quantise_onnx
from boxwright.export.savedmodel import export_savedmodel, run_savedmodel
from boxwright.models.backbones.efficientnet import Block
from boxwright.models.backbones.mobilenet import InvertedResidual, SeparableBlock
from boxwright.models.detector import Detector, PostProcessing
from boxwright.models.necks.bifpn import BiFeaturePyramid
from boxwright.models.necks.fpn import FeaturePyramid
from boxwright.models.necks.nasfpn import NasFeaturePyramid
from boxwright.models.retinanet import AnchorSettings, retinanet

SIZE = (72, 104)
ANCHORS = AnchorSettings(scales=1, ratios=(1.0,))


class Small(nn.Module):
    """One block of each new kind at the strides that a pyramid wants."""

    channels = (8, 8, 8)
    mean, std = (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.blocks = nn.ModuleList(
            [
                SeparableBlock(8, 8, 2),
                InvertedResidual(8, 8, stride=2, expansion=2),
                Block(8, 8, 5, stride=2, expansion=2),
            ]
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.stem(x)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps[1:]


def searched() -> nn.Module:
    return NasFeaturePyramid(Small.channels, 8, ANCHORS.levels, repeats=1)


def two_way() -> nn.Module:
    return BiFeaturePyramid(Small.channels, 8, ANCHORS.levels, repeats=1)


def lite() -> nn.Module:
    return FeaturePyramid(Small.channels, 8, ANCHORS.levels, separable=True)


VARIANTS: dict[str, tuple[Callable[[], nn.Module], Callable[[Tensor], Tensor]]] = {
    "nasfpn": (searched, F.relu),
    "bifpn": (two_way, F.silu),
    "fpnlite": (lite, F.relu6),
}


@pytest.fixture(scope="module", params=list(VARIANTS))
def detector(request: pytest.FixtureRequest, make_lively: Any) -> Detector:
    torch.manual_seed(0)
    neck, activation = VARIANTS[request.param]
    model = retinanet(
        Small(),
        2,
        neck=neck(),
        channels=8,
        head_convs=1,
        separable=request.param != "nasfpn",
        activation=activation,
        anchors=ANCHORS,
        post=PostProcessing(limit=20, score_threshold=0.02),
    )
    lively: Detector = make_lively(model, SIZE)
    return lively


@pytest.fixture(scope="module")
def network(detector: Detector) -> Network:
    return trace(detector, SIZE)


@pytest.fixture(scope="module")
def canvases() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)


def eager(detector: Detector, canvases: np.ndarray) -> Any:
    with torch.no_grad():
        return detector(torch.from_numpy(canvases).permute(0, 3, 1, 2).float())


def test_the_savedmodel_finds_what_the_detector_finds(
    detector: Detector, network: Network, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    encoded = [pictures[name] for name in ("jpeg without subsampling", "small png", "bmp")]
    export_savedmodel(detector, tmp_path, size=SIZE, class_ids=[1, 2], network=network)
    agreement = compare(
        eager_predictions(detector, encoded, SIZE), run_savedmodel(tmp_path, encoded, [1, 2]), detector.post
    )
    assert agreement.accepted, str(agreement)
    assert agreement.detections > 30


def test_onnx_finds_what_the_detector_finds(
    detector: Detector, network: Network, canvases: np.ndarray, tmp_path: Path
) -> None:
    export_onnx(detector, tmp_path / "small.onnx", size=SIZE, class_ids=[1, 2], network=network)
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx", providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["detection_boxes", "detection_scores"], {"image": canvases})
    wanted = detector.decode(eager(detector, canvases), SIZE)
    assert (wanted.scores > 0).sum() > 10
    np.testing.assert_allclose(scores, wanted.scores.numpy(), atol=1e-4)
    shares = wanted.boxes.numpy()[..., [1, 0, 3, 2]] / np.array([*SIZE, *SIZE])
    np.testing.assert_allclose(boxes[:, 0], shares[:, 0], atol=1e-4)


def canvas_scores(path: Path, canvases: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["detection_scores"], {"image": canvases})
    return np.asarray(scores)


def test_with_fewer_bits_scores_stay_near(
    detector: Detector, network: Network, canvases: np.ndarray, tmp_path: Path
) -> None:
    """The lists of scores, best first, of the same network in float32, float16 and integers."""
    exact, half, integer = (tmp_path / f"{name}.onnx" for name in ("exact", "half", "integer"))
    export_onnx(detector, exact, size=SIZE, class_ids=[1, 2], network=network)
    export_onnx(detector, half, size=SIZE, class_ids=[1, 2], half=True, network=network)
    quantise_onnx(exact, integer, list(canvases))
    wanted = detector.decode(eager(detector, canvases), SIZE).scores.numpy()
    assert np.abs(canvas_scores(half, canvases) - wanted).mean() < 0.005
    assert 0 < np.abs(canvas_scores(integer, canvases) - wanted).mean() < 0.03
