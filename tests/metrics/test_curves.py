"""Curves by hand."""

import numpy as np
import pytest

from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.curves import Curve, average_precision_101, f1
from boxwright.metrics.detection import evaluate_detections


def test_a_curve_by_hand() -> None:
    """Of two boxes: right, wrong, right, wrong. F1 is 2/3, 2/4, 4/5, 4/6."""
    curve = Curve.of(np.array([0.4, 0.9, 0.3, 0.8]), np.array([True, True, False, False]), 2)
    assert curve.scores.tolist() == [0.9, 0.8, 0.4, 0.3]
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 2 / 4])
    assert curve.recall.tolist() == [0.5, 0.5, 1, 1]
    assert curve.threshold == 0.4
    assert curve.at(0.4) == pytest.approx((2 / 3, 1)) and curve.at(0.95) == (0.0, 0.0)
    assert average_precision_101(curve.precision, curve.recall) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_curve_of_nothing() -> None:
    curve = Curve.of(np.zeros(0), np.zeros(0, np.bool_), 0)
    assert (curve.threshold, curve.at(0.5), len(curve.thinned(10).scores)) == (0.5, (0.0, 0.0), 0)
    assert average_precision_101(curve.precision, curve.recall) == 0


def test_f1_by_hand() -> None:
    assert f1(0.5, 1.0) == pytest.approx(2 / 3)
    assert f1(0.0, 0.0) == 0


def test_thinned_curves_keep_both_ends() -> None:
    random = np.random.default_rng(3)
    curve = Curve.of(random.random(5000), random.random(5000) < 0.6, 4000)
    thin = curve.thinned(50)
    assert len(thin.scores) <= 50
    assert (thin.scores[0], thin.scores[-1]) == (curve.scores[0], curve.scores[-1])
    assert thin.recall[-1] == curve.recall[-1] and (np.diff(thin.recall) >= 0).all()
    assert thin.threshold == curve.threshold
    assert set(zip(thin.scores, thin.precision, strict=True)) <= set(zip(curve.scores, curve.precision, strict=True))


def test_the_mean_of_101_recalls_is_cocos_ap50() -> None:
    random = np.random.default_rng(7)
    boxes = np.array([[100.0 * n, 0, 100 * n + 30, 30] for n in range(40)])
    truth = GroundTruth(boxes, np.zeros(40, np.int64), np.zeros(40, np.bool_))
    hit = random.random(60) < 0.5
    found = np.where(hit[:, None], boxes[np.arange(60) % 40], [5000.0, 0, 5030, 30])
    scores = random.permutation(60) / 60
    correct = hit & ~np.isin(np.arange(60), [n for n in range(40, 60) if hit[n - 40] and scores[n - 40] > scores[n]])
    correct &= ~np.isin(np.arange(60), [n for n in range(20) if hit[n + 40] and scores[n + 40] > scores[n]])
    curve = Curve.of(scores, correct, 40)
    metrics = evaluate_detections([truth], [Predictions(found, scores, np.zeros(60, np.int64))], 1)
    assert average_precision_101(curve.precision, curve.recall) == pytest.approx(metrics.AP50, abs=1e-9)
