"""Kinds of errors by hand, and against TIDE's own program."""

import numpy as np
import pytest

from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.curves import Curve, average_precision_101
from boxwright.metrics.detection import evaluate_detections
from boxwright.metrics.errors import ERRORS, Judged, Kind, confusion, costs, judge

AT = {name: [left, 0.0, left + 30, 30.0] for name, left in (("a", 0.0), ("b", 100), ("c", 200), ("d", 300), ("e", 400))}
"""Places of labelled boxes, 30 px wide and high."""


def moved(place: str, by: float) -> list[float]:
    """A box moved to the right: the overlap is (30 - by) / (30 + by)."""
    left, top, right, bottom = AT[place]
    return [left + by, top, right + by, bottom]


TRUTH = GroundTruth(np.array(list(AT.values())), np.array([0, 1, 0, 2, 1]), np.array([0, 0, 0, 1, 0], np.bool_))
PREDICTED = [
    (moved("a", 0), 0, 0.9, Kind.CORRECT, 0),
    (moved("a", 5), 0, 0.8, Kind.DUPLICATE, 0),  # overlap 25 / 35
    (moved("b", 0), 2, 0.7, Kind.WRONG_CLASS, 1),
    (moved("c", 15), 0, 0.6, Kind.BADLY_PLACED, 2),  # overlap 1 / 3
    (moved("d", 5), 2, 0.55, Kind.IGNORED, -1),  # 25 / 30 of it lie in the crowd
    (moved("e", 15), 0, 0.5, Kind.BOTH, 4),  # overlap 1 / 3 with another class
    (moved("e", 100), 1, 0.45, Kind.BACKGROUND, -1),
]


def scene() -> tuple[Columns, Columns]:
    boxes, labels, scores, _, _ = (list(column) for column in zip(*PREDICTED, strict=True))
    predicted = Predictions(np.array(boxes), np.array(scores), np.array(labels))
    return truth_columns([TRUTH], 3), prediction_columns([predicted], 3)


def test_each_kind_by_hand() -> None:
    truth, predicted = scene()
    judged = judge(truth, predicted)
    assert [Kind(one) for one in judged.predicted] == [one[3] for one in PREDICTED]
    assert judged.partner.tolist() == [one[4] for one in PREDICTED]
    assert judged.overlap.tolist() == pytest.approx([1, 25 / 35, 1, 1 / 3, 0, 1 / 3, 0])
    wanted = [Kind.CORRECT, Kind.WRONG_CLASS, Kind.BADLY_PLACED, Kind.IGNORED, Kind.MISSED]
    assert [Kind(one) for one in judged.labelled] == wanted


def test_confusion_by_hand() -> None:
    """Rows are labelled classes: of class 0 one was found and one not; one of class 1 was called 2, one not found."""
    truth, predicted = scene()
    judged = judge(truth, predicted)
    assert judged.met.tolist() == [0, -1, 1, -1, -1, -1, -1]
    table = confusion(truth, predicted, judged, 3)
    assert table.tolist() == [[1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0], [3, 1, 0, 0]]


def test_costs_by_hand() -> None:
    """AP50 of class 0 is 51 of 101 recalls, of class 1 none; class 2 has no box.

    With its badly placed prediction mended, class 0 has precision 1 up to recall 0.5 and 2 / 3 after it; with the class
    of the wrong one mended, class 1 has 51 of 101.
    """
    truth, predicted = scene()
    found = costs(truth, predicted, judge(truth, predicted), 3)
    badly = ((51 + 50 * 2 / 3) / 101 - 51 / 101) / 2
    wanted = {Kind.BADLY_PLACED: badly, Kind.WRONG_CLASS: 51 / 101 / 2}
    assert found == pytest.approx({kind: wanted.get(kind, 0.0) for kind in ERRORS})


def test_limits_of_overlap() -> None:
    """A prediction at exactly 0.5 has found its box; one at exactly 0.1 is badly placed, one below on background."""
    exact = moved("a", 10)  # 20 / 40
    tenth = [100.0, 0.0, 103.0, 30.0]  # 3 of 30 columns
    below = [200.0, 0.0, 202.9, 30.0]
    predicted = Predictions(np.array([exact, tenth, below]), np.array([0.9, 0.8, 0.7]), np.array([0, 1, 0]))
    judged = judge(truth_columns([TRUTH], 3), prediction_columns([predicted], 3))
    assert [Kind(one) for one in judged.predicted] == [Kind.CORRECT, Kind.BADLY_PLACED, Kind.BACKGROUND]


def test_a_second_box_is_found_where_the_nearest_is_taken() -> None:
    """COCO's rule, unlike VOC's: the second prediction overlaps the first box more, and finds the other."""
    truth = GroundTruth(np.array([moved("a", 0), moved("a", 8)]), np.zeros(2, np.int64), np.zeros(2, np.bool_))
    predicted = Predictions(np.array([moved("a", 0), moved("a", 3)]), np.array([0.9, 0.8]), np.zeros(2, np.int64))
    judged = judge(truth_columns([truth], 1), prediction_columns([predicted], 1))
    assert judged.partner.tolist() == [0, 1]
    assert (judged.predicted == Kind.CORRECT).all() and (judged.labelled == Kind.CORRECT).all()


def test_nothing_at_all() -> None:
    none = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    nothing = Predictions(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    truth, predicted = truth_columns([none], 2), prediction_columns([nothing], 2)
    judged = judge(truth, predicted)
    assert len(judged.predicted) == len(judged.labelled) == 0
    assert confusion(truth, predicted, judged, 2).tolist() == [[0] * 3] * 3
    assert set(costs(truth, predicted, judged, 2).values()) == {0.0}


def test_a_class_of_which_all_was_missed_costs_its_share() -> None:
    """Nothing of class 1 is predicted: without its one box that class counts 1 instead of 0, half of the mean."""
    truth = GroundTruth(np.array([AT["a"], AT["b"]]), np.array([0, 1]), np.zeros(2, np.bool_))
    predicted = Predictions(np.array([AT["a"]]), np.array([0.9]), np.zeros(1, np.int64))
    both = truth_columns([truth], 2), prediction_columns([predicted], 2)
    assert costs(*both, judge(*both), 2)[Kind.MISSED] == pytest.approx(0.5)


def drawn(seed: int, pictures: int = 60, classes: int = 4) -> tuple[list[GroundTruth], list[Predictions]]:
    """Boxes of all sizes, and predictions near and far from them."""
    random = np.random.default_rng(seed)
    truth, predictions = [], []
    for _ in range(pictures):
        count = random.integers(0, 7)
        corner, size = random.uniform(0, 150, (count, 2)), random.uniform(15, 60, (count, 2))
        boxes, labels = np.hstack([corner, corner + size]), random.integers(0, classes, count)
        truth.append(GroundTruth(boxes, labels, np.zeros(count, np.bool_)))
        found: list[np.ndarray] = []
        kinds: list[int] = []
        for row in range(count):
            for _ in range(random.integers(0, 4)):
                found.append(boxes[row] + random.normal(0, random.choice([1, 6, 14]), 4))
                kinds.append(labels[row] if random.random() < 0.75 else random.integers(0, classes))
        for _ in range(random.integers(0, 3)):
            at = random.uniform(0, 150, 2)
            found.append(np.r_[at, at + random.uniform(15, 60, 2)])
            kinds.append(random.integers(0, classes))
        near = np.array(found).reshape(-1, 4)
        near = np.hstack([np.minimum(near[:, :2], near[:, 2:] - 2), near[:, 2:]])
        scores = np.round(random.uniform(0.01, 1, len(near)), 9)
        predictions.append(Predictions(near, scores, np.array(kinds, np.int64)))
    return truth, predictions


TIDE = {
    Kind.WRONG_CLASS: (28, 7.224290480771565),
    Kind.BADLY_PLACED: (68, 12.209024353566896),
    Kind.BOTH: (22, 0.9931767290386588),
    Kind.DUPLICATE: (44, 1.6843813249360693),
    Kind.BACKGROUND: (57, 4.417243299399058),
    Kind.MISSED: (52, 9.673383689108064),
}
"""What tidecv 1.0.1 says of `drawn(1)`: how many errors, and what mending them adds to AP50 (there in percent)."""


def counted(judged: Judged) -> dict[Kind, int]:
    return {
        kind: int(np.sum((judged.labelled if kind is Kind.MISSED else judged.predicted) == kind)) for kind in ERRORS
    }


def test_counts_and_costs_are_those_of_tide() -> None:
    truth, predictions = drawn(1)
    both = truth_columns(truth, 4), prediction_columns(predictions, 4)
    judged = judge(*both)
    assert counted(judged) == {kind: count for kind, (count, _) in TIDE.items()}
    found = costs(*both, judged, 4)
    assert {kind: 100 * cost for kind, cost in found.items()} == pytest.approx(
        {kind: cost for kind, (_, cost) in TIDE.items()}, abs=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_box_is_counted_once(seed: int) -> None:
    truth, predictions = drawn(seed)
    truth = [GroundTruth(one.boxes, one.labels, np.arange(len(one.labels)) == 3) for one in truth]
    labelled, predicted = truth_columns(truth, 4), prediction_columns(predictions, 4)
    judged = judge(labelled, predicted)
    correct = np.sum(judged.predicted == Kind.CORRECT)
    assert correct == np.sum(judged.labelled == Kind.CORRECT)
    assert not np.isin(judged.predicted, (Kind.MISSED,)).any()
    assert not np.isin(judged.labelled, (Kind.DUPLICATE, Kind.BOTH, Kind.BACKGROUND)).any()
    table = confusion(labelled, predicted, judged, 4)
    assert np.trace(table[:4, :4]) == correct
    assert table[:4].sum(axis=1).tolist() == np.bincount(labelled.labels[~labelled.crowd], minlength=4).tolist()
    counted_labels = predicted.labels[judged.predicted != Kind.IGNORED]
    assert table[:, :4].sum(axis=0).tolist() == np.bincount(counted_labels, minlength=4).tolist()


def test_ap50_before_mending_is_that_of_the_metrics() -> None:
    """The matching is hotcoco's, crowds included: the classes' curves give its number."""
    truth, predictions = drawn(5)
    truth = [GroundTruth(one.boxes, one.labels, np.arange(len(one.labels)) == 2) for one in truth]
    both = truth_columns(truth, 4), prediction_columns(predictions, 4)
    judged = judge(*both)
    of_classes = []
    for label in range(4):
        rows = (both[1].labels == label) & (judged.predicted != Kind.IGNORED)
        objects = int(np.sum((both[0].labels == label) & ~both[0].crowd))
        curve = Curve.of(both[1].scores[rows], judged.predicted[rows] == Kind.CORRECT, objects)
        of_classes.append(average_precision_101(curve.precision, curve.recall))
    assert np.mean(of_classes) == pytest.approx(evaluate_detections(truth, predictions, 4).AP50, abs=1e-9)
