import time

import pytest

from boxwright.dataset.summary import known_classes, percent, require_usable, summarise
from boxwright.formats.sample import ClassName, Dataset

GOOD = (10, 10, 50, 60)


def _twenty(sample, dataset, faulty: int):
    """20 boxes of one class, of which some are degenerate."""
    boxes = [(index, 10, index if index < faulty else index + 40, 60) for index in range(20)]
    return dataset(sample(boxes), classes=["cell"])


def test_counts_by_hand(sample, dataset):
    data = dataset(
        sample([GOOD, (60, 10, 90, 40)], [0, 1]),
        sample([GOOD, (5, 5, 5, 9)], [0, 1]),
        sample(),
        sample([GOOD], [4], source="b.jpg"),
        sample([GOOD, GOOD], [0, 1], encoded=b"?", source="c.jpg"),
        classes=["cat", "dog", "owl"],
    )
    checked, summary = summarise(data, 3)
    assert [len(one.boxes) for one in checked] == [2, 1, 0, 0, 0]
    assert (summary.num_pictures, summary.num_empty) == (5, 1)
    assert (summary.num_boxes, summary.num_kept, summary.num_rejected) == (7, 3, 4)
    assert summary.rejected_share == 4 / 7
    counts = [(one.id, one.name, one.boxes, one.kept, one.rejected, one.pictures) for one in summary.classes]
    assert counts == [(1, "cat", 3, 2, 1, 2), (2, "dog", 3, 1, 2, 1), (3, "owl", 0, 0, 0, 0)]
    assert [(one.label, one.boxes) for one in summary.outside_labels] == [(5, 1)]
    assert [(one.sample, one.box, one.class_name) for one in summary.faulty_boxes] == [
        (1, 1, "dog"),
        (3, 0, "label 5"),
        (4, 0, "cat"),
        (4, 1, "dog"),
    ]
    assert [(one.sample, one.source, one.boxes) for one in summary.faulty_pictures] == [(4, "c.jpg", 2)]
    assert summary.faulty_boxes[1].line == "b.jpg: box 0: label 5 is not in 1..3 (label)"


def test_median_size_is_height_and_width(sample, dataset, encode):
    pictures = [encode(100, 80), encode(200, 90), encode(300, 50)]
    _, summary = summarise(dataset(*(sample(encoded=one) for one in pictures)), 1)
    assert summary.median_size == (80, 200)


def test_classes_without_names_are_numbered(sample, dataset):
    _, summary = summarise(dataset(sample([GOOD]), classes=["cat"]), 3)
    assert [(one.id, one.name) for one in summary.classes] == [(1, "cat"), (2, "2"), (3, "3")]


def test_numbered_classes_take_the_ids_that_are_free():
    named = (ClassName(1, "cat"), ClassName(3, "dog"))
    assert [one.id for one in known_classes(named, 4)] == [1, 3, 2, 4]
    assert known_classes(named, 1) == named[:1]


def test_up_to_the_share_is_accepted(sample, dataset):
    _, summary = summarise(_twenty(sample, dataset, 2), 1)
    require_usable(summary, 0.1)
    with pytest.raises(ValueError, match=r"2 of 20 boxes \(10 %\)"):
        require_usable(summary, 0.09)


def test_too_many_rejected_boxes_stop_with_the_numbers(sample, dataset):
    _, summary = summarise(_twenty(sample, dataset, 3), 1)
    with pytest.raises(ValueError) as raised:
        require_usable(summary, 0.1, "cells/")
    assert str(raised.value) == (
        "3 of 20 boxes (15 %) were rejected (degenerate 3); at most 10 % is allowed (max_rejected_share); "
        "the first: a.jpg: box 0: xmin 0.0 >= xmax 0.0 (degenerate); "
        "see every one with `boxwright data inspect cells/`"
    )


def test_repeated_boxes_are_no_loss(sample, dataset):
    _, summary = summarise(dataset(sample([GOOD, GOOD, GOOD])), 1)
    assert summary.num_rejected == 2
    require_usable(summary, 0.0)


def test_a_lost_class_stops_whatever_the_share(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(99)] + [(5, 5, 5, 5)]
    _, summary = summarise(dataset(sample(boxes, [0] * 99 + [1]), classes=["cat", "dog"]), 2)
    with pytest.raises(ValueError, match=r"every box of class 2 \(dog\) was rejected, 1 in all"):
        require_usable(summary, 0.5)


@pytest.mark.parametrize(("label", "hint"), [(2, "num_classes may be too small"), (-1, "labels start at 1")])
def test_a_class_of_labels_outside_stops(sample, dataset, label, hint):
    boxes = [(index, 10, index + 40, 60) for index in range(100)]
    _, summary = summarise(dataset(sample(boxes, [0, 1] * 47 + [label] * 6)), 2)
    with pytest.raises(ValueError, match=f"6 boxes have label {label + 1}, but labels must lie in 1..2: {hint}"):
        require_usable(summary, 0.1)


def test_a_single_wrong_label_is_a_slip(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(20)]
    _, summary = summarise(dataset(sample(boxes, [0] * 19 + [5])), 2)
    require_usable(summary, 0.1)
    assert summary.num_rejected == 1


def test_unreadable_pictures_stop_even_without_boxes(sample, dataset):
    _, summary = summarise(dataset(sample([GOOD]), sample(encoded=b"?", source="b.jpg")), 1)
    with pytest.raises(ValueError, match=r"1 of 2 pictures \(50 %\) cannot be read, among them b.jpg: not a readable"):
        require_usable(summary)


def test_nothing_to_learn_stops(sample, dataset):
    _, summary = summarise(dataset(sample(), sample()), 1)
    with pytest.raises(ValueError, match="none of the 0 boxes in 2 pictures can be used"):
        require_usable(summary)


@pytest.mark.parametrize(
    ("share", "text"), [(0.15, "15 %"), (0, "0 %"), (2 / 4888, "0.041 %"), (1.0, "100 %"), (0.999, "100 %")]
)
def test_percent(share, text):
    assert percent(share) == text


def test_blood_cells_lose_two_degenerate_boxes(bccd: Dataset):
    """4,888 boxes, 2 of them with equal corners (counted in the XML files), in 364 pictures of 640 x 480."""
    started = time.thread_time()
    _, summary = summarise(bccd, 3)
    assert time.thread_time() - started < 1
    assert (summary.num_pictures, summary.num_boxes, summary.num_kept) == (364, 4888, 4886)
    assert [one.line for one in summary.faulty_boxes] == [
        "BloodImage_00338: box 12: xmin 504.0 >= xmax 504.0, ymin 337.0 >= ymax 337.0 (degenerate)",
        "BloodImage_00343: box 3: xmin 181.0 >= xmax 181.0, ymin 329.0 >= ymax 329.0 (degenerate)",
    ]
    assert [(one.name, one.boxes) for one in summary.classes] == [("RBC", 4155), ("WBC", 372), ("Platelets", 361)]
    assert summary.median_size == (480, 640)
    require_usable(summary)
