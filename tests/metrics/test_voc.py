"""VOC average precision against published and hand-calculated numbers and a plain loop over the definition."""

import numpy as np
import pytest

from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.voc import (
    average_precision_07,
    average_precision_12,
    precision_recall,
    voc_average_precisions,
)

PUBLISHED = "TFTFFFFFFTFTTTFFFFFFFFTF"
"""The ranked verdicts of the worked example in the documentation of Object-Detection-Metrics (Padilla, Netto and
da Silva, IWSSIP 2020): 24 predictions of 15 objects. It states 26.84 % by 11 points and 24.56 % by all points, summed
from rounded down terms."""


def test_published_example() -> None:
    correct = np.array([letter == "T" for letter in PUBLISHED])
    precision, recall = precision_recall(correct, 15)
    assert average_precision_07(precision, recall) == pytest.approx(0.2684, abs=1e-4)
    assert average_precision_12(precision, recall) == pytest.approx(0.2456, abs=1e-4)


def test_recall_at_a_tenth_counts_for_that_tenth() -> None:
    """One of ten objects: recall is exactly 0.1, so two of the eleven points (0 and 0.1) have precision 1."""
    precision, recall = precision_recall(np.array([True]), 10)
    assert average_precision_07(precision, recall) == pytest.approx(2 / 11)
    precision, recall = precision_recall(np.ones(3, np.bool_), 10)
    assert average_precision_07(precision, recall) == pytest.approx(4 / 11)


def test_no_predictions_give_zero() -> None:
    precision, recall = precision_recall(np.zeros(0, np.bool_), 3)
    assert (average_precision_07(precision, recall), average_precision_12(precision, recall)) == (0, 0)


def _evaluate(truth: list[GroundTruth], predictions: list[Predictions], classes: int) -> list[list[float]]:
    found = voc_average_precisions(truth_columns(truth, classes), prediction_columns(predictions, classes), classes)
    return [one.tolist() for one in found]


def test_difficult_boxes_neither_help_nor_hurt() -> None:
    box, other = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]
    truth = GroundTruth(np.array([box, other]), np.zeros(2, np.int64), np.array([False, True]))
    predictions = Predictions(np.array([other, other, box]), np.array([0.9, 0.8, 0.7]), np.zeros(3, np.int64))
    assert _evaluate([truth], [predictions], 1) == [[1.0], [1.0]]


def test_second_prediction_of_a_box_is_false() -> None:
    """Ranks: correct, false (double), correct; precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1."""
    a, b = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]
    truth = GroundTruth(np.array([a, b]), np.zeros(2, np.int64), np.zeros(2, np.bool_))
    predictions = Predictions(np.array([b, a, a]), np.array([0.7, 0.9, 0.8]), np.zeros(3, np.int64))
    ap07, ap12 = _evaluate([truth], [predictions], 1)
    assert ap07 == pytest.approx([(6 * 1 + 5 * 2 / 3) / 11])
    assert ap12 == pytest.approx([0.5 * 1 + 0.5 * 2 / 3])


def _loop(truth: Columns, predicted: Columns, label: int) -> tuple[float, float]:
    """The definition written as a plain loop over predictions, with sums instead of arrays."""
    objects = [r for r in range(len(truth.labels)) if truth.labels[r] == label]
    positives = sum(not truth.crowd[row] for row in objects)
    if not positives:
        return -1.0, -1.0
    found: set[int] = set()
    points = [(0.0, 1.0)]
    hits = misses = 0
    rows = [row for row in range(len(predicted.labels)) if predicted.labels[row] == label]
    for row in sorted(rows, key=lambda r: -predicted.scores[r]):
        best, overlap = -1, -1.0
        for other in objects:
            if truth.picture[other] != predicted.picture[row]:
                continue
            a, b = predicted.boxes[row], truth.boxes[other]
            shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
            union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
            if shared / union > overlap:
                best, overlap = other, shared / union
        if overlap >= 0.5 and truth.crowd[best]:
            continue
        if overlap >= 0.5 and best not in found:
            found.add(best)
            hits += 1
        else:
            misses += 1
        points.append((hits / positives, hits / (hits + misses)))
    ap07 = sum(max([p for r, p in points[1:] if r >= t / 10], default=0.0) for t in range(11)) / 11
    ap12 = sum((r - points[i][0]) * max(p for _, p in points[i + 1 :]) for i, (r, _) in enumerate(points[1:]))
    return ap07, ap12


@pytest.mark.parametrize("pairs_at_once", [1_000_000, 3])
def test_equals_a_plain_loop(pairs_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.metrics.matching.PAIRS_AT_ONCE", pairs_at_once)
    random = np.random.default_rng(4)
    truth, predictions = [], []
    for _ in range(25):
        corner = random.integers(0, 60, (int(random.integers(0, 9)), 2))
        boxes = np.concatenate([corner, corner + random.integers(5, 40, corner.shape)], axis=1).astype(np.float64)
        truth.append(GroundTruth(boxes, random.integers(0, 4, len(boxes)), random.random(len(boxes)) < 0.2))
        twice = np.concatenate([boxes, boxes]) + random.integers(-3, 4, (2 * len(boxes), 4))
        scores = random.integers(0, 20, len(twice)) / 20
        predictions.append(Predictions(twice, scores, random.integers(0, 4, len(twice))))
    labelled, predicted = truth_columns(truth, 5), prediction_columns(predictions, 5)
    ap07, ap12 = voc_average_precisions(labelled, predicted, 5)
    expected = [_loop(labelled, predicted, label) for label in range(5)]
    assert ap07.tolist() == pytest.approx([one for one, _ in expected], abs=1e-12)
    assert ap12.tolist() == pytest.approx([two for _, two in expected], abs=1e-12)
    assert 0 < max(ap12) < 1
