"""Samples of a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.evaluation import samples
from boxwright.evaluation.samples import Samples, choose, forget_after, kept_steps, read_samples, read_step
from boxwright.metrics.boxes import GroundTruth, Predictions


def of_classes(*labels: int) -> GroundTruth:
    boxes = np.tile([0.0, 0.0, 9.0, 9.0], (len(labels), 1)).reshape(-1, 4)
    return GroundTruth(boxes, np.array(labels, np.int64), np.zeros(len(labels), np.bool_))


def test_pictures_cover_the_classes() -> None:
    truth = [of_classes(0)] * 50 + [of_classes(1)] * 30 + [of_classes(2, 3)] + [of_classes(0, 1)] * 10 + [of_classes()]
    chosen = choose(truth, 3)
    assert {int(label) for row in chosen for label in truth[row].labels} == {0, 1, 2, 3}
    assert chosen == choose(truth, 3) == tuple(sorted(chosen))
    assert 80 in choose(truth, 2) and any(len(truth[row].labels) == 2 for row in choose(truth, 1))


def test_after_all_classes_each_is_seen_again() -> None:
    truth = [of_classes(0)] * 5 + [of_classes(1)] * 5
    chosen = choose(truth, 6)
    assert sum(row < 5 for row in chosen) == 3
    assert choose(truth, 100) == tuple(range(10)) and choose([], 3) == ()


@pytest.fixture
def written(scene: Any, tmp_path: Path) -> Samples:
    """After the evaluations of steps 20 and 40."""
    one = Samples.of(str(tmp_path / "samples"), scene.classes, scene.pictures)
    for step in (20, 40):
        one.write(step, [picture.predictions for picture in scene.pictures])
    return one


def test_pictures_and_truth_are_written_once(written: Samples, scene: Any) -> None:
    shown = read_samples(written.folder)
    assert [(one.id, one.name) for one in shown.classes] == [(1, "cat"), (5, "dog"), (7, "never")]
    assert [one.source for one in shown.pictures] == ["errors.png", "right.png", "large.png", "late.png"]
    assert (shown.pictures[2].width, shown.pictures[2].height) == (640, 320)
    assert [one.crowd for one in shown.pictures[0].truth] == [None, None, None, True, None]
    assert shown.pictures[1].truth[0].box == (10, 0, 40, 30)
    pictures = sorted((Path(written.folder) / "pictures").iterdir())
    assert [path.name for path in pictures] == [f"000{n}.jpg" for n in (1, 2, 3, 4)]
    before = [path.stat().st_mtime_ns for path in pictures]
    written.write(60, [picture.predictions for picture in scene.pictures])
    assert [path.stat().st_mtime_ns for path in pictures] == before


def test_predictions_of_a_step(written: Samples) -> None:
    assert kept_steps(written.folder) == [20, 40]
    found = read_step(written.folder, 40)
    assert found.step == 40 and [len(one) for one in found.predictions] == [7, 1, 1, 4]  # without that of 0.03
    assert found.predictions[2][0].box == (300, 150, 450, 300)
    assert [one.score for one in found.predictions[0]] == [0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45]
    text = json.loads((Path(written.folder) / "step_00000040.json").read_text())
    assert text["predictions"][1] == [{"box": [10, 0, 40, 30], "label": 0, "score": 0.95}]


def test_only_the_best_boxes_are_kept(scene: Any, tmp_path: Path) -> None:
    one = Samples.of(str(tmp_path), scene.classes, scene.pictures[:1])
    scores = np.linspace(0.01, 0.99, 99)
    one.write(1, [Predictions(np.tile([1.0, 2, 3, 4], (99, 1)), scores, np.zeros(99, np.int64))])
    (found,) = read_step(str(tmp_path), 1).predictions
    assert [box.score for box in found] == pytest.approx(list(scores[::-1][:50]), abs=1e-9)


def test_a_run_that_goes_on_forgets_what_came_after_its_checkpoint(written: Samples) -> None:
    forget_after(written.folder, 30)
    assert kept_steps(written.folder) == [20]
    forget_after(written.folder, 0)
    assert kept_steps(written.folder) == [] and read_samples(written.folder).pictures
    forget_after(str(Path(written.folder) / "nowhere"), 0)


def test_other_pictures_are_written_again(written: Samples, scene: Any) -> None:
    other = Samples.of(written.folder, scene.classes, scene.pictures[:2])
    other.write(60, [picture.predictions for picture in scene.pictures[:2]])
    assert len(read_samples(written.folder).pictures) == 2


def test_many_evaluations_are_thinned(written: Samples, scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MOST_STEPS", 4)
    for step in (60, 80, 100):
        written.write(step, [picture.predictions for picture in scene.pictures])
    assert kept_steps(written.folder) == [20, 60, 100]
    written.write(120, [picture.predictions for picture in scene.pictures])
    assert kept_steps(written.folder) == [20, 60, 100, 120]


def test_a_remote_folder(scene: Any, memory: str) -> None:
    one = Samples.of(f"{memory}/s", scene.classes, scene.pictures)
    one.write(10, [picture.predictions for picture in scene.pictures])
    one.write(20, [picture.predictions for picture in scene.pictures])
    forget_after(f"{memory}/s", 10)
    assert kept_steps(f"{memory}/s") == [10] and len(read_samples(f"{memory}/s").pictures) == 4
