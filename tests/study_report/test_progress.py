import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from boxwright.spec.study import Study
from boxwright.study_report import progress
from boxwright.study_report.progress import history, learning_curves
from boxwright.study_report.trials import Results, TrialRow

PARAMETER = {"parameterName": "p", "type": "DOUBLE", "minValue": 0, "maxValue": 1}


def _results(*rows: TrialRow) -> Results:
    return Results(Study.model_validate({"params": [PARAMETER], "maxTrials": 99}), rows)


def _trial(name: str, value: float | None, curve: Sequence[float] = (), early: bool = False) -> TrialRow:
    points = [(100 * at, one) for at, one in enumerate(curve, 1)]
    state = "FAILED" if value is None else "SUCCEEDED"
    return TrialRow(name, {"p": "0.5"}, state, value, 0, points, early)


def _classed(text: str, name: str) -> list[ET.Element]:
    plot = text[text.index("<svg") : text.index("</svg>") + 6]
    return [one for one in ET.fromstring(plot).iter() if one.attrib.get("class", "") == name]


def test_history_has_a_mark_for_each_trial_and_a_line_of_the_best() -> None:
    text = history(_results(_trial("1", 0.2), _trial("2", None), _trial("3", 0.6), _trial("4", 0.4, early=True)))
    usual, early, best, failed = (_classed(text, name) for name in ("dot usual", "dot early", "dot best", "failed"))
    assert [one[0].attrib["data-trial"] for one in (usual, early, best, failed)] == ["1", "4", "3", "2"]
    x = [float(one[0].attrib["cx"]) for one in (usual, best, early)]
    assert x[1] - x[0] == pytest.approx(2 * (x[2] - x[1]), abs=0.2)  # trials 1, 3 and 4
    y = [float(one[0].attrib["cy"]) for one in (usual, early, best)]
    assert y[0] - y[1] == pytest.approx(y[1] - y[2], abs=0.2) and y[0] > y[2]  # 0.2, 0.4 and 0.6 upwards
    path = _classed(text, "so-far")[0].attrib["d"]
    assert path.startswith(f"M{x[0]:.1f} {y[0]:.1f}") and path.endswith(f"H{x[2]:.1f}V{y[2]:.1f}")
    assert "3 trials with a value and 1 without; the best is trial 3 with AP 0.6." in text


def test_one_trial_is_a_plot_too() -> None:
    text = history(_results(_trial("1", 0.5)))
    assert len(_classed(text, "dot best")) == 1 and "without a value" not in text


def test_history_without_a_value_says_so() -> None:
    assert "No trial ended with a value of AP: there is nothing to plot." in history(_results(_trial("1", None)))


def test_learning_curves_are_dashed_when_stopped_and_the_best_stands_out() -> None:
    rows = [_trial("1", 0.6, (0.2, 0.4, 0.6)), _trial("2", 0.2, (0.1, 0.2), early=True), _trial("3", 0.5, (0.3, 0.5))]
    text = learning_curves(_results(*rows))
    best, early, usual = (_classed(text, f"line {name}") for name in ("best", "early", "usual"))
    assert [len(one[0].attrib["points"].split()) for one in (best, early, usual)] == [3, 2, 2]
    (x1, y1), (x2, y2), (x3, y3) = (tuple(map(float, one.split(","))) for one in best[0].attrib["points"].split())
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2) and y1 - y2 == pytest.approx(y2 - y3, abs=0.2) and y1 > y3
    assert "3 curves of AP over the training step; 1 end early." in text


def test_a_failed_trials_curve_is_shown_and_what_is_no_number_left_out() -> None:
    text = learning_curves(_results(_trial("1", None, (0.1, float("nan"), 0.3))))
    assert [len(one.attrib["points"].split()) for one in _classed(text, "line usual")] == [2]


def test_only_so_many_of_the_best_curves_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_LINES", 2)
    rows = [_trial(str(at), at / 10, (0.1, at / 10)) for at in range(1, 5)]
    text = learning_curves(_results(*rows))
    assert [one.attrib["data-trial"] for one in _classed(text, "trial")] == ["3", "4"]
    assert "the 2 best trials" in text


def test_no_curves_says_so() -> None:
    assert "No trial reported a value on its way" in learning_curves(_results(_trial("1", 0.5)))
