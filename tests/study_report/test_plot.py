import xml.etree.ElementTree as ET

import pytest

from boxwright.spec.study import Study
from boxwright.study_report.axis import Axis
from boxwright.study_report.plot import MARKS, MEANINGS, Area, area, axes, best_last, cut, dot, figure, kind, kinds
from boxwright.study_report.trials import Results, TrialRow

PARAMETER = {"parameterName": "p", "type": "DOUBLE", "minValue": 0, "maxValue": 1}
ROWS = [
    TrialRow("usual", {"p": "0.1"}, "SUCCEEDED", 0.1),
    TrialRow("b<est", {"p": "0.2"}, "SUCCEEDED", 0.3),
    TrialRow("early", {"p": "0.3"}, "SUCCEEDED", 0.05, stopped_early=True),
]
RESULTS = Results(Study.model_validate({"params": [PARAMETER], "maxTrials": 3}), ROWS)


def test_places_lie_inside_the_area_and_upwards() -> None:
    box = Area(50, 10, 250, 110, inset=10)
    assert (box.x(0), box.x(0.5), box.x(1)) == (60, 150, 240)
    assert (box.y(0), box.y(0.5), box.y(1)) == (100, 60, 20)


def test_the_area_leaves_room_for_the_texts_of_the_upright_axis() -> None:
    short, long = area(Axis("y", names=("a",)), 400, 300), area(Axis("y", names=("a" * 99,)), 400, 300)
    assert long.left - short.left == pytest.approx(7.8 * 14)  # 15 letters at most against 1, 7.8 units each


def test_long_texts_are_cut_and_whole_under_the_pointer() -> None:
    assert cut("short", 5) == "short"
    assert cut("a<bcdefg", 5) == "a&lt;bc…<title>a&lt;bcdefg</title>"
    assert cut("word", 0) == "w…<title>word</title>"


def test_axes_have_titles_and_marks_at_their_places() -> None:
    box = Area(50, 10, 250, 110)
    svg = ET.fromstring(f"<svg>{axes(box, Axis('steps', 0, 100), Axis('AP', names=('low', 'high')))}</svg>")
    texts = {one.text: one for one in svg.iter("text")}
    assert {"steps", "AP", "low", "high", "0", "20", "100"} <= set(texts)
    assert float(texts["20"].attrib["x"]) == box.x(0.2) and float(texts["low"].attrib["y"]) == box.y(0.25) + 4


def test_figure_is_told_to_a_screen_reader() -> None:
    figured = ET.fromstring(figure("key", "A & B", "told <so>", (700, 300), "<path/>"))
    svg = next(figured.iter("svg"))
    ids = svg.attrib["aria-labelledby"].split()
    assert [(one.attrib["id"], one.text) for one in svg[:2]] == list(zip(ids, ["A & B", "told <so>"], strict=True))
    assert svg.attrib["role"] == "img" and svg.attrib["viewBox"] == "0 0 700 300"


def test_a_trial_looks_like_what_it_is() -> None:
    assert [kind(RESULTS, trial) for trial in ROWS] == ["usual", "best", "early"]
    circle = ET.fromstring(dot(RESULTS, ROWS[1], 3, 4))
    assert circle.attrib["class"] == "dot best" and circle.attrib["data-trial"] == "b<est"
    assert circle[0].text == "trial b<est: AP 0.3; p 0.2"
    assert [trial.id for trial in best_last(RESULTS, ROWS)] == ["early", "usual", "b<est"]


def test_legend_names_only_what_is_there() -> None:
    assert "stopped early" in kinds(RESULTS, ROWS) and "so-far" not in kinds(RESULTS, ROWS)
    told = kinds(RESULTS, ROWS[:1], "so far", "failed")
    assert "ran to its end" in told and "stopped early" not in told and "best trial" not in told
    assert "best so far" in told and "ended without a value" in told
    assert 'class="line best"' in kinds(RESULTS, ROWS, line=True)
    assert {name.removesuffix(" line") for name in MARKS} == set(MEANINGS)
