import math

import pytest

from boxwright.spec.study import Study
from boxwright.study_report.trials import Results, TrialRow, number_of, shown, status


def _study(goal: str = "MAXIMIZE") -> Study:
    parameter = {"parameterName": "rate", "type": "DOUBLE", "minValue": 0.001, "maxValue": 0.1}
    return Study.model_validate({"goal": goal, "params": [parameter], "maxTrials": 9})


def _results(goal: str, *values: float | None) -> Results:
    rows = [
        TrialRow(str(number), {"rate": "0.01"}, "FAILED" if value is None else "SUCCEEDED", value)
        for number, value in enumerate(values, 1)
    ]
    return Results(_study(goal), rows)


def test_rank_follows_the_goal_and_of_equal_values_the_earlier_is_better() -> None:
    most, least = (_results(goal, 0.2, None, 0.5, 0.1, 0.5) for goal in ("MAXIMIZE", "MINIMIZE"))
    assert [trial.id for trial, _ in most.ranked] == ["3", "5", "1", "4"]
    assert [trial.id for trial, _ in least.ranked] == ["4", "1", "3", "5"]
    assert most.best is not None and most.best.id == "3"
    assert most.strength == {"3": 1.0, "5": 1.0, "1": 0.5, "4": 0.25}


def test_best_so_far_begins_with_the_first_value_and_holds_over_failures() -> None:
    assert _results("MAXIMIZE", None, 0.2, None, 0.5, 0.1).best_so_far() == [(2, 0.2), (3, 0.2), (4, 0.5), (5, 0.5)]
    assert _results("MINIMIZE", 0.2, 0.5, 0.1).best_so_far() == [(1, 0.2), (2, 0.2), (3, 0.1)]
    assert _results("MAXIMIZE", None).best_so_far() == []


@pytest.mark.parametrize(
    ("state", "value"),
    [("FAILED", 0.9), ("CANCELLED", 0.9), ("RUNNING", 0.9), ("SUCCEEDED", None), ("SUCCEEDED", math.nan)],
)
def test_only_finite_values_of_succeeded_trials_count(state: str, value: float | None) -> None:
    results = Results(_study(), [TrialRow("1", {}, state, value), TrialRow("2", {}, "SUCCEEDED", 0.1)])
    assert [trial.id for trial, _ in results.ranked] == ["2"]


def test_whether_values_differ() -> None:
    assert _results("MAXIMIZE", 0.5, 0.5).all_equal
    assert _results("MAXIMIZE", 0.5).all_equal and _results("MAXIMIZE").all_equal
    assert not _results("MAXIMIZE", 0.5, 0.6).all_equal


def test_a_trial_in_words() -> None:
    results = _results("MAXIMIZE")
    early = TrialRow("7", {"rate": "0.0123456789"}, "SUCCEEDED", 0.25, stopped_early=True)
    assert results.told(early) == "trial 7: AP 0.25, stopped early; rate 0.012346"
    assert results.told(TrialRow("8", {}, "FAILED")) == "trial 8: failed; no parameters"
    assert [status(early), status(TrialRow("1", {}, "CANCELLED")), status(TrialRow("1", {}, ""))] == [
        "stopped early",
        "cancelled",
        "unknown",
    ]


def test_numbers_in_texts() -> None:
    assert number_of("1e-3") == 0.001
    assert number_of("adam") is None and number_of("nan") is None and number_of("inf") is None
    assert (shown("0.000123456789"), shown("1024"), shown("a long name")) == ("0.00012346", "1024", "a long name")
