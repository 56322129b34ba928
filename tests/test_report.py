import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import COCO_NAMES, evaluate_detections
from boxwright.metrics.matching import PictureVerdict
from boxwright.modeldir import ModelCard
from boxwright.report import MEANINGS, HistoryPoint, best_and_worst, report_html, write_report
from boxwright.spec.training import DataSpec, OptimizationSpec, TrainSpec

JPEG = bytes(cv2.imencode(".jpg", np.full((60, 80, 3), 128, np.uint8))[1])
A, B = [5.0, 5.0, 35.0, 35.0], [40.0, 20.0, 75.0, 55.0]


def _card() -> ModelCard:
    data = DataSpec(training_data_path="train-*", validation_data_path="val-*", num_classes=2)
    return ModelCard(
        algorithm="image_object_detection",
        spec=TrainSpec(data=data, optimization=OptimizationSpec(optimizer_arguments={"momentum": 0.85})),
        classes=(ClassName(1, "cat & <dog>"), ClassName(5, "never seen")),
        input_size=(64, 96),
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        pad_colour=(124, 116, 104),
        step=300,
        data_digest="sha256:4a1b",
        versions={"python": "3.11.0"},
    )


def _picture(name: str, predicted: list[list[float]], read: Callable[[], bytes] = lambda: JPEG) -> EvaluatedPicture:
    truth = GroundTruth(np.array([A, B], np.float32), np.zeros(2, np.int64), np.zeros(2, np.bool_))
    boxes = np.array(predicted, np.float32).reshape(-1, 4)
    return EvaluatedPicture(
        name, 80, 60, read, truth, Predictions(boxes, np.full(len(boxes), 0.75), np.zeros(len(boxes), np.int64))
    )


def _html(pictures: list[EvaluatedPicture], history: list[HistoryPoint]) -> str:
    metrics = evaluate_detections([one.truth for one in pictures], [one.predictions for one in pictures], 2)
    return report_html(_card(), history, metrics, pictures)


def _section(text: str, title: str) -> str:
    return text.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]


def _cells(text: str, title: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", _section(text, title), re.DOTALL)[1:]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_the_table_has_cocos_numbers_in_cocos_order() -> None:
    assert tuple(MEANINGS) == (*COCO_NAMES, "VOC07", "VOC12")


def test_numbers_of_a_set_known_by_hand() -> None:
    """One of two boxes found exactly, no false one: AP is 51 of 101 recalls, the best recall 0.5; no box is large."""
    text = _html([_picture("one.jpg", [A])], [])
    values = {row[0]: row[2] for row in _cells(text, "Accuracy")}
    assert (values["AP"], values["AP50"], values["ARmax100"], values["APl"]) == ("0.505", "0.505", "0.500", "–")
    assert _cells(text, "Classes") == [
        ["1", "cat &amp; &lt;dog&gt;", "2", "1", "0.505", "", "0.505", "0.545", "0.500"],
        ["5", "never seen", "0", "0", "–", "", "–", "–", "–"],
    ]
    assert _section(text, "Precision and recall").count("<polyline") == 1


def test_worst_and_best_pictures_are_shown_with_their_faults() -> None:
    pictures = [_picture("right.jpg", [A, B]), _picture("bad.jpg", [[0, 40, 20, 59]]), _picture("half.jpg", [A])]
    text = _html(pictures, [])
    worst, best = _section(text, "Worst pictures"), _section(text, "Best pictures")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", worst)
    assert captions == ["bad.jpg: 2 labelled, 1 false, 2 missed", "half.jpg: 2 labelled, 0 false, 1 missed"]
    assert re.findall(r"<figcaption>(.*?)</figcaption>", best) == ["right.jpg: 2 labelled, 0 false, 0 missed"]
    assert worst.count("data:image/jpeg;base64,") == 2
    assert "score of at least 0.75" in worst


def test_only_shown_pictures_are_read() -> None:
    reads: list[str] = []

    def read(name: str) -> Callable[[], bytes]:
        return lambda: reads.append(name) or JPEG  # type: ignore[func-returns-value]  # append gives None

    _html([_picture(str(number), [A, B], read(str(number))) for number in range(20)], [])
    assert reads == ["0", "1", "2", "3", "4", "5"]


def test_choice_of_pictures() -> None:
    def verdict(correct: int, false: int, missed: int) -> PictureVerdict:
        return PictureVerdict(("correct",) * correct + ("false",) * false, (True,) * correct + (False,) * missed)

    verdicts = [
        verdict(1, 0, 0),
        verdict(3, 0, 0),
        verdict(5, 3, 3),
        verdict(0, 0, 0),
        verdict(0, 0, 7),
        verdict(2, 1, 0),
    ]
    assert best_and_worst(verdicts, 2) == ([1, 0], [4, 2])
    assert best_and_worst(verdicts, 6) == ([1, 0], [4, 2, 5])
    assert best_and_worst([]) == ([], [])


def test_curves_of_the_history() -> None:
    history = [HistoryPoint(step, {"loss": 2 - step / 1000, "learning_rate": 0.1}) for step in range(1000)]
    history += [
        HistoryPoint(500, {"AP": 0.4, "AP50": 0.7}),
        HistoryPoint(999, {"AP": -1, "AP50": 0.8, "class_loss": 1}),
    ]
    text = _section(_html([_picture("one.jpg", [A])], history), "Training")
    assert re.findall(r"<figcaption>(.*?)</figcaption>", text) == ["Loss", "Accuracy", "Learning rate"]
    lines = re.findall(r'<polyline points="([^"]*)"', text)
    assert [len(line.split()) for line in lines] == [250, 1, 1, 2, 250]  # 1000 points in spans of 4; AP -1 left out


def test_settings_show_what_differs_from_the_published_default() -> None:
    rows = {row[0]: row[1:3] for row in _cells(_html([_picture("one.jpg", [A])], []), "Settings")}
    assert rows["optimizer_arguments"] == ["momentum=0.85", "none"]
    assert rows["image_size"] == ["640, 640 px", ""]
    assert rows["training_data_path"] == ["train-*", ""]
    assert rows["labels_file"] == ["–", ""]
    assert rows["stepwise_learning_rate_levels"] == ["0.008, 0.0008", ""]


def test_report_without_history_boxes_or_pictures_is_written(tmp_path: Path) -> None:
    nothing = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    metrics = evaluate_detections([nothing], [Predictions(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))], 2)
    path = tmp_path / "model" / "report.html"
    write_report(str(path), _card(), [], metrics, [])
    text = path.read_text("utf-8")
    assert text.endswith("</html>\n") and "sha256:4a1b" in text and "python 3.11.0" in text
    assert "<h2>Training</h2>" not in text and "pictures</h2>" not in text
    assert not re.search(r"<script|<link|(?:src|href)=\"(?!data:)|url\(|http", text)


def test_undecodable_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a readable"):
        _html([_picture("broken.jpg", [A], lambda: b"no picture")], [])


def test_torch_is_not_imported() -> None:
    code = "import sys, boxwright.report; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
