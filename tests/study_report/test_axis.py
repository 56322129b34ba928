import pytest

from boxwright.spec.study import Study
from boxwright.study_report.axis import Axis, number_axis, parameter_axis, titled, value_axis, variation
from boxwright.study_report.trials import Results, TrialRow


def _results(parameter: dict[str, object], *values: str) -> Results:
    study = Study.model_validate({"params": [{"parameterName": "p", **parameter}], "maxTrials": 9})
    return Results(study, [TrialRow(str(at), {"p": value}, "SUCCEEDED", 0.1) for at, value in enumerate(values)])


def _axis(parameter: dict[str, object], *values: str, unit: str = "") -> Axis:
    results = _results(parameter, *values)
    return parameter_axis(results.study.params[0], results, unit)


LOG = {"type": "DOUBLE", "minValue": 1e-4, "maxValue": 1.0, "scaleType": "UNIT_LOG_SCALE"}


def test_log_scale_gives_each_power_of_ten_the_same_room() -> None:
    axis = _axis(LOG, unit="s")
    assert axis.title == "p (s, log scale)"
    assert [axis.place(text) for text in ("0.0001", "0.001", "0.01", "1")] == pytest.approx([0, 0.25, 0.5, 1])
    marks = axis.marks()
    assert [text for _, text in marks] == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert [place for place, _ in marks] == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_narrow_log_scale_is_marked_at_1_2_and_5() -> None:
    assert [text for _, text in _axis({**LOG, "minValue": 0.01, "maxValue": 0.1}).marks()] == [
        "0.01",
        "0.02",
        "0.05",
        "0.1",
    ]


def test_reverse_log_scale_mirrors_the_log_scale() -> None:
    axis = _axis({**LOG, "minValue": 0.1, "maxValue": 10, "scaleType": "UNIT_REVERSE_LOG_SCALE"})
    assert [axis.place(value) for value in (0.1, 9.1, 10)] == pytest.approx([0, 0.5, 1])  # 10.1 - 9.1 = 1


def test_linear_scale_marks_whole_numbers_only_where_the_parameter_is_whole() -> None:
    axis = _axis({"type": "INTEGER", "minValue": 1, "maxValue": 3})
    assert axis.marks() == [(0.0, "1"), (0.5, "2"), (1.0, "3")]
    assert axis.place("2") == 0.5


def test_a_range_of_one_value_lies_in_the_middle() -> None:
    axis = _axis({"type": "INTEGER", "minValue": 50, "maxValue": 50}, "50")
    assert axis.place("50") == 0.5 and axis.marks() == [(0.5, "50")]


def test_categories_and_few_numbers_have_a_place_each() -> None:
    words = _axis({"type": "CATEGORICAL", "categoricalValues": ["sgd", "adam"]}, "old")
    assert words.names == ("sgd", "adam", "old")
    assert words.place("adam") == 0.5 and words.place("never") is None
    steps = _axis({"type": "DISCRETE", "discreteValues": [4, 8, 16, 32]})
    assert [steps.place(text) for text in ("4", "8.0", "32")] == [0.125, 0.375, 0.875]


def test_many_discrete_values_are_numbers() -> None:
    axis = _axis({"type": "DISCRETE", "discreteValues": [float(one) for one in range(11)]})
    assert axis.names == () and axis.place("5") == 0.5


def test_values_of_an_earlier_study_widen_the_range() -> None:
    axis = _axis({**LOG, "minValue": 0.01}, "0.0001", "0.1")
    assert (axis.low, axis.high) == (0.0001, 1.0)
    below = _axis({**LOG, "minValue": 0.01}, "-1")
    assert (below.low, below.scale) == (-1, "NONE")


def test_what_is_no_number_is_not_on_the_axis() -> None:
    assert [_axis(LOG).place(text) for text in ("", "nan", "2")] == [None, None, None]


def test_axis_of_numbers_has_room_around_them_also_when_equal() -> None:
    axis = number_axis("AP", [0.2, 0.4])
    assert (axis.low, axis.high) == pytest.approx((0.19, 0.41))
    assert (number_axis("AP", [0.5]).low, number_axis("AP", [0.5]).high) == pytest.approx((0.45, 0.55))
    assert number_axis("AP", [0.0]).place(0.0) == 0.5


def _values(goal: str, *values: float) -> Axis:
    parameter = {"parameterName": "p", "type": "INTEGER", "minValue": 0, "maxValue": 9}
    return value_axis(Results(Study.model_validate({"goal": goal, "params": [parameter]}), []), values)


def test_hopeless_values_are_left_off_the_metrics_axis() -> None:
    """Best 1, third quartile 6 (place 5 of 8), so that 1 + 20 * 5 = 101 is the last that is kept."""
    usual = (1, 2, 3, 4, 5, 6)
    axis = _values("MINIMIZE", *usual, 101, 102)
    assert axis.title == "AP (worse: at the edge)" and axis.high == pytest.approx(101 + 5)
    assert axis.edged(1e9) == 1.0 and axis.edged(101) == pytest.approx(105 / 110)
    assert _values("MINIMIZE", *usual, 100, 101).title == "AP"
    mirrored = _values("MAXIMIZE", *(-one for one in (*usual, 101, 102)))
    assert mirrored.low == pytest.approx(-106) and mirrored.edged(-1e9) == 0.0


def test_few_or_equal_values_are_all_on_the_metrics_axis() -> None:
    assert _values("MINIMIZE", 1, 2, 1e9).title == "AP"
    assert _values("MINIMIZE", *[1.0] * 9, 50).high > 50


def test_variation_and_titles() -> None:
    results = _results(LOG, "0.1", "0.1", "0.2")
    assert variation(results.study.params[0], results) == {"0.1", "0.2"}
    assert titled(_results({**LOG, "scaleType": "NONE"}).study.params[0]) == "p"
