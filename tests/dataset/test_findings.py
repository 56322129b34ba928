import re
from inspect import getsource as inspect_source

import pytest

from boxwright.dataset import findings
from boxwright.dataset.findings import BOX_FINDINGS, SEVERITIES, number_of
from boxwright.dataset.health import inspect
from boxwright.dataset.rules import RULES

GOOD = (10, 10, 50, 60)


def _found(data, num_classes=None):
    return {one.rule: (one.severity, one.count, one.message) for one in inspect(data, num_classes).findings}


def test_every_rule_has_a_finding():
    assert set(BOX_FINDINGS) == set(RULES) - {"picture"}


def test_the_gravest_come_first(sample, dataset):
    boxes = [GOOD, GOOD, (5, 5, 5, 5), (6, 6, 6, 6), (300, 5, 310, 9)]
    found = inspect(dataset(sample(boxes), sample(), sample(encoded=b"?"))).findings
    order = [(SEVERITIES.index(one.severity), -one.count) for one in found]
    assert order == sorted(order)
    assert found[0].severity == "error"
    assert found[-1].severity == "note"
    assert all(one.way_out.endswith(".") for one in found)


def test_an_unused_class_is_told(sample, dataset):
    data = dataset(sample([GOOD] * 1, [0]), sample([GOOD], [2]), classes=["cat", "dog", "owl"])
    severity, count, message = _found(data)["unused-class"]
    assert (severity, count) == ("warning", 1)
    assert message == "No box shows class 2 (dog): labels are not contiguous."


def test_rare_classes_are_told(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(50)]
    data = dataset(sample(boxes, [0] * 30 + [1] * 20), sample(boxes[:19], [2] * 19), classes=["cat", "dog", "owl"])
    assert _found(data)["rare-class"] == ("warning", 1, "Fewer than 20 boxes show class 3 (owl).")


def test_too_many_rejected_boxes_are_an_error(sample, dataset):
    data = dataset(sample([GOOD] + [(index, 5, index, 9) for index in range(3)]))
    found = _found(data)
    assert found["too-many-rejected"] == ("error", 3, "75 % of boxes are rejected; training accepts 10 %.")
    assert found["degenerate"] == ("warning", 3, "3 boxes without width or height.")


def test_lost_classes_and_unknown_labels_are_errors(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(10)] + [(5, 5, 5, 5)]
    found = _found(dataset(sample(boxes, [0] * 7 + [5] * 3 + [1])), 2)
    assert found["lost-class"] == ("error", 1, "All 1 box of class 2 are rejected.")
    assert found["unknown-class"] == ("error", 3, "3 boxes have label 6; labels lie in 1..2.")


@pytest.mark.parametrize(("bad", "severity"), [(1, "warning"), (2, "error")])
def test_unreadable_pictures_grow_grave(sample, dataset, bad, severity):
    good = [sample([GOOD], source=f"{index}.jpg") for index in range(10 - bad)]
    found = _found(dataset(*good, *(sample([GOOD], encoded=b"?") for _ in range(bad))))
    assert found["picture"][:2] == (severity, bad)


def test_a_good_data_set_has_no_findings(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(25)]
    assert inspect(dataset(sample(boxes))).findings == ()


def test_number_of():
    assert [number_of(count, "box", "boxes") for count in (0, 1, 1200)] == ["0 boxes", "1 box", "1,200 boxes"]
    assert number_of(2, "picture") == "2 pictures"


def test_every_finding_is_documented(docs_page):
    source = inspect_source(findings)
    names = re.findall(r'_finding\(\s*"?[^,]+,\s*"([a-z-]+)"', source)
    assert len(names) >= 13
    assert [name for name in names if f"`{name}`" not in docs_page] == []
