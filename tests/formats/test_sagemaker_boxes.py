from collections.abc import Callable

import numpy as np
import pytest

from boxwright.formats.sagemaker_boxes import MAX_TOLD, add_names, class_map, entry, parse, told
from boxwright.formats.sample import ClassName, Sample

ONE = {"class_id": 1, "left": 10, "top": 20.5, "width": 30, "height": 4}


def test_sides_become_corners() -> None:
    said = parse({"image_size": [{"width": 500, "height": 400, "depth": 3}], "annotations": [ONE]})
    assert said.boxes == [[10, 20.5, 40, 24.5]]
    assert said.ids == [1]
    assert said.size == (500, 400)
    np.testing.assert_array_equal(said.annotation(2).labels, [1])
    np.testing.assert_array_equal(said.annotation(1).labels, [-1])


def test_the_size_may_be_missing() -> None:
    assert parse({"annotations": []}).size is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], r"needs a list 'annotations', which is empty without objects, got \[\]"),
        ({"annotations": {}}, "needs a list 'annotations'"),
        ({"annotations": [ONE, {**ONE, "left": None}]}, r"annotations\[1\] needs numbers left, top, width, height"),
        ({"annotations": [{**ONE, "class_id": 1.5}]}, "a whole 'class_id', got {'class_id': 1.5"),
        ({"annotations": [{**ONE, "class_id": "dog"}]}, "a whole 'class_id'"),
        ({"annotations": [{**ONE, "left": 10**400}]}, r"annotations\[0\] needs numbers"),
        ({"annotations": [{**ONE, "class_id": float("nan")}]}, "a whole 'class_id'"),
        ({"annotations": ["x" * 200]}, r"got 'x{99}\.\.\."),
        ({"annotations": [], "image_size": [{"width": 5}]}, r"'image_size' must be \[\{width, height, depth\}\]"),
        ({"annotations": [], "image_size": []}, r"'image_size' must be .* got \[\]"),
    ],
)
def test_malformed_boxes(content: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(content)


def test_classes_are_those_used_or_named() -> None:
    assert class_map([1, 0, 1, -1], {}, (), "x") == (ClassName(1, "0"), ClassName(2, "1"))
    assert class_map([2], {1: "dog", 0: "cat"}, (), "x") == (
        ClassName(1, "cat"),
        ClassName(2, "dog"),
        ClassName(3, "2"),
    )
    assert class_map([], {}, (), "x") == ()


def test_gaps_between_ids_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"x: class ids count from 0 .* 0 is neither .* there are 1, 2\. Number .* 0\.\.1"
    ):
        class_map([1, 2], {}, (), "x")
    with pytest.raises(ValueError, match="1 is neither used nor named"):
        class_map([0], {2: "dog"}, (), "x")


def test_a_labels_file_fills_gaps_and_may_not_contradict() -> None:
    labels = (ClassName(1, "cat"), ClassName(2, "dog"), ClassName(3, "owl"))
    assert class_map([2, 9], {2: "owl"}, labels, "x") == (ClassName(1, "cat"), ClassName(2, "dog"), ClassName(3, "owl"))
    with pytest.raises(
        ValueError, match="x: class id 1 is 'owl' in the data and 'dog' in the labels file, whose line 2"
    ):
        class_map([0], {1: "owl"}, labels, "x")


def test_an_id_has_one_name() -> None:
    known = {0: "cat"}
    add_names(known, [("0", "cat"), (1, "dog")])
    assert known == {0: "cat", 1: "dog"}
    with pytest.raises(ValueError, match="class id 1 is named 'owl', and 'dog' before"):
        add_names(known, [("1", "owl")])
    with pytest.raises(ValueError, match="class id 'a' must be a whole number"):
        add_names(known, [("a", "owl")])


def test_a_few_of_many_faults_are_told() -> None:
    assert told(["a", "b"], "x") == "x: 2 faulty:\n  a\n  b"
    text = told([str(number) for number in range(MAX_TOLD + 2)], "x")
    assert text.splitlines()[0] == "x: 7 faulty:"
    assert text.splitlines()[-2:] == ["  4", "  and 2 more"]


def test_corners_become_sides(sample: Callable[..., Sample]) -> None:
    one = sample("a.jpg", [[1.5, 2, 11, 22]] * 3, [1, -1, 2])
    said = entry(one, (ClassName(7, "cat"), ClassName(9, "dog")))
    assert said["image_size"] == [{"width": 40, "height": 30, "depth": 3}]
    assert said["annotations"][0] == {"class_id": 1, "left": 1.5, "top": 2.0, "width": 9.5, "height": 20.0}
    assert [box["class_id"] for box in said["annotations"]] == [1, -1, -1]
    assert [box["class_id"] for box in entry(one, ())["annotations"]] == [1, -1, 2]
    assert entry(sample("b.jpg", encoded=b"no picture"), ())["image_size"][0]["depth"] == 3
