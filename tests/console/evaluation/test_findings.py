"""Which findings are asked for, and how they are drawn."""

from boxwright.console.evaluation.findings import Wanted, drawn


def test_what_an_address_asks_for() -> None:
    assert Wanted.read({"kind": "MISSED", "class": "1"}, 2) == Wanted(kind="MISSED", label=1)
    assert Wanted.read({"trueClass": "-1", "predictedClass": "0"}, 2) == Wanted(true_class=-1, predicted_class=0)
    wrong = {"kind": "<b>", "class": "-1", "trueClass": "2", "predictedClass": "x"}
    assert Wanted.read(wrong, 2) == Wanted()
    assert Wanted(kind="BOTH", true_class=-1).query() == {"kind": "BOTH", "trueClass": "-1"}


def test_the_boxes_that_a_finding_is_about_are_strong() -> None:
    picture = {
        "truth": [
            {"box": [0, 0, 9, 9], "label": 0, "kind": "CORRECT"},
            {"box": [5, 5, 9, 9], "label": 1, "kind": "MISSED"},
        ],
        "predictions": [
            {"box": [0, 0, 9, 9], "label": 0, "kind": "CORRECT", "score": 0.9},
            {"box": [1, 1, 9, 9], "label": 1, "kind": "DUPLICATE", "score": 0.5},
        ],
    }
    found = drawn({"truth": 0, "prediction": 1}, picture, ["cat", "dog"])
    assert [one.strong for one in found] == [True, False, False, True]
    assert [one.tone for one in found] == ["warn", "warn", "good", "bad"]
    assert [one.dashed for one in found] == [True, True, False, False]
    assert [(one.text, one.score) for one in found] == [("cat", None), ("dog", None), ("cat", 0.9), ("dog", 0.5)]
