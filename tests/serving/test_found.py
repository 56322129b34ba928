"""Views of what was found, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from boxwright.engine import Prediction
from boxwright.formats.sample import ClassName
from boxwright.serving.found import Found, Selection
from boxwright.serving.rejection import Rejection

CELL, CLOT = ClassName(id=1, name="cell"), ClassName(id=7, name="clot")


@pytest.fixture
def found() -> Found:
    boxes = np.array([[10, 20, 50, 40], [0, 0, 200, 100], [100, 25, 150, 75]], np.float32)
    scores = np.array([0.9, 0.5, 0.1], np.float32)
    return Found(Prediction(boxes, scores, np.array([1, 0, 0]), (CLOT, CELL, CELL)), width=200, height=100)


def test_shares_are_of_the_width_and_height(found: Found) -> None:
    expected = [[0.05, 0.2, 0.25, 0.4], [0, 0, 1, 1], [0.5, 0.25, 0.75, 0.75]]
    np.testing.assert_allclose(found.shares(), expected, atol=1e-7)


def test_slots_are_the_outputs_of_the_signature(found: Found) -> None:
    slots = found.slots(4)
    assert slots["detection_boxes"] == [[0.2, 0.05, 0.4, 0.25], [0, 0, 1, 1], [0.25, 0.5, 0.75, 0.75], [0, 0, 0, 0]]
    assert slots["detection_classes"] == [7, 1, 1, 0]
    assert slots["detection_scores"] == [0.9, 0.5, 0.1, 0]
    assert slots["num_detections"] == 3
    assert all(isinstance(value, float) for value in [slots["num_detections"], *slots["detection_classes"]])


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (Selection(), 3),
        (Selection(threshold=0.5), 2),
        (Selection(threshold=0.51), 1),
        (Selection(threshold=1.0), 0),
        (Selection(limit=0), 0),
        (Selection(limit=2), 2),
        (Selection(threshold=0.6, limit=2), 1),
    ],
)
def test_a_selection_keeps_the_best(found: Found, selection: Selection, kept: int) -> None:
    some = found.select(selection)
    assert [score for _, score, _ in some.rows()] == [score for _, score, _ in found.rows()][:kept]
    assert (some.width, some.height) == (200, 100)


def test_rows_name_the_class(found: Found) -> None:
    kind, score, box = found.rows()[0]
    assert (kind.name, round(score, 6), box) == ("clot", 0.9, [10, 20, 50, 40])


@pytest.mark.parametrize("given", [{"threshold": math.nan}, {"threshold": -0.1}, {"threshold": 1.1}, {"limit": -1}])
def test_what_is_no_threshold_or_limit_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(Rejection, match=r"from 0 to 1|0 or more") as refused:
        Selection(**given)  # type: ignore[arg-type]  # the limits are whole numbers
    assert refused.value.status == 400
