import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from boxwright.spec.study import Study
from boxwright.study_report.report import duration, study_html, write_study_report
from boxwright.study_report.trials import TrialRow

VOID = {"meta", "br", "wbr", "path", "rect", "circle", "polyline", "image"}
RATE = {"parameterName": "rate", "type": "DOUBLE", "minValue": 1e-4, "maxValue": 0.1, "scaleType": "UNIT_LOG_SCALE"}
BATCH = {"parameterName": "batch", "type": "DISCRETE", "discreteValues": [4, 8]}
OPTIMIZER = {"parameterName": "a<b>&", "type": "CATEGORICAL", "categoricalValues": ["s<gd", "adam"]}
FIXED = {"parameterName": "fixed_one", "type": "INTEGER", "minValue": 5, "maxValue": 5}
STUDY = Study.model_validate(
    {"params": [RATE, BATCH, OPTIMIZER, FIXED], "maxTrials": 8, "hyperparameterMetricTag": "AP50", "seed": 7}
)


def _trial(name: str, rate: str, value: float | None, **fields: Any) -> TrialRow:
    parameters = {"rate": rate, "batch": "8" if int(name) % 2 else "4", "a<b>&": "s<gd", "fixed_one": "5"}
    state = "FAILED" if value is None else "SUCCEEDED"
    return TrialRow(name, parameters, state, value, **{"seconds": 60.0, **fields})


ROWS = [
    _trial("1", "0.001", 0.25, step=100, history=[(50, 0.1), (100, 0.25)]),
    _trial("2", "0.0123456789", 0.5, step=1200, history=[(50, 0.3), (1200, 0.5)], seconds=3600),
    _trial("3", "0.1", None, error="loss <nan>\nsecond line " + "x" * 200),
    _trial("4", "0.0001", 0.125, stopped_early=True, history=[(50, 0.125)]),
    _trial("5", "0.01", 0.375),
]


class Page(HTMLParser):
    """Checks that every element is closed in order, and collects elements and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _tiles(text: str) -> dict[str, str]:
    return {name: value for value, name in re.findall(r'<div class="tile"><b>(.*?)</b><span>(.*?)</span>', text)}


def _cells(text: str, title: str) -> list[list[str]]:
    part = text.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)[1:]
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows
    ]


def test_outcome() -> None:
    text = study_html(STUDY, ROWS, units={"fixed_one": "steps"})
    assert _tiles(text) == {
        "best AP50": "0.5",
        "best trial": "2",
        "of 8 trials started": "5",
        "ran to their end": "3",
        "stopped early": "1",
        "failed": "1",
        "time of all trials": "1 h 04 min",
    }
    assert _cells(text, "Best trial: 2") == [
        ["rate", "0.0123456789", "0.0001 to 0.1, log scale"],
        ["batch", "4", "one of 4, 8"],
        ["a&lt;b&gt;&amp;", "s&lt;gd", "one of s&lt;gd, adam"],
        ["fixed_one", "5 steps", "5 to 5, whole numbers"],
    ]
    assert "AP50 0.5 at training step 1,200." in text and "Bayesian search, seed 7" in text


def test_table_lists_the_best_first_and_holds_whole_values_to_sort_by() -> None:
    text = study_html(STUDY, ROWS)
    rows = _cells(text, "Trials")
    assert [row[0] for row in rows] == ["2", "5", "1", "4", "3"]
    assert rows[0] == ["2", "succeeded", "0.5", "1,200", "0.012346", "4", "s&lt;gd", "5", "1 h 00 min"]
    assert rows[3][1:3] == ["stopped early", "0.125"] and rows[4][1:4] == ["failed", "", ""]
    assert '<data value="0.0123456789">0.012346</data>' in text
    odd = _cells(text, "Trials without a value or with an error")
    assert [row[:3] for row in odd] == [["3", "failed", "1 min 00 s"]]
    assert odd[0][3].startswith("loss &lt;nan&gt; …loss &lt;nan&gt;\nsecond line xxx") and "<details><summary>" in text


def test_page_is_balanced_escaped_and_needs_nothing_from_outside() -> None:
    text = study_html(STUDY, ROWS, importance={"rate": 0.8, "a<b>&": 0.2, "unknown": 3.0, "batch": float("nan")})
    page = Page(text)
    assert "a<b>&" in page.text and "s<gd" in page.text and "unknown" not in page.text
    scripts = [fields for tag, fields in page.seen if tag == "script"]
    assert scripts == [{}]
    assert not re.search(r"(?:src|href)=\"(?!data:)|url\(|@import|http|<link", text)
    ids = [fields["id"] for _, fields in page.seen if "id" in fields]
    assert len(ids) == len(set(ids))
    plots = [fields["aria-labelledby"] for tag, fields in page.seen if tag == "svg" and fields.get("role") == "img"]
    assert sorted(" ".join(str(one) for one in plots).split()) == sorted(str(one) for one in ids)
    assert len(plots) == 7  # history, curves, importance, parallel, two slices, one contour: rate and batch varied


@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS[:2], ROWS[2:3], ROWS[3:4]], ids=["0", "1", "2", "failed", "early"])
def test_few_trials_make_a_page_that_says_what_is_missing(rows: list[TrialRow]) -> None:
    page = Page(study_html(STUDY, rows))
    assert "Contours cannot be drawn: they need at least 4 trials" in page.text
    assert "Importance cannot be computed" in page.text
    assert ("No trial was started." in page.text) == (not rows)
    assert not re.search(r"\bnan\b|\binf\b|None", re.sub(r"loss <nan>", "", page.text))


def test_no_success_says_where_to_look() -> None:
    text = study_html(STUDY, ROWS[2:3])
    assert _tiles(text)["best AP50"] == "–" and _tiles(text)["best trial"] == "none"
    assert "No trial succeeded with a value" in text


def test_trials_in_other_states_are_counted() -> None:
    text = study_html(STUDY, [*ROWS, TrialRow("6", {}, "CANCELLED"), TrialRow("7", {}, "RUNNING")])
    assert _tiles(text)["cancelled or not ended"] == "2"
    assert [row[:2] for row in _cells(text, "Trials")[-2:]] == [["6", "cancelled"], ["7", "running"]]


def test_lowest_value_wins_where_that_is_the_goal() -> None:
    study = STUDY.model_copy(update={"goal": "MINIMIZE", "algorithm": "HYPERBAND"})
    text = study_html(study, ROWS)
    assert _tiles(text)["best trial"] == "4" and "It was stopped early." in text
    assert "Search for the lowest AP50" in text and "Hyperband search" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3900, "1 h 05 min"), (100_000, "1 d 03 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "job" / "study.html"
    write_study_report(str(path), STUDY, ROWS, importance={"rate": 1.0})
    assert path.read_text("utf-8") == study_html(STUDY, ROWS, importance={"rate": 1.0})


def test_neither_torch_nor_optuna_is_imported() -> None:
    code = "import sys, boxwright.study_report.report; sys.exit('torch' in sys.modules or 'optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
