import re
import xml.etree.ElementTree as ET

import pytest

from boxwright.spec.study import Study
from boxwright.study_report import parameters
from boxwright.study_report.axis import parameter_axis
from boxwright.study_report.parameters import importance_bars, parallel, slices
from boxwright.study_report.trials import Results, TrialRow

PARAMS = [
    {"parameterName": "rate", "type": "DOUBLE", "minValue": 0.01, "maxValue": 1, "scaleType": "UNIT_LOG_SCALE"},
    {"parameterName": "kind", "type": "CATEGORICAL", "categoricalValues": ["a", "b"]},
    {"parameterName": "fixed", "type": "INTEGER", "minValue": 5, "maxValue": 5},
]


def _trial(name: str, rate: str, kind: str, value: float | None) -> TrialRow:
    state = "FAILED" if value is None else "SUCCEEDED"
    return TrialRow(name, {"rate": rate, "kind": kind, "fixed": "5"}, state, value)


def _results(*rows: TrialRow) -> Results:
    return Results(Study.model_validate({"params": PARAMS, "maxTrials": 99}), rows)


THREE = _results(
    _trial("1", "0.01", "a", 0.1),
    _trial("2", "0.1", "b", 0.3),
    _trial("3", "1", "b", 0.2),
    _trial("4", "0.5", "a", None),
)


def _scales(results: Results) -> parameters.Axes:
    return {one.parameter_name: parameter_axis(one, results) for one in results.study.params}


def _plots(text: str) -> list[ET.Element]:
    return [ET.fromstring(one) for one in re.findall(r"<svg.*?</svg>", text, re.DOTALL) if "aria-labelledby" in one]


def test_bars_are_as_long_as_the_shares_and_the_longest_first() -> None:
    (plot,) = _plots(importance_bars(THREE, {"kind": 0.25, "rate": 0.75, "fixed": 0.0}))
    widths = [float(one.attrib["width"]) for one in plot.iter("rect")]
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.2) and widths[2] == 0
    assert [one.text for one in plot.iter("text")] == ["rate", "0.75", "kind", "0.25", "fixed", "0.00"]


def test_bars_of_nothing_have_no_length() -> None:
    (plot,) = _plots(importance_bars(THREE, {"rate": 0.0}))
    assert [one.attrib["width"] for one in plot.iter("rect")] == ["0.0"]


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (_results(), "it needs at least 2 trials with a value, and there are 0"),
        (_results(_trial("1", "0.1", "a", 1)), "it needs at least 2 trials with a value, and there is 1"),
        (_results(_trial("1", "0.1", "a", 1), _trial("2", "1", "a", 1)), "all trials have the same AP, 1"),
        (THREE, "too few trials, or no parameter took different values"),
    ],
)
def test_why_there_is_no_importance(results: Results, reason: str) -> None:
    assert f"Importance cannot be computed: {reason}." in importance_bars(results, {})


def test_slices_of_what_varied_on_its_scale() -> None:
    text = slices(THREE, _scales(THREE))
    rate, kind = _plots(text)
    dots = {one.attrib["data-trial"]: one.attrib for one in rate.iter("circle")}
    x, y = ([float(dots[name][axis]) for name in ("1", "2", "3")] for axis in ("cx", "cy"))
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.2) and x[2] > x[1]  # 0.01, 0.1 and 1 on a log scale
    assert y[0] - y[2] == pytest.approx(y[2] - y[1], abs=0.2) and y[0] > y[1]  # 0.1, 0.2, 0.3 upwards
    assert {one.attrib["cx"] for one in kind.iter("circle") if one.attrib["data-trial"] != "1"} == {
        next(one.attrib["cx"] for one in kind.iter("circle") if one.attrib["data-trial"] == "2")
    }
    assert "all trials with a value have the same: fixed (5)." in text


def test_slices_of_one_trial_or_none_say_why_they_are_missing() -> None:
    one = _results(_trial("1", "0.0123456789", "a", 0.5))
    assert _plots(slices(one, _scales(one))) == []
    assert "the same: rate (0.012346), kind (a), fixed (5)." in slices(one, _scales(one))
    assert "No trial has a value" in slices(_results(), _scales(_results()))


def test_parallel_lines_pass_through_every_axis() -> None:
    (plot,) = _plots(parallel(THREE, _scales(THREE)))
    lines = {one.attrib["data-trial"]: one for one in plot.iter("g")}
    assert list(lines) == ["1", "3", "2"]  # the best above the others; the failed one has none
    points = [tuple(map(float, pair.split(","))) for pair in lines["2"][1].attrib["points"].split()]
    low, high = (
        [tuple(map(float, pair.split(","))) for pair in lines[name][1].attrib["points"].split()] for name in ("1", "3")
    )
    assert len(points) == 4
    assert points[0][1] == pytest.approx((low[0][1] + high[0][1]) / 2, abs=0.1)  # 0.1 between 0.01 and 1
    assert points[1] == high[1] != low[1] and points[2] == high[2] == low[2]
    assert [float(lines[name].attrib["opacity"]) for name in ("1", "3", "2")] == pytest.approx(
        [0.38, 0.62, 1], abs=0.01
    )
    texts = [one.text for one in plot.iter("text")]
    assert {"rate", "log scale", "kind", "a", "b", "fixed", "5", "AP"} <= set(texts)


def test_a_missing_parameter_is_passed_over() -> None:
    results = _results(TrialRow("1", {"rate": "0.1"}, "SUCCEEDED", 0.5), _trial("2", "1", "a", 0.1))
    (plot,) = _plots(parallel(results, _scales(results)))
    assert {one.attrib["data-trial"]: len(one[1].attrib["points"].split()) for one in plot.iter("g")} == {
        "1": 2,
        "2": 4,
    }


def test_parallel_without_values_says_so() -> None:
    assert "No trial has a value" in parallel(_results(), _scales(_results()))


def test_only_so_many_of_the_best_lines_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "MOST_LINES", 2)
    (plot,) = _plots(parallel(THREE, _scales(THREE)))
    assert [one.attrib["data-trial"] for one in plot.iter("g")] == ["3", "2"]
