import numpy as np
import pytest

from boxwright.metrics.boxes import GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.matching import best_overlaps, best_score, judge_pictures, paired_iou

A, B, C = [0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [50.0, 50.0, 60.0, 60.0]


def test_paired_iou_by_hand() -> None:
    """Half overlap: 50 shared of 150; none; the same; and a box without area."""
    one, two = np.array([A, A, A, [3.0, 3.0, 3.0, 3.0]]), np.array([B, C, A, [3.0, 3.0, 3.0, 3.0]])
    assert paired_iou(one, two).tolist() == pytest.approx([1 / 3, 0, 1, 0])


def test_best_overlap_stays_in_picture_and_class() -> None:
    truth = [
        GroundTruth(np.array([C, A]), np.array([0, 1]), np.zeros(2, np.bool_)),
        GroundTruth(np.array([B, A, A]), np.array([1, 1, 1]), np.zeros(3, np.bool_)),
    ]
    predictions = [
        Predictions(np.array([A, A]), np.array([0.5, 0.4]), np.array([0, 1])),
        Predictions(np.array([A, A]), np.array([0.5, 0.4]), np.array([1, 0])),
    ]
    best = best_overlaps(truth_columns(truth, 2), prediction_columns(predictions, 2))
    assert best.truth.tolist() == [0, 1, 3, -1]  # equal overlaps: the first
    assert best.iou.tolist() == [0, 1, 1, 0]


def test_verdicts_of_a_picture() -> None:
    truth = GroundTruth(np.array([A, C, [80.0, 0.0, 90.0, 10.0]]), np.array([0, 0, 1]), np.array([False, False, True]))
    boxes = np.array([A, A, C, [80.0, 0.0, 90.0, 10.0], C])
    predicted = Predictions(boxes, np.array([0.6, 0.9, 0.3, 0.8, 0.7]), np.array([0, 0, 0, 1, 1]))
    verdict, empty = judge_pictures([truth, *_empty()[0]], [predicted, *_empty()[1]], score_threshold=0.5)
    assert verdict.predicted == ("false", "correct", "ignored", "ignored", "false")
    assert verdict.found == (True, False, True)
    assert (verdict.false, verdict.missed) == (2, 1)
    assert (empty.predicted, empty.found, empty.false, empty.missed) == ((), (), 0, 0)


def _empty() -> tuple[list[GroundTruth], list[Predictions]]:
    boxes, labels = np.zeros((0, 4)), np.zeros(0, np.int64)
    return [GroundTruth(boxes, labels, np.zeros(0, np.bool_))], [Predictions(boxes, np.zeros(0), labels)]


def test_threshold_of_best_f1_by_hand() -> None:
    """Two boxes. F1 after 1, 2, 3, 4 predictions: 2/3, 2/4, 4/5, 4/6; the fourth has a score of its own."""
    truth = GroundTruth(np.array([A, C]), np.zeros(2, np.int64), np.zeros(2, np.bool_))
    predicted = Predictions(np.array([A, A, C, C]), np.array([0.9, 0.8, 0.4, 0.3]), np.zeros(4, np.int64))
    assert best_score([truth], [predicted]) == 0.4
    tied = Predictions(predicted.boxes, np.array([0.9, 0.4, 0.4, 0.4]), predicted.labels)
    assert best_score([truth], [tied]) == 0.9  # with all four 4/6, with the first alone 2/3: the first of equals


def test_threshold_where_nothing_is_correct() -> None:
    assert best_score(*_empty()) == 0.5


def test_different_numbers_of_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="of 1 pictures and predictions of 0"):
        judge_pictures(_empty()[0], [], score_threshold=0.5)
