"""Tests of the examples in Python, with few and small pictures."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.split import Subset
from boxwright.engine import Engine
from boxwright.formats.sample import Dataset
from boxwright.jobdir import JobDir, Worker
from boxwright.sagemaker import local

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BCCD = EXAMPLES.parents[1] / "shared" / "data" / "bccd"
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


def drawn(folder: str) -> None:
    formats.write(draw_shapes(10, (64, 96), 1, ("circle", "square")), folder, to="jumpstart", split="all")


def blood_cells(folder: str) -> None:
    if not BCCD.is_dir():
        pytest.skip("the photographs of blood cells are not at hand")
    whole = formats.read(str(BCCD), split="train")
    formats.write(Dataset(Subset(whole.samples, tuple(range(10))), whole.classes), folder, to="jumpstart", split="all")


@pytest.mark.parametrize("write", [drawn, blood_cells])
def test_sagemakers_listing_runs_and_its_model_predicts(
    command: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    write: Callable[[str], None],
) -> None:
    monkeypatch.setenv("BOXWRIGHT_BUCKETS", str(tmp_path / "buckets"))
    monkeypatch.delenv("BOXWRIGHT_SERVER", raising=False)
    monkeypatch.setattr(local, "RUNNER", InProcess(command))
    data = str(tmp_path / "data")
    write(data)
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
    assert job.arguments["epochs"] == "1"  # as --set asks for, after the estimator was made
    bucket = tmp_path / "buckets" / "jumpstart-cache-prod-local" / "training-datasets" / "PennFudanPed_COCO_format"
    assert job.arguments["training_data_path"] == str(bucket)


@dataclass(frozen=True)
class Shown:
    """A picture, and lines of what is found in it with a score of `least` or more."""

    path: Path
    least: float
    lines: list[str]
    numbered: list[str]
    found: int


@pytest.fixture(scope="module")
def shown(finished: Any, records: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The picture in which the finished job's model is surest of something."""
    engine = Engine.load(str(finished.model), threads=1)
    pictures = [one.encoded for one in formats.read(f"{records}/train-*")]
    predictions = [engine.predict(one) for one in pictures]
    best = max(range(len(pictures)), key=lambda number: predictions[number].scores[:1].sum())
    path = tmp_path_factory.mktemp("clients") / "picture.jpg"
    path.write_bytes(pictures[best])
    found = predictions[best]
    least = float(found.scores[1] + found.scores[2]) / 2
    shares = found.boxes[:2] / [96, 64, 96, 64]
    places = [f"x {left:.3f} to {right:.3f}, y {top:.3f} to {bottom:.3f}" for left, top, right, bottom in shares]
    rows = list(zip(found.classes, found.scores, places, strict=False))
    lines = [f"{kind.name}  {score:.3f}  {place}" for kind, score, place in rows]
    numbered = [f"class {kind.id}  {score:.3f}  {place}" for kind, score, place in rows]
    return Shown(path, least, lines, numbered, len(found.scores))


def run_client(name: str, *words: object) -> str:
    """What a client prints; it fails on warnings."""
    program = [sys.executable, "-W", "error"] if name.endswith(".py") else ["bash"]
    given = [*program, str(EXAMPLES / "clients" / name), *map(str, words)]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    ran = subprocess.run(given, capture_output=True, text=True, timeout=60, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_google_and_vertex_clients_are_answered(serving_url: str, shown: Shown) -> None:
    printed = run_client("google_client.py", serving_url, "shapes", shown.path, shown.least).splitlines()
    assert printed == [f"{shown.path}: {shown.found} detections", *shown.numbered]
    printed = run_client("vertex_client.py", serving_url, "shapes", shown.path, shown.least).splitlines()
    assert printed == ["shapes 1: 2 detections", *shown.lines]


@pytest.mark.parametrize("how", ["triton", "plain"])
def test_a_client_of_kserve_is_answered(serving_url: str, shown: Shown, how: str) -> None:
    printed = run_client("kserve_client.py", serving_url, "shapes", shown.path, shown.least, how).splitlines()
    assert printed == ["2 detections", *shown.lines]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_is_answered_as_by_tensorflow_serving(serving_url: str, shown: Shown) -> None:
    status, predicted = run_client("tensorflow_serving.sh", serving_url, "shapes", shown.path).splitlines()
    assert json.loads(status)["model_version_status"][0]["state"] == "AVAILABLE"
    (one,) = json.loads(predicted)["predictions"]
    assert (one["num_detections"], one["key"]) == (shown.found, "picture.jpg")


def test_boto3_is_answered_as_by_sagemaker(serving_url: str, shown: Shown) -> None:
    printed = run_client("boto3_client.py", serving_url, "shapes", shown.path, shown.least).splitlines()
    assert printed == ["shapes 1: 2 detections", *shown.lines]


def test_label_studio_is_answered_as_by_its_ml_backends(serving_url: str, shown: Shown) -> None:
    printed = run_client("label_studio.py", serving_url, shown.path, "Circle", "Triangle").splitlines()
    assert printed[:2] == ["UP", "shapes:1; without a label: square"]
    boxes = predicted(run_client("predict.sh", serving_url, shown.path, "0.05").splitlines()[0])
    circles = [one for one in boxes if one["class"] == "circle"]
    assert {line.split()[0] for line in printed[2:]} <= {"Circle"}
    drawn_scores = [float(line.split()[1]) for line in printed[2:]]
    assert drawn_scores == pytest.approx([one["score"] for one in circles], abs=0.0006)
    if circles:  # percent of 96 x 64 pixels
        x, y = (float(text) for text in printed[2].split()[2:4])
        assert (x, y) == pytest.approx((circles[0]["xmin"] / 0.96, circles[0]["ymin"] / 0.64), abs=0.06)


def test_curl_is_answered_with_boxes_in_pixels(serving_url: str, shown: Shown) -> None:
    body, form, in_json = run_client("predict.sh", serving_url, shown.path, shown.least).splitlines()
    boxes = predicted(body)
    shares = [[one["xmin"] / 96, one["xmax"] / 96, one["ymin"] / 64, one["ymax"] / 64] for one in boxes]
    places = ["x {:.3f} to {:.3f}, y {:.3f} to {:.3f}".format(*row) for row in shares]
    lines = [f"{one['class']}  {one['score']:.3f}  {place}" for one, place in zip(boxes, places, strict=True)]
    assert [line.split()[:2] for line in lines] == [line.split()[:2] for line in shown.lines]
    assert predicted(in_json) == boxes
    assert [len(one["boxes"]) for one in json.loads(form)["images"]] == [1, 1]


def predicted(line: str) -> list[dict[str, Any]]:
    (image,) = json.loads(line)["images"]
    return list(image["boxes"])
