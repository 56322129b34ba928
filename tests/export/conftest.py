"""A small detector whose detections depend on the picture, its exports, and pictures in every format."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from boxwright.export.graph import trace
from boxwright.export.onnx import export_onnx
from boxwright.export.savedmodel import export_savedmodel
from boxwright.models.backbones.efficientnet_lite import efficientnet_lite0
from boxwright.models.detector import Detector
from boxwright.models.retinanet import retinanet

SHARED = Path(__file__).resolve().parents[3] / "shared"
CLASS_IDS = (7, 1, 40)
SIZE = (192, 256)


def lively(model: Detector, size: tuple[int, int]) -> Detector:
    """Give an untrained detector statistics and predictors with which its answers vary over the picture."""
    source = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
                module.weight.uniform_(0.8, 1.2, generator=source)
                module.bias.normal_(0, 0.1, generator=source)
        for head, centre, spread in ((model.class_head, -3.0, 1.5), (model.box_head, 0.0, 0.3)):
            weight = head.predictor.weight
            weight.normal_(0, spread / (weight.shape[1] * 9) ** 0.5, generator=source)
            head.predictor.bias.normal_(centre, 0.2, generator=source)
        coarse = torch.rand((4, 3, 12, 12), generator=source)
        model.train()(nn.functional.interpolate(coarse, size, mode="bicubic") * 255)
    return model.eval()


@dataclass(frozen=True)
class Exported:
    """A detector and its two exports."""

    model: Detector
    size: tuple[int, int]
    class_ids: tuple[int, ...]
    savedmodel: Path
    onnx: Path


@pytest.fixture(scope="session")
def exported(once: Callable[..., tuple[Path, Any]]) -> Exported:
    """EfficientNet-Lite0 at 192 x 256 with three classes of odd ids."""
    torch.manual_seed(0)
    model = lively(retinanet(efficientnet_lite0(), 3, channels=32, head_convs=2), SIZE)

    def export(folder: Path) -> None:
        given: dict[str, Any] = {"size": SIZE, "class_ids": CLASS_IDS, "network": trace(model, SIZE)}
        export_savedmodel(model, folder, class_names=("seven", "one", "forty"), **given)
        export_onnx(model, folder / "model.onnx", **given)

    folder, _ = once("exported", export)
    return Exported(model, SIZE, CLASS_IDS, folder, folder / "model.onnx")


@pytest.fixture(scope="session")
def make_lively() -> Callable[[Detector, tuple[int, int]], Detector]:
    """The function `lively`."""
    return lively


def smooth(width: int, height: int, seed: int = 0) -> np.ndarray:
    """uint8 (height, width, 3) with detail at several scales."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def encode(width: int, height: int, kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Encoded bytes of a drawn picture."""
    buffer = io.BytesIO()
    Image.fromarray(smooth(width, height)).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def animation() -> bytes:
    """A GIF of three frames."""
    frames = [Image.fromarray(smooth(80, 60, seed)) for seed in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """Encoded pictures by a short description."""
    return {
        "jpeg": encode(640, 480, "JPEG"),
        "jpeg without subsampling": encode(333, 481, "JPEG", subsampling=0),
        "grey jpeg": encode(90, 100, "JPEG", "L"),
        "progressive jpeg": encode(300, 200, "JPEG", progressive=True),
        "large jpeg": encode(2000, 1500, "JPEG"),
        "small png": encode(37, 50, "PNG"),
        "flat grey png": encode(1000, 30, "PNG", "L"),
        "png with transparency": encode(200, 300, "PNG", "RGBA"),
        "png with palette": encode(200, 300, "PNG", "P"),
        "one pixel": encode(1, 1, "PNG"),
        "gif": encode(99, 77, "GIF"),
        "animation": animation(),
        "bmp": encode(480, 640, "BMP"),
        "bmp with palette": encode(48, 64, "BMP", "P"),
        "bmp with transparency": encode(48, 64, "BMP", "RGBA"),
    }


@pytest.fixture(scope="session")
def photographs() -> Sequence[bytes]:
    """Four blood-cell photographs."""
    folder = SHARED / "data" / "bccd" / "JPEGImages"
    if not folder.is_dir():
        pytest.skip(f"the blood-cell data is not at {folder}")
    return [path.read_bytes() for path in sorted(folder.glob("*.jpg"))[:4]]


@pytest.fixture(scope="session")
def listing() -> str:
    """The published listing of the signature, from `signature_def` to `Method name`."""
    found = sorted((SHARED / "seeds").glob("000_*.txt"))
    if not found:
        pytest.skip("the published listing of the signature is not here")
    text = found[0].read_text(encoding="utf-8")
    end = text.index("\n", text.index("Method name is:"))
    return text[text.index("signature_def['serving_default']:") : end]
