"""Tests of the examples in Python, with few and small pictures."""

import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.jobdir import JobDir, Worker
from boxwright.sagemaker import local

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SMALL = {"image_size": "64,64", "epochs": 1, "pretrained_checkpoint_path": "none", "backbone": "efficientnet_lite0"}
SMALL |= {"fpn_channels": 16, "fpn_type": "fpn", "fpn_max_level": 5, "head_convs": 1, "accelerator": "cpu"}


class InProcess:
    """Runs each job by `boxwright work` in this process, while it is started."""

    def __init__(self, command: Callable[..., Any]) -> None:
        self._command, self.status = command, 0

    def start(self, job_dir: str, folder: Path, environment: Mapping[str, str]) -> Worker:
        assert (job_dir, environment) == (str(folder), {})
        self.status = self._command("work", folder).status
        return Worker(host="here", pid=1, started=1.0)

    def alive(self, worker: Worker) -> bool:
        return worker.pid != 1

    def ending(self, worker: Worker) -> int:
        assert worker.pid == 1
        return self.status


def test_sagemakers_listing_runs_and_its_model_predicts(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOXWRIGHT_BUCKETS", str(tmp_path / "buckets"))
    monkeypatch.delenv("BOXWRIGHT_SERVER", raising=False)
    monkeypatch.setattr(local, "RUNNER", InProcess(command))
    data = str(tmp_path / "data")
    formats.write(draw_shapes(10, (64, 96), 1, ("circle", "square")), data, to="jumpstart", split="all")
    words = [f"--set={name}={value}" for name, value in SMALL.items()]
    monkeypatch.setattr(sys, "argv", ["sagemaker_listing.py", f"--data={data}", *words])
    runpy.run_path(str(EXAMPLES / "sagemaker_listing.py"), run_name="__main__")
    shown = capsys.readouterr().out
    assert "20% of the training data, always the same" in shown
    assert "'validation:localization_loss'" in shown
    (folder,) = (tmp_path / "buckets" / "boxwright" / "jumpstart-example-tensorflow-od-training" / "output").iterdir()
    assert f"model: {folder / 'model'}" in shown
    job = JobDir(folder).read_job()
    assert job is not None and job.algorithm == "sagemaker_object_detection_tensorflow"
    assert job.arguments["model_id"] == "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8"
    bucket = tmp_path / "buckets" / "jumpstart-cache-prod-local" / "training-datasets" / "PennFudanPed_COCO_format"
    assert job.arguments["training_data_path"] == str(bucket)
