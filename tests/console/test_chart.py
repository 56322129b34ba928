"""Tests of the charts' options."""

from boxwright.console.chart import lines, themed


def test_colours_of_the_style_sheet_are_asked_for_in_the_browser() -> None:
    found = themed({"series": [{"itemStyle": {"color": "var(--good)"}}], "color": ["var(--a)", "var(--b)"]})
    assert found["series"] == [{"itemStyle": {":color": 'boxwright.css("--good")'}}]
    assert found[":color"] == '[boxwright.css("--a"),boxwright.css("--b")]'


def test_a_name_that_looks_like_code_stays_a_text() -> None:
    name = "var(--x);alert(1)"
    found = themed({"series": [{"name": "'];alert(1)//", "data": [[0, 1]]}], "title": {"text": name}})
    assert found["series"][0]["name"] == "'];alert(1)//"
    assert found["title"] == {"text": name}


def test_what_is_given_goes_before_our_looks() -> None:
    found = themed({"grid": {"left": 9}, "legend": {"show": False}})
    assert found["grid"] == {"left": 9}
    assert found["legend"]["show"] is False
    assert found["legend"]["type"] == "scroll"


def test_lines_hold_all_points() -> None:
    found = lines({"loss": [(0, 2.0), (10, 1.0)], "AP": [(10, None)]}, x="steps", y="value", log=True)
    assert [one["data"] for one in found["series"]] == [[[0, 2.0], [10, 1.0]], [[10, None]]]
    assert found["yAxis"]["type"] == "log"
