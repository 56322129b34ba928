"""What charts of a job's numbers are made of, without a browser."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from boxwright.console.pages.job.curves import first_choice
from boxwright.console.pages.job.lines import KEPT, Looks, chart_of, drawn_once, in_words
from boxwright.console.view import View

nothing: Any = None
VIEW = View(nothing, nothing, nothing, "x", "viewer", "en", ZoneInfo("UTC"))


def series(name: str, values: list[float], unit: str = "") -> dict[str, Any]:
    count = len(values)
    times = [1000.0 + 1800 * place for place in range(count)]
    return {"name": name, "unit": unit, "steps": list(range(10, 10 * count + 1, 10)), "times": times, "values": values}


def test_against_steps_and_hours() -> None:
    options, data = chart_of(VIEW, [series("loss", [4, 2, 1])], Looks(False, False, 0))
    assert data == [[[10, 4], [20, 2], [30, 1]]]
    assert (options["xAxis"]["name"], options["yAxis"]["type"]) == ("Step", "value")
    options, data = chart_of(VIEW, [series("loss", [4, 2, 1])], Looks(True, True, 0))
    assert data == [[[0.0, 4], [0.5, 2], [1.0, 1]]]
    assert options["xAxis"]["name"].startswith("Hours") and options["yAxis"]["type"] == "log"


def test_bytes_are_shown_in_gigabytes() -> None:
    options, data = chart_of(VIEW, [series("memory", [2.5e9], "bytes")], Looks(False, False, 0))
    assert data == [[[10, 2.5]]] and options["yAxis"]["name"] == "GB"


def test_what_is_not_above_0_has_no_place_on_a_log_scale() -> None:
    _, data = chart_of(VIEW, [series("loss", [0, -1, 5])], Looks(False, True, 0))
    assert data == [[[30, 5]]]


def test_smoothed_lines_are_drawn_over_faint_ones() -> None:
    options, data = chart_of(VIEW, [series("loss", [1, 3])], Looks(False, False, 0.5))
    # Weights 0.5 * 0.5 and 0.5 of 0.75 in all: (0.25 * 1 + 0.5 * 3) / 0.75 = 7 / 3.
    assert data == [[[10, 1], [20, 3]], [[10, 1], [20, pytest.approx(7 / 3, rel=1e-5)]]]
    faint, strong = options["series"]
    assert faint["name"] == strong["name"] and faint["lineStyle"]["opacity"] < strong["lineStyle"]["opacity"]


def test_lines_differ_in_more_than_their_colours() -> None:
    options, _ = chart_of(VIEW, [series(name, [4, 2]) for name in "abcdefgh"], Looks())
    assert len({str(one["lineStyle"]["type"]) for one in options["series"]}) == 8
    assert options["legend"]["show"] and not chart_of(VIEW, [series("a", [1])], Looks())[0]["legend"]["show"]


def test_nothing_to_draw() -> None:
    options, data = chart_of(VIEW, [series("loss", [])], Looks(True, False, 0.9))
    assert data == [[], []] and options["series"]
    assert in_words("Title", [series("loss", [])]) == "Title"
    assert in_words("Title", [series("loss", [4, 2])]) == "Title: loss 2 (20)"


def test_pages_that_show_the_same_share_the_work() -> None:
    answer = {"series": [series("loss", [4, 2])]}
    first = drawn_once(VIEW, answer, answer["series"], Looks())
    assert drawn_once(VIEW, answer, answer["series"], Looks()) is first
    assert drawn_once(VIEW, answer, answer["series"], Looks(smooth=0.5)) is not first
    answers = [{"series": [series("loss", [number])]} for number in range(2 * KEPT)]
    shown = [drawn_once(VIEW, one, one["series"], Looks()) for one in answers]
    assert [one["series"][0]["data"] for one in shown] == [[[10, number]] for number in range(2 * KEPT)]
    assert drawn_once(VIEW, answer, answer["series"], Looks()) is not first  # it was let go


def test_first_choice() -> None:
    assert first_choice(["loss", "epoch", "AP", "validation_loss"]) == ["loss", "validation_loss"]
    assert first_choice(["AP", "AP50"]) == ["AP"]
    assert first_choice(["extra", "more"]) == ["extra"] and first_choice([]) == []
