"""Which pictures are kept."""

import numpy as np
import pytest

from boxwright.evaluation import choice
from boxwright.evaluation.choice import chosen_pictures
from boxwright.metrics.boxes import GroundTruth, Predictions, prediction_columns, truth_columns
from boxwright.metrics.errors import judge

BOX = [0.0, 0.0, 10.0, 10.0]


def chosen(pictures: list[tuple[list[int], list[tuple[int, float]]]]) -> tuple[int, ...]:
    """Of pictures with labelled classes, and with predicted classes and scores of the same box."""
    truth = [
        GroundTruth(np.array([BOX] * len(one)).reshape(-1, 4), np.array(one, np.int64), np.zeros(len(one), np.bool_))
        for one, _ in pictures
    ]
    found = [
        Predictions(
            np.array([BOX] * len(two)).reshape(-1, 4),
            np.array([score for _, score in two]),
            np.array([label for label, _ in two], np.int64),
        )
        for _, two in pictures
    ]
    columns = truth_columns(truth, 3), prediction_columns(found, 3)
    return chosen_pictures(*columns, judge(*columns), len(pictures))


def test_the_worst_first_and_the_best_last() -> None:
    found = chosen([([0], [(0, 0.9)]), ([0], []), ([], []), ([], [(0, 0.9), (1, 0.8)]), ([0, 1], [(0, 0.9), (1, 0.9)])])
    assert found == (3, 1, 4, 0)


def test_each_kind_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three false cats, two false dogs, one missed box: with room for three, the surest of each."""
    monkeypatch.setattr(choice, "MOST_PICTURES", 3)
    false = [([], [(label, score)]) for label, score in ((0, 0.9), (0, 0.8), (0, 0.95), (1, 0.3), (1, 0.4))]
    assert set(chosen([*false, ([2], [])])) == {2, 4, 5}


def test_good_pictures_leave_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "MOST_PICTURES", 3)
    monkeypatch.setattr(choice, "GOOD_PICTURES", 1)
    found = chosen([([0], [(0, 0.9)]), ([0, 1], [(0, 0.9), (1, 0.9)]), ([0], []), ([0], []), ([0], [])])
    assert len(found) == 3 and found[-1] == 1 and set(found[:2]) < {2, 3, 4}


def test_crowded_pictures_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "MOST_BOXES", 5)
    assert chosen([([0] * 4, [])] * 3) == (0,)
    assert chosen([([0] * 9, [])] * 3) == (0,)
    assert chosen([([0] * 2, [])] * 3) == (0, 1)


def test_nothing_to_show() -> None:
    assert chosen([([], [])]) == ()
