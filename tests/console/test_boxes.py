"""Boxes over pictures: what the browser is given."""

from boxwright.console.boxes import Box, predicted_boxes, tone_of, truth_boxes


def test_boxes_of_answers() -> None:
    names = ["cat", "dog"]
    assert truth_boxes([{"box": [1, 2, 3, 4], "label": 1}], names) == [Box([1, 2, 3, 4], "dog", "1", dashed=True)]
    (found,) = predicted_boxes([{"box": [1, 2, 3, 4], "label": 0, "score": 0.5}], names)
    assert found == Box([1, 2, 3, 4], "cat", "0", 0.5)
    shown = {"box": [1, 2, 3, 4], "text": "cat", "tone": "0", "score": 0.5, "dashed": False, "strong": False}
    assert found.data() == shown


def test_classes_take_turns_with_colours() -> None:
    assert [tone_of(label) for label in (0, 7, 8, 17)] == ["0", "7", "0", "1"]
