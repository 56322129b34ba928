"""Tests of keeping and extending a class map by name."""

import numpy as np

from boxwright.dataset.relabel import extended, relabelled
from boxwright.formats.sample import ClassName, Dataset, Sample

EARLIER = (ClassName(1, "cat"), ClassName(2, "dog"))


def sample(labels: list[int]) -> Sample:
    count = len(labels)
    return Sample(
        "a", b"", 9, 9, np.zeros((count, 4), np.float32), np.array(labels, np.int64), np.zeros(count, np.bool_)
    )


def test_earlier_classes_come_first_with_their_ids() -> None:
    data = (ClassName(1, "cow"), ClassName(2, "cat"), ClassName(7, "fox"))
    assert extended(EARLIER, data) == (*EARLIER, ClassName(3, "cow"), ClassName(7, "fox"))
    assert extended(EARLIER, ()) == EARLIER
    assert extended(EARLIER, tuple(reversed(EARLIER))) == EARLIER


def test_ids_are_given_once() -> None:
    data = (ClassName(3, "cow"), ClassName(1, "fox"), ClassName(2, "hen"))
    assert [one.id for one in extended(EARLIER, data)] == [1, 2, 3, 4, 5]


def test_labels_follow_the_names() -> None:
    classes = (*EARLIER, ClassName(3, "cow"))
    data = Dataset([sample([0, 1, 0]), sample([])], (ClassName(1, "cow"), ClassName(2, "cat")))
    found = relabelled(data, classes)
    assert found.classes == classes and len(found) == 2
    assert [one.labels.tolist() for one in found] == [[2, 0, 2], []]
    assert data[0].labels.tolist() == [0, 1, 0]


def test_faulty_labels_stay_faulty() -> None:
    classes = (*EARLIER, ClassName(3, "cow"), ClassName(4, "fox"))
    found = relabelled(Dataset([sample([-1, 0, 1, 5])], (ClassName(1, "dog"),)), classes)
    assert found[0].labels.tolist() == [-1, 1, 4, 8]


def test_data_without_names_keeps_its_labels() -> None:
    found = relabelled(Dataset([sample([1, 0])], ()), EARLIER)
    assert found.classes == EARLIER and found[0].labels.tolist() == [1, 0]
