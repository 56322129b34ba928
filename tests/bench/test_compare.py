"""Comparing two models on the same pictures, worked out by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.bench.compare import compare
from boxwright.bench.found import Found, read_found, rows_of
from boxwright.evaluation.shown import ShownClass
from boxwright.metrics.boxes import GroundTruth, Predictions, prediction_columns, truth_columns

LEFT, RIGHT = (0, 0, 10, 10), (50, 0, 60, 10)


def found(*predicted: list[tuple[Any, str, float]], names: tuple[str, ...] = ("cat", "dog")) -> Found:
    """Four pictures with a cat on the left and a dog on the right, and what was found in each: box, class, score."""
    boxes = np.array([LEFT, RIGHT], float)
    truth = GroundTruth(boxes, np.array([names.index("cat"), names.index("dog")]), np.zeros(2, bool))
    predictions = [
        Predictions(
            np.array([box for box, _, _ in one], float).reshape(-1, 4),
            np.array([score for _, _, score in one], float),
            np.array([names.index(name) for _, name, _ in one], int),
        )
        for one in predicted
    ]
    count = len(predicted)
    return Found(
        classes=tuple(ShownClass(id=number, name=name) for number, name in enumerate(names, 1)),
        sources=tuple(f"{number}.jpg" for number in range(count)),
        sizes=np.tile([60, 10], (count, 1)),
        truth=truth_columns([truth] * count, len(names)),
        predicted=prediction_columns(predictions, len(names)),
    )


BOTH = [(LEFT, "cat", 0.9), (RIGHT, "dog", 0.8)]
NO_DOG = [(LEFT, "cat", 0.9), (RIGHT, "dog", 0.3)]
SWAPPED = [(LEFT, "dog", 0.9), (RIGHT, "cat", 0.8)]
NOTHING: list[Any] = []


def test_where_one_is_right_and_the_other_wrong() -> None:
    comparison = compare(found(BOTH, NO_DOG, NOTHING, BOTH), found(BOTH, BOTH, SWAPPED, NOTHING), 0.5)
    first, second = comparison.sides
    assert first.errors.tolist() == [0, 1, 2, 0]
    assert second.errors.tolist() == [0, 0, 2, 2]
    assert (first.missed.tolist(), first.wrong.tolist()) == ([0, 1, 2, 0], [0, 0, 0, 0])
    assert second.correct.tolist() == [2, 2, 0, 0] and second.wrong.tolist() == [0, 0, 2, 0]
    counts = {"ALL": 4, "DIFFERENT": 2, "FIRST_BETTER": 1, "SECOND_BETTER": 1, "BOTH_WRONG": 1, "BOTH_RIGHT": 1}
    assert comparison.counts() == counts
    assert comparison.pictures("ALL").tolist() == [0, 1, 2, 3]
    assert comparison.pictures("DIFFERENT").tolist() == [3, 1]  # the greater difference first
    assert comparison.pictures("FIRST_BETTER").tolist() == [3]
    assert comparison.pictures("BOTH_WRONG").tolist() == [2]


def test_the_threshold_decides_what_counts() -> None:
    both = found(NO_DOG, NO_DOG)
    assert compare(both, both, 0.5).counts()["BOTH_WRONG"] == 2
    assert compare(both, both, 0.25).counts()["BOTH_RIGHT"] == 2


def test_classes_are_brought_together_by_name() -> None:
    other = found(BOTH, names=("bird", "dog", "cat"))
    comparison = compare(found(BOTH), other, 0.5)
    assert comparison.classes == ("cat", "dog", "bird")
    assert comparison.counts()["BOTH_RIGHT"] == 1
    labels = [side.found.predicted.labels.tolist() for side in comparison.sides]
    assert labels == [[0, 1], [0, 1]]


def test_different_pictures_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"different pictures \(1 and 2\); evaluate both on the same data"):
        compare(found(BOTH), found(BOTH, BOTH), 0.5)


def test_a_model_without_classes_and_findings() -> None:
    empty = Found((), ("a",), np.array([[1, 1]]), truth_columns([], 0), prediction_columns([], 0))
    assert compare(empty, empty, 0.5).counts()["BOTH_RIGHT"] == 1


def test_reading_what_an_evaluation_has_left(tmp_path: Path) -> None:
    line = {
        "source": "a.jpg",
        "width": 60,
        "height": 10,
        "truth": {"boxes": [LEFT], "labels": [1], "crowd": [True]},
        "predictions": {"boxes": [LEFT, RIGHT, LEFT], "labels": [0, 1, 0], "scores": [0.3, 0.7, 0.04]},
    }
    bare = {"boxes": [], "labels": []}
    empty = {**line, "source": "b.jpg", "truth": {**bare, "crowd": []}, "predictions": {**bare, "scores": []}}
    (tmp_path / "predictions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (empty, line)))
    classes = [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}]
    figures = {"label": 0, "boxes": 0, "predictions": 0, "curve": {}}
    numbers = {"pictures": 2, "boxes": 0, "predictions": 3, "threshold": 0.5, "precision": 0, "recall": 0, "f1": 0}
    rest = {"metrics": {}, "foundIou": 0.5, "backgroundIou": 0.1, "confusion": [], "errors": [], "errorsByClass": []}
    told = {**numbers, **rest, "keptPictures": 0, "classes": [{**one, **figures} for one in classes]}
    (tmp_path / "evaluation.json").write_text(json.dumps(told))
    one = read_found(tmp_path, 1.0)
    assert [kind.name for kind in one.classes] == ["cat", "dog"] and one.sources == ("b.jpg", "a.jpg")
    assert one.sizes.tolist() == [[60, 10], [60, 10]]
    assert rows_of(one.predicted, 0).tolist() == [] and rows_of(one.predicted, 1).tolist() == [0, 1]
    assert one.predicted.scores.tolist() == [0.7, 0.3]  # the best first, those below 0.05 left out
    assert one.truth.crowd.tolist() == [True] and one.truth.labels.tolist() == [1]
