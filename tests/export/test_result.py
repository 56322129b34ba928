"""The check of a new model's exports; what its folder holds is tested with whole jobs."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.rules import check as check_sample
from boxwright.export import result
from boxwright.export.parity import ExportMismatch
from boxwright.formats.sample import ClassName, Dataset, Sample, no_boxes
from boxwright.metrics.detection import evaluate_detections
from boxwright.spec.training import DataSpec, ModelSpec, TrainSpec
from boxwright.tiling import Tiling
from boxwright.train.evaluate import ground_truth, predict
from boxwright.train.run import LabelledData, Trained


def textured(width: int, height: int) -> bytes:
    coarse = np.random.default_rng(3).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def trained(exported: Any) -> Trained:
    """The lively model as if it had been trained on tiles of 128 pixels."""
    samples = [Sample("a", textured(384, 256), 384, 256, *no_boxes())]
    classes = tuple(ClassName(one, str(one)) for one in exported.class_ids)
    pictures = CheckedPictures.of(Dataset(samples, classes), [check_sample(one, 3) for one in samples])
    data = DataSpec(training_data_path="a", num_classes=3, tile=128)
    spec = TrainSpec(data=data, model=ModelSpec(image_size=exported.size))
    found = predict(exported.model, pictures, count=1, size=exported.size, batch_size=4, tiling=Tiling.of(spec))
    metrics = evaluate_detections(ground_truth(pictures, 1), found, 3)
    return Trained(exported.model, spec, LabelledData(pictures, pictures, classes, ""), 1, metrics, found, None)


def test_exports_of_a_model_of_tiles_are_compared_canvas_by_canvas(trained: Trained, exported: Any) -> None:
    folder: Path = exported.savedmodel
    agreements = result.check(trained, folder)
    assert set(agreements) == {"ONNX", "SavedModel"}
    # What the tiles show together is another answer, which no graph of one canvas gives.
    as_whole = trained.spec.model_copy(update={"data": trained.spec.data.model_copy(update={"tile": 0})})
    with pytest.raises(ExportMismatch):
        result.check(Trained(**{**vars(trained), "spec": as_whole}), folder)
