"""COCO's numbers against pycocotools, over the drawn set of `benchmarks/evaluation_speed.py` and awkward sets."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import COCO_NAMES, evaluate_detections
from boxwright.metrics.table import metrics_table

ROOT = Path(__file__).parents[2]
PairedSet = tuple[list[GroundTruth], list[Predictions]]


def _benchmark() -> ModuleType:
    place = importlib.util.spec_from_file_location("evaluation_speed", ROOT / "benchmarks" / "evaluation_speed.py")
    assert place is not None and place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


benchmark = _benchmark()


def _truth(boxes: list[list[float]], labels: list[int], crowd: list[bool] | None = None) -> GroundTruth:
    flags = np.array(crowd if crowd is not None else [False] * len(labels), np.bool_)
    return GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64), flags)


def _predicted(boxes: list[list[float]], labels: list[int], scores: list[float]) -> Predictions:
    flat = np.array(boxes, np.float32).reshape(-1, 4)
    return Predictions(flat, np.array(scores, np.float32), np.array(labels, np.int64))


def _ties() -> PairedSet:
    truth, predictions = benchmark.drawn_set(40, 3, seed=5)
    return truth, [Predictions(one.boxes, np.round(one.scores * 4) / 4, one.labels) for one in predictions]


def _crowded() -> PairedSet:
    truth, predictions = benchmark.drawn_set(40, 3, seed=6)
    random = np.random.default_rng(6)
    return [GroundTruth(one.boxes, one.labels, random.random(len(one.labels)) < 0.4) for one in truth], predictions


def _many() -> PairedSet:
    random = np.random.default_rng(7)
    truth, predictions = benchmark.drawn_set(6, 2, seed=7)
    more = []
    for labelled, one in zip(truth, predictions, strict=True):
        boxes = np.repeat(labelled.boxes, 40, axis=0)
        moved = np.concatenate([boxes + random.normal(0, 6, boxes.shape).astype(np.float32), one.boxes])
        labels = np.concatenate([np.repeat(labelled.labels, 40), one.labels])
        more.append(Predictions(moved, random.random(len(moved)).astype(np.float32), labels))
    assert max(np.bincount(one.labels).max() for one in more) > 100
    return truth, more


def _empty_pictures() -> PairedSet:
    truth, predictions = benchmark.drawn_set(20, 3, seed=8)
    for index in range(0, 20, 3):
        truth[index] = _truth([], [])
    for index in range(0, 20, 4):
        predictions[index] = _predicted([], [], [])
    return truth, predictions


def _missing_classes() -> PairedSet:
    """Class 0 is never labelled, class 1 never predicted, class 4 neither."""
    truth, predictions = benchmark.drawn_set(30, 4, seed=9)
    labelled = [GroundTruth(one.boxes, np.maximum(one.labels, 1), one.crowd) for one in truth]
    return labelled, [Predictions(o.boxes, o.scores, np.where(o.labels == 1, 2, o.labels)) for o in predictions]


def _no_predictions() -> PairedSet:
    truth, _ = benchmark.drawn_set(10, 3, seed=10)
    return truth, [_predicted([], [], [])] * 10


def _no_truth() -> PairedSet:
    _, predictions = benchmark.drawn_set(10, 3, seed=11)
    return [_truth([], [])] * 10, predictions


def _nothing() -> PairedSet:
    return [_truth([], [])] * 3, [_predicted([], [], [])] * 3


def _only_crowds() -> PairedSet:
    truth, predictions = benchmark.drawn_set(10, 3, seed=12)
    return [GroundTruth(one.boxes, one.labels, np.ones(len(one.labels), np.bool_)) for one in truth], predictions


SETS = {
    "drawn": lambda: benchmark.drawn_set(60, 5, seed=1),
    "one class": lambda: benchmark.drawn_set(60, 1, seed=2),
    "ties": _ties,
    "crowds": _crowded,
    "more than 100 a picture and class": _many,
    "empty pictures": _empty_pictures,
    "missing classes": _missing_classes,
    "no predictions": _no_predictions,
    "no labelled boxes": _no_truth,
    "neither": _nothing,
    "only crowds": _only_crowds,
}


@pytest.mark.parametrize("name", SETS)
def test_the_twelve_numbers_equal_pycocotools(name: str) -> None:
    truth, predictions = SETS[name]()
    ours = evaluate_detections(truth, predictions, 5).values()
    theirs = benchmark.reference(truth, predictions, 5)
    assert [ours[metric] for metric in COCO_NAMES] == pytest.approx(theirs.tolist(), abs=1e-9)


def test_per_class_numbers_equal_pycocotools_on_that_class_alone() -> None:
    truth, predictions = benchmark.drawn_set(60, 3, seed=3)
    metrics = evaluate_detections(truth, predictions, 3)
    for label in range(3):
        mine = [
            GroundTruth(t.boxes[t.labels == label], t.labels[t.labels == label] * 0, t.crowd[t.labels == label])
            for t in truth
        ]
        found = [
            Predictions(p.boxes[p.labels == label], p.scores[p.labels == label], p.labels[p.labels == label] * 0)
            for p in predictions
        ]
        theirs = benchmark.reference(mine, found, 1)
        one = metrics.classes[label]
        assert pytest.approx((theirs[0], theirs[1]), abs=1e-9) == (one.AP, one.AP50)
        assert one.boxes == sum(int((~t.crowd).sum()) for t in mine)
        assert one.predictions == sum(len(p.scores) for p in found)
        assert np.mean(one.precision) == pytest.approx(theirs[1], abs=1e-9)
        assert list(one.precision) == sorted(one.precision, reverse=True)


def test_hand_calculated_set() -> None:
    """Two boxes of 50 x 50; the best prediction is exact, the second covers 40 x 50 of the other (IoU 0.8)."""
    truth = [_truth([[0, 0, 50, 50], [100, 100, 150, 150]], [0, 0])]
    predictions = [_predicted([[0, 0, 50, 50], [100, 100, 140, 150]], [0, 0], [0.9, 0.8])]
    metrics = evaluate_detections(truth, predictions, 1)
    # At IoU 0.50 to 0.80 both are found; at 0.85, 0.90 and 0.95 one of two, precision 1 at 51 of 101 recalls.
    assert pytest.approx((7 + 3 * 51 / 101) / 10) == metrics.AP
    assert pytest.approx(1) == metrics.AP50
    assert metrics.ARmax1 == pytest.approx(0.5)
    assert metrics.ARmax100 == pytest.approx((7 + 3 * 0.5) / 10)
    assert (metrics.APs, metrics.APl) == (-1, -1)
    assert (pytest.approx(1), pytest.approx(1)) == (metrics.VOC07, metrics.VOC12)
    assert metrics.classes[0].precision == pytest.approx((1.0,) * 101)


def test_map_at_another_overlap() -> None:
    """One of two boxes is met exactly, the other with an IoU of 0.4: 20 of 50 columns."""
    truth = [_truth([[0, 0, 50, 50], [100, 100, 150, 150]], [0, 0])]
    predictions = [_predicted([[0, 0, 50, 50], [100, 100, 120, 150]], [0, 0], [0.9, 0.8])]
    found = {overlap: evaluate_detections(truth, predictions, 1, overlap) for overlap in (0.35, 0.5)}
    assert (found[0.5].mAP, found[0.35].mAP) == pytest.approx((0.5, 1.0))
    assert found[0.35].VOC12 == found[0.5].VOC12 == pytest.approx(0.5)
    classes = (ClassName(1, "cell"),)
    assert "mAP      mean average precision, all points, IoU=0.35            1.0000" in metrics_table(
        found[0.35], classes
    )
    assert "mAP" not in metrics_table(found[0.5], classes)


def test_area_ranges_use_box_area() -> None:
    """Areas 30^2, 60^2 and 100^2; only the middle one is found."""
    boxes = [[0, 0, 30, 30], [100, 0, 160, 60], [200, 0, 300, 100]]
    metrics = evaluate_detections([_truth(boxes, [0, 0, 0])], [_predicted(boxes[1:2], [0], [0.5])], 1)
    assert (metrics.ARs, metrics.ARm, metrics.ARl) == pytest.approx((0, 1, 0))
    assert (metrics.APs, metrics.APm, metrics.APl) == pytest.approx((0, 1, 0))


def test_absent_class_is_undefined_and_left_out_of_means() -> None:
    metrics = evaluate_detections([_truth([[0, 0, 9, 9]], [1])], [_predicted([[0, 0, 9, 9]], [0], [0.5])], 2)
    absent, missed = metrics.classes
    assert (absent.AP, absent.AP50, absent.voc07, absent.voc12, absent.precision) == (-1, -1, -1, -1, ())
    assert (missed.AP, missed.voc12, metrics.AP, metrics.VOC12) == (0, 0, 0, 0)


def test_values_are_named_as_tensorboard_shows_them() -> None:
    metrics = evaluate_detections([_truth([[0, 0, 9, 9]], [0])], [_predicted([], [], [])], 1)
    assert tuple(metrics.values()) == (*COCO_NAMES, "VOC07", "VOC12", "mAP")


def test_pictures_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="same pictures, at least one; got 1 and 0"):
        evaluate_detections([_truth([], [])], [], 2)
    with pytest.raises(ValueError, match="at least one; got 0 and 0"):
        evaluate_detections([], [], 2)
