import numpy as np
import pytest

from boxwright.metrics.boxes import GroundTruth, Predictions, prediction_columns, truth_columns

BOX = [0.0, 0.0, 9.0, 9.0]


def _predicted(boxes: list[list[float]], labels: list[int], scores: list[float]) -> Predictions:
    return Predictions(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores), np.array(labels, np.int64))


def test_columns_join_the_pictures() -> None:
    columns = prediction_columns(
        [_predicted([BOX, [1, 2, 3, 4]], [1, 0], [0.5, 0.25]), _predicted([], [], []), _predicted([BOX], [2], [1])], 3
    )
    assert columns.picture.tolist() == [0, 0, 2]
    assert columns.labels.tolist() == [1, 0, 2]
    assert columns.scores.tolist() == [0.5, 0.25, 1]
    assert columns.boxes.tolist() == [BOX, [1, 2, 3, 4], BOX]
    chosen = columns.at(np.array([2, 0]))
    assert (chosen.picture.tolist(), chosen.labels.tolist(), chosen.scores.tolist()) == ([2, 0], [2, 1], [1, 0.5])


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (_predicted([BOX], [2], [0.5]), r"0\.\.1; predictions of picture 1 hold 2"),
        (_predicted([BOX], [-1], [0.5]), "picture 1 hold -1"),
        (_predicted([BOX], [0], [float("nan")]), "finite numbers; predictions of picture 1"),
        (_predicted([[0, 0, float("inf"), 9]], [0], [0.5]), "finite numbers; predictions of picture 1"),
        (_predicted([BOX], [0], [0.5, 0.4]), "picture 1: 1 boxes but 2 scores"),
        (_predicted([BOX], [0, 1], [0.5]), "picture 1: 1 boxes but 2 labels"),
    ],
)
def test_faulty_predictions_are_named(faulty: Predictions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prediction_columns([_predicted([BOX], [0], [0.5]), faulty], 2)


def test_faulty_ground_truth_is_named() -> None:
    boxes, labels = np.array([BOX]), np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="ground truth of picture 0: 1 boxes but 2 crowd flags"):
        truth_columns([GroundTruth(boxes, labels, np.zeros(2, np.bool_))], 1)
    with pytest.raises(ValueError, match=r"0\.\.0; ground truth of picture 0 hold 3"):
        truth_columns([GroundTruth(boxes, labels + 3, np.zeros(1, np.bool_))], 1)
