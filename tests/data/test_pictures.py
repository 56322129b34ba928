from typing import Any

import numpy as np
import pytest

from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.rules import check
from boxwright.formats.sample import Dataset, Sample, named_classes


@pytest.fixture
def pictures(store: Any) -> CheckedPictures:
    """A good picture, an unreadable one, one with a crowd, one without boxes; 24 x 16 pixels."""
    good, crowded, empty = (store([shade]).samples[0][0] for shade in (10, 20, 30))

    def sample(encoded: bytes, boxes: Any, crowd: Any) -> Sample:
        labels = np.zeros(len(boxes), np.int64)
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        return Sample("a", encoded, 24, 16, corners, labels, np.array(crowd, np.bool_))

    samples = [
        sample(good, [(1, 2, 9, 8), (5, 5, 3, 9)], [False, False]),
        sample(b"not a picture", [(1, 2, 9, 8)], [False]),
        sample(crowded, [(0, 0, 24, 16), (2, 2, 6, 7)], [True, False]),
        sample(empty, [], []),
    ]
    dataset = Dataset(samples, named_classes(["cell"]))
    return CheckedPictures.of(dataset, [check(one, 1) for one in samples])


def test_unreadable_pictures_are_skipped(pictures: CheckedPictures) -> None:
    assert len(pictures) == 3
    assert pictures.indices == (0, 2, 3)
    assert pictures.encoded(1) == pictures.dataset[2].encoded == pictures[1][0]


def test_rejected_boxes_are_left_out(pictures: CheckedPictures) -> None:
    _, boxes, labels = pictures[0]
    np.testing.assert_array_equal(boxes, [(1, 2, 9, 8)])
    assert labels.tolist() == [0]


def test_training_sees_no_crowds_and_evaluation_does(pictures: CheckedPictures) -> None:
    _, boxes, labels = pictures[1]
    np.testing.assert_array_equal(boxes, [(2, 2, 6, 7)])
    assert labels.tolist() == [0]
    truth = pictures.truth(1)
    np.testing.assert_array_equal(truth.boxes, [(0, 0, 24, 16), (2, 2, 6, 7)])
    assert truth.crowd.tolist() == [True, False]


def test_pictures_without_boxes_are_kept(pictures: CheckedPictures) -> None:
    _, boxes, labels = pictures[2]
    assert boxes.shape == (0, 4) and labels.shape == (0,)
