"""Orders and charts of a search, without a browser."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from boxwright.console.pages.job.trial_charts import history_chart, in_words, parallel_chart
from boxwright.console.pages.job.trial_order import best_of, ordered, with_value
from boxwright.console.pages.job.trials import headline
from boxwright.console.view import View

nothing: Any = None
VIEW = View(nothing, nothing, nothing, "x", "viewer", "en", ZoneInfo("UTC"))


def trial(id: str, state: str, value: float | None, x: str, net: str = "a") -> dict[str, Any]:
    more = {"step": 5, "history": [], "stoppedEarly": id == "2", "seconds": 10.0 * int(id), "error": ""}
    return {"trialId": id, "parameters": {"x": x, "net": net}, "state": state, "value": value, **more}


def study(goal: str = "MAXIMIZE") -> dict[str, Any]:
    trials = [
        trial("1", "SUCCEEDED", 0.25, "10", "b"),
        trial("2", "SUCCEEDED", 0.75, "9"),
        trial("3", "FAILED", None, "100"),
        trial("4", "SUCCEEDED", 0.5, "2e1", "c"),
    ]
    parameters = [
        {"name": "x", "type": "DOUBLE", "minValue": 1, "maxValue": 100, "scaleType": "UNIT_LOG_SCALE", "values": []},
        {
            "name": "net",
            "type": "CATEGORICAL",
            "minValue": None,
            "maxValue": None,
            "scaleType": "",
            "values": list("abc"),
        },
    ]
    base = {"metric": "AP", "goal": goal, "maxTrials": 9, "importance": {}}
    return {**base, "trials": trials, "parameters": parameters, "bestTrial": "2" if goal == "MAXIMIZE" else "1"}


def test_charts_in_words() -> None:
    history, importance = in_words(VIEW, {**study(), "importance": {"net": 0.25, "x": 0.75}})
    assert history == "History, AP: 2 0.7500, 4 0.5000, 1 0.2500"
    assert importance == "Importance: x 75\u202f%, net 25\u202f%"


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("", "2413"),
        ("trial", "1234"),
        ("-trial", "4321"),
        ("value", "1423"),
        ("-value", "2413"),
        ("p.x", "2143"),  # as numbers: 9, 10, 20, 100
        ("-p.net", "4123"),
        ("state", "3124"),
        ("time", "1234"),
        ("p.other", "1234"),
    ],
)
def test_orders(order: str, ids: str) -> None:
    assert "".join(one["trialId"] for one in ordered(study(), order)) == ids


def test_best_by_the_goal() -> None:
    assert [one["trialId"] for one in with_value(study())] == ["1", "4", "2"]
    assert [one["trialId"] for one in with_value(study("MINIMIZE"))] == ["2", "4", "1"]
    best = best_of(study())
    assert best and best["trialId"] == "2"
    assert best_of({**study(), "bestTrial": ""}) is None


def test_history() -> None:
    dots, best = history_chart(VIEW, study())["series"]
    assert dots["data"] == [[1, 0.25], [2, 0.75], [4, 0.5]]
    assert best["data"] == [[1, 0.25], [2, 0.75], [4, 0.75]]
    assert history_chart(VIEW, study("MINIMIZE"))["series"][1]["data"] == [[1, 0.25], [2, 0.25], [4, 0.25]]


def test_parallel_coordinates_draw_the_best_last() -> None:
    options = parallel_chart(VIEW, study())
    rest, best = options["series"]
    assert rest["data"] == [[10.0, "b", 0.25], [20.0, "c", 0.5]] and best["data"] == [[9.0, "a", 0.75]]
    x, net, value = options["parallelAxis"]
    assert (x["type"], x["min"], x["max"]) == ("log", 1, 100)
    assert (net["type"], net["data"], value["name"]) == ("category", ["a", "b", "c"], "AP")
    gone = study()
    del gone["trials"][1]["parameters"]["x"]
    assert parallel_chart(VIEW, gone)["series"][1]["data"] == [[None, "a", 0.75]]


def test_headline() -> None:
    assert [value for _, value in headline(VIEW, study())] == ["0.7500", "2", "4", "1", "1"]
    assert headline(VIEW, {**study(), "bestTrial": "", "trials": []})[0][1] == "–"
