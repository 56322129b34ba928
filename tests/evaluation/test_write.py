"""The folder of an evaluation, counted by hand."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from boxwright import files
from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.evaluation.read import Wanted, findings, read_evaluation, read_pictures
from boxwright.evaluation.results import Evaluation
from boxwright.evaluation.write import ProgressFile, write_evaluation
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import evaluate_detections


@pytest.fixture(scope="module")
def folder(scene: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("evaluation")
    scene.write(written, all_predictions=True)
    return written


@pytest.fixture(scope="module")
def figures(folder: Path) -> Evaluation:
    return read_evaluation(str(folder))


def test_figures_of_all_classes(figures: Evaluation, scene: Any) -> None:
    """From 0.4 on there are 12 predictions that count, of which 6 find one of 9 boxes: F1 is 12 / 21."""
    assert (figures.pictures, figures.boxes, figures.predictions) == (4, 9, 14)
    assert (figures.step, figures.data, figures.kept_pictures) == (40, "validation-*", 4)
    assert (figures.threshold, figures.precision, figures.recall) == (0.4, 0.5, 0.6667)
    assert figures.f1 == pytest.approx(12 / 21, abs=1e-4)
    assert (figures.found_iou, figures.background_iou) == (0.5, 0.1)
    assert figures.metrics == pytest.approx(scene.metrics.values(), abs=1e-6)


def test_figures_of_each_class(figures: Evaluation) -> None:
    """Of cats 2 of 3 are found by 6 predictions, of dogs 4 of 6 by 5, where that of 0.45 is wrong."""
    cat, dog, never = figures.classes
    assert (cat.id, cat.name, cat.label, cat.boxes, cat.predictions) == (1, "cat", 0, 3, 7)
    assert (cat.precision, cat.recall) == (pytest.approx(2 / 6, abs=1e-4), pytest.approx(2 / 3, abs=1e-4))
    assert (cat.best_threshold, cat.best_precision, cat.best_recall, cat.best_f1) == (0.9, 1.0, 0.6667, 0.8)
    assert (dog.precision, dog.recall, dog.best_threshold) == (0.8, 0.6667, 0.4)
    assert dog.curve.score == (0.45, 0.4, 0.4, 0.4, 0.4)
    assert dog.curve.precision == pytest.approx((0, 1 / 2, 2 / 3, 3 / 4, 4 / 5), abs=1e-4)
    assert dog.curve.recall == pytest.approx((0, 1 / 6, 2 / 6, 3 / 6, 4 / 6), abs=1e-4)
    assert never.ap is None and never.ap50 is None and never.curve.score == ()
    written = figures.model_dump(by_alias=True, exclude_none=True)["classes"][2]
    assert "ap" not in written and written["bestThreshold"] == 0.5


def test_every_kind_is_counted_once(figures: Evaluation) -> None:
    wanted = {"MISSED": 1, "WRONG_CLASS": 1, "BADLY_PLACED": 1, "BOTH": 1, "DUPLICATE": 1, "BACKGROUND": 2}
    assert {one.kind: one.count for one in figures.errors} == wanted
    by_class = {one.label: one.counts for one in figures.errors_by_class}
    assert by_class == {
        0: {"BADLY_PLACED": 1, "BOTH": 1, "DUPLICATE": 1, "BACKGROUND": 1},
        1: {"MISSED": 1, "BACKGROUND": 1},
        2: {"WRONG_CLASS": 1},
    }


def test_the_confusion_matrix_holds_the_background(figures: Evaluation) -> None:
    wanted = {(0, 0): 2, (0, -1): 1, (1, 1): 4, (1, 2): 1, (1, -1): 1, (-1, 0): 4, (-1, 1): 1}
    assert {(row, column): count for row, column, count in figures.confusion} == wanted


def test_kept_pictures_the_worst_first(folder: Path) -> None:
    pictures = read_pictures(str(folder))
    assert [one.source for one in pictures] == ["errors.png", "large.png", "late.png", "right.png"]
    first = pictures[0]
    assert [one.kind for one in first.truth] == ["CORRECT", "WRONG_CLASS", "BADLY_PLACED", "IGNORED", "MISSED"]
    assert [one.crowd for one in first.truth] == [None, None, None, True, None]
    kinds = ["CORRECT", "DUPLICATE", "WRONG_CLASS", "BADLY_PLACED", "IGNORED", "BOTH", "BACKGROUND"]
    assert [one.kind for one in first.predictions] == kinds
    assert [one.partner for one in first.predictions] == [0, 0, 1, 2, None, 4, None]
    assert [one.met for one in first.predictions] == [0, None, 1, None, None, None, None]
    assert [one.overlap for one in first.predictions] == [1, 0.714, 1, 0.333, None, 0.333, None]
    assert [len(one.predictions) for one in pictures] == [7, 1, 4, 1]


def test_large_pictures_are_made_small_with_their_boxes(folder: Path) -> None:
    large = read_pictures(str(folder))[1]
    assert (large.width, large.height, large.predictions[0].box) == (640, 320, (300, 150, 450, 300))
    copy = cv2.imread(str(folder / "pictures" / "0002.jpg"))
    assert copy is not None and copy.shape == (320, 640, 3)
    assert np.abs(copy[..., ::-1].reshape(-1, 3).mean(axis=0) - (90, 120, 150)).max() < 3
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == [f"000{n}.jpg" for n in (1, 2, 3, 4)]


def test_predictions_of_all_pictures(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert [one["source"] for one in lines] == ["errors.png", "right.png", "large.png", "late.png"]
    assert (lines[2]["width"], lines[2]["predictions"]["boxes"]) == (1280, [[600, 300, 900, 600]])
    assert lines[3]["predictions"]["scores"] == [0.4, 0.4, 0.4, 0.4, 0.03]
    assert lines[0]["truth"]["crowd"] == [False, False, False, True, False]


def test_findings_of_errors(folder: Path) -> None:
    pictures = read_pictures(str(folder))
    every = findings(pictures, Wanted())
    assert [(one.kind, one.picture) for one in every] == [
        ("DUPLICATE", 1),
        ("BACKGROUND", 2),
        *((kind, 1) for kind in ("WRONG_CLASS", "BADLY_PLACED", "BOTH", "BACKGROUND", "MISSED")),
    ]
    (wrong,) = findings(pictures, Wanted(kind="WRONG_CLASS"))
    assert (wrong.true_class, wrong.predicted_class, wrong.truth, wrong.prediction) == (1, 2, 1, 2)
    assert (wrong.score, wrong.overlap, wrong.box, wrong.source) == (0.7, 1, (100, 0, 130, 30), "errors.png")
    (missed,) = findings(pictures, Wanted(kind="MISSED"))
    assert (missed.true_class, missed.predicted_class, missed.truth, missed.prediction) == (1, -1, 4, None)
    assert {one.kind for one in findings(pictures, Wanted(label=1))} == {"WRONG_CLASS", "BOTH", "BACKGROUND", "MISSED"}


@pytest.mark.parametrize(
    ("row", "column", "wanted"),
    [
        (0, 0, [("CORRECT", 1), ("CORRECT", 4)]),
        (1, 2, [("WRONG_CLASS", 1)]),
        (0, -1, [("BADLY_PLACED", 1)]),
        (1, -1, [("MISSED", 1)]),
        (-1, 0, [("DUPLICATE", 1), ("BACKGROUND", 2), ("BADLY_PLACED", 1), ("BOTH", 1)]),
        (None, 2, [("WRONG_CLASS", 1)]),
        (2, None, []),
    ],
)
def test_findings_of_a_cell(folder: Path, row: int | None, column: int | None, wanted: list[tuple[str, int]]) -> None:
    found = findings(read_pictures(str(folder)), Wanted(true_class=row, predicted_class=column))
    assert [(one.kind, one.picture) for one in found] == wanted


def test_cells_list_as_many_boxes_as_they_count(folder: Path, figures: Evaluation) -> None:
    pictures = read_pictures(str(folder))
    for row, column, count in figures.confusion:
        assert len(findings(pictures, Wanted(true_class=row, predicted_class=column))) == count, (row, column)


def test_what_an_earlier_evaluation_left_is_replaced(scene: Any, tmp_path: Path) -> None:
    scene.write(tmp_path, all_predictions=True)
    (tmp_path / "notes.txt").write_text("mine")
    few = scene.pictures[1:2]
    metrics = evaluate_detections([one.truth for one in few], [one.predictions for one in few], 3)
    write_evaluation(str(tmp_path), few, scene.classes, metrics)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"evaluation.json", "pictures.json", "pictures/0001.jpg", "notes.txt"}
    assert read_evaluation(str(tmp_path)).errors_by_class == ()


def test_a_remote_folder(scene: Any, memory: str) -> None:
    metrics = scene.metrics
    write_evaluation(f"{memory}/e", scene.pictures, scene.classes, metrics)
    assert read_evaluation(f"{memory}/e").kept_pictures == len(read_pictures(f"{memory}/e")) == 4
    assert files.read_bytes(f"{memory}/e/pictures/0001.jpg")[:2] == b"\xff\xd8"


def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 10.1, 10.6, 10.7])
    clock = SimpleNamespace(monotonic=lambda: next(now))  # of this module only: threads of other tests have theirs
    monkeypatch.setattr("boxwright.evaluation.write.time", clock)
    (tmp_path / "evaluation.json").write_text("{}")
    told = ProgressFile(str(tmp_path))
    assert not (tmp_path / "evaluation.json").exists()

    def shown() -> Any:
        return json.loads((tmp_path / "progress.json").read_text())

    told(8, 40)
    assert shown() == {"done": 0, "total": 0}
    told(16, 40)
    assert shown() == {"done": 16, "total": 40}
    told(40, 40)
    assert shown() == {"done": 40, "total": 40}


def test_many_classes_and_errors_stay_small(tmp_path: Path) -> None:
    """As many classes as COCO has, with curves of thousands of points."""
    random = np.random.default_rng(0)
    jpeg = bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 120, np.uint8))[1])
    pictures = []
    for number in range(300):
        corner = random.uniform(0, 500, (20, 2))
        boxes, labels = np.hstack([corner, corner + 60]), random.integers(0, 80, 20)
        near = np.repeat(boxes, 4, axis=0) + random.normal(0, 9, (80, 4))
        kinds = np.where(random.random(80) < 0.8, np.repeat(labels, 4), random.integers(0, 80, 80))
        truth = GroundTruth(boxes, labels, np.zeros(20, np.bool_))
        found = Predictions(near, random.random(80), kinds)
        pictures.append(EvaluatedPicture(f"{number}.jpg", 64, 48, lambda: jpeg, truth, found))
    metrics = evaluate_detections([one.truth for one in pictures], [one.predictions for one in pictures], 80)
    classes = [ClassName(number, f"class {number}") for number in range(80)]
    figures = write_evaluation(str(tmp_path), pictures, classes, metrics)
    assert figures.kept_pictures == 200
    assert 50 < max(len(one.curve.score) for one in figures.classes) <= 100
    assert (tmp_path / "evaluation.json").stat().st_size < 400_000
    assert (tmp_path / "pictures.json").stat().st_size < 2_000_000
    seen = {(one.kind, one.predicted_class) for one in findings(read_pictures(str(tmp_path)), Wanted())}
    counted = {(kind, one.label) for one in figures.errors_by_class for kind in one.counts if kind != "MISSED"}
    assert counted <= seen  # an example of every kind of every class
