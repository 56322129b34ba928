"""Pairs of boxes by hand, and COCO's matching against pycocotools."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxwright.metrics import pairs as module
from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.pairs import matched, nearest, overlapping_pairs

A, B, C = [0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [50.0, 50.0, 60.0, 60.0]


def columns() -> tuple[Columns, Columns]:
    """Two pictures: boxes of two classes and a crowd; one prediction in the first, two in the second."""
    truth = [
        GroundTruth(np.array([C, A]), np.array([0, 1]), np.zeros(2, np.bool_)),
        GroundTruth(np.array([B, [0.0, 0.0, 100.0, 100.0]]), np.array([1, 0]), np.array([False, True])),
    ]
    predictions = [
        Predictions(np.array([B]), np.array([0.5]), np.array([1])),
        Predictions(np.array([A, C]), np.array([0.4, 0.9]), np.array([0, 0])),
    ]
    return truth_columns(truth, 2), prediction_columns(predictions, 2)


def test_pairs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, predicted = columns()
    found = overlapping_pairs(truth, predicted, 0.1)
    assert found.predicted.tolist() == [0, 1, 1, 2] and found.truth.tolist() == [1, 2, 3, 3]
    assert found.overlap.tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1])  # of the crowd: the share of the prediction
    assert found.same.tolist() == [True, False, True, True] and found.crowd.tolist() == [False, False, True, True]
    assert overlapping_pairs(truth, predicted, 0.5).predicted.tolist() == [1, 2]
    monkeypatch.setattr(module, "PAIRS_AT_ONCE", 1)
    assert overlapping_pairs(truth, predicted, 0.1).truth.tolist() == found.truth.tolist()


def test_nearest_by_hand() -> None:
    truth, predicted = columns()
    rows, overlap = nearest(overlapping_pairs(truth, predicted, 0.1), 3)
    assert rows.tolist() == [1, 3, 3] and overlap.tolist() == pytest.approx([1 / 3, 1, 1])
    none, zero = nearest(overlapping_pairs(truth, predicted, 1.1), 3)
    assert none.tolist() == [-1, -1, -1] and zero.tolist() == [0, 0, 0]


def test_of_equal_overlaps_the_first_box() -> None:
    truth = truth_columns([GroundTruth(np.array([A, A]), np.zeros(2, np.int64), np.zeros(2, np.bool_))], 1)
    predicted = prediction_columns([Predictions(np.array([A, A]), np.array([0.5, 0.9]), np.zeros(2, np.int64))], 1)
    found = overlapping_pairs(truth, predicted, 0.5)
    assert nearest(found, 2)[0].tolist() == [0, 0]
    assert matched(found, predicted, 2).tolist() == [1, 0]  # the better-scored one chooses first


def test_matching_is_that_of_pycocotools() -> None:
    random = np.random.default_rng(11)
    corner, size = random.uniform(0, 60, (40, 2)), random.uniform(20, 50, (40, 2))
    truth = GroundTruth(np.hstack([corner, corner + size]), random.integers(0, 2, 40), np.zeros(40, np.bool_))
    near = np.repeat(truth.boxes, 2, axis=0) + random.normal(0, 4, (80, 4))
    scores = np.round(random.permutation(80) / 81 + 0.01, 6)
    found = Predictions(near, scores, np.repeat(truth.labels, 2))
    one, other = truth_columns([truth], 2), prediction_columns([found], 2)
    every = overlapping_pairs(one, other, 0.5)
    ours = matched(every.at(every.same), other, 40)
    assert {int(row): int(box) for row, box in enumerate(ours) if box >= 0} == _pycocotools(truth, found)


def _pycocotools(truth: GroundTruth, found: Predictions) -> dict[int, int]:
    """Prediction to the box that it finds at IoU 0.5."""

    def xywh(box: np.ndarray) -> list[float]:
        return [float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])]

    labelled = [
        {"id": n + 1, "image_id": 1, "category_id": int(label) + 1, "bbox": xywh(box), "area": 1.0, "iscrowd": 0}
        for n, (box, label) in enumerate(zip(truth.boxes, truth.labels, strict=True))
    ]
    predicted = [
        {"image_id": 1, "category_id": int(label) + 1, "bbox": xywh(box), "score": float(score)}
        for box, label, score in zip(found.boxes, found.labels, found.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {"images": [{"id": 1}], "categories": [{"id": 1}, {"id": 2}], "annotations": labelled}
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(predicted), "bbox")
        evaluation.params.maxDets = [1, 10, 1000]
        evaluation.evaluate()
    matches = {}
    for one in evaluation.evalImgs:
        if one and one["aRng"] == evaluation.params.areaRng[0]:
            pairs = zip(one["dtIds"], one["dtMatches"][0], strict=True)
            matches |= {int(prediction) - 1: int(box) - 1 for prediction, box in pairs if box}
    return matches
