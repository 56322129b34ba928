import base64

import cv2
import numpy as np
import pytest

from boxwright.spec.study import Study
from boxwright.study_report.axis import Axis
from boxwright.study_report.contour import BLANK, CELLS, band_range, chosen, contours, picture, surface
from boxwright.study_report.trials import Results, TrialRow

NUMBERS = Axis("x")
WORDS = Axis("y", names=("a", "b"))


def test_surface_is_the_kernels_weighted_mean() -> None:
    """Two trials at the same height, 0.2 apart: midway both weigh the same."""
    values = surface((NUMBERS, NUMBERS), [(0.4, 0.5), (0.6, 0.5)], [1.0, 3.0])
    cell = int(0.45 * CELLS)
    at = (cell + 0.5) / CELLS
    near, far = np.exp(-((at - 0.4) ** 2) / 0.02), np.exp(-((at - 0.6) ** 2) / 0.02)
    assert values[CELLS // 2, cell] == pytest.approx((near + 3 * far) / (near + far))
    assert values[CELLS // 2, CELLS // 2 - 1 : CELLS // 2 + 1].mean() == pytest.approx(2.0)


def test_surface_is_blank_away_from_trials_and_never_beyond_their_values() -> None:
    values = surface((NUMBERS, NUMBERS), [(0.1, 0.1), (0.3, 0.2)], [-1.0, 5.0])
    assert np.isnan(values[-1, -1]) and np.nanmin(values) >= -1 and np.nanmax(values) <= 5
    alone = surface((NUMBERS, NUMBERS), [(0.5, 0.5)], [2.0])
    reach = np.sqrt(-2 * np.log(BLANK)) * 0.1  # where the kernel falls to BLANK
    cells = np.flatnonzero(~np.isnan(alone[CELLS // 2]))
    assert (cells[-1] - cells[0] + 1) / CELLS == pytest.approx(2 * reach, abs=2 / CELLS)


def test_named_values_are_kept_apart() -> None:
    values = surface((NUMBERS, WORDS), [(0.5, 0.25), (0.5, 0.75)], [1.0, 9.0])
    assert values[: CELLS // 2, CELLS // 2] == pytest.approx(1.0) and values[CELLS // 2 :, CELLS // 2] == pytest.approx(
        9
    )


def test_picture_is_stronger_the_better_and_transparent_where_blank() -> None:
    values = np.array([[0.0, 0.5], [1.0, np.nan]])
    data = base64.b64decode(picture(values, 0.0, 1.0).partition(",")[2])
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    top, bottom = pixels[0, :, 3], pixels[1, :, 3]  # row 0 of the values lies at the bottom
    assert top[1] == 0 and 0 < bottom[0] < bottom[1] < top[0]
    lower = cv2.imdecode(
        np.frombuffer(base64.b64decode(picture(values, 1.0, 0.0).partition(",")[2]), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert lower[1, 0, 3] > lower[0, 0, 3]


def _results(count: int, *, goal: str = "MAXIMIZE", names: int = 5, equal: bool = False) -> Results:
    params = [{"parameterName": f"p{at}", "type": "DOUBLE", "minValue": 0, "maxValue": 1} for at in range(names)]
    study = Study.model_validate({"goal": goal, "params": params, "maxTrials": 99})
    rows = [
        TrialRow(str(at), {f"p{one}": str(at / 20) for one in range(names)}, "SUCCEEDED", 0.5 if equal else float(at))
        for at in range(count)
    ]
    return Results(study, rows)


def test_the_most_important_parameters_that_varied_are_chosen() -> None:
    results = _results(6)
    shares = {"p0": 0.1, "p1": 0.0, "p2": 0.3, "p3": 0.2, "p4": 0.4}
    assert [one.parameter_name for one in chosen(results, shares)] == ["p0", "p2", "p3", "p4"]
    assert chosen(_results(1), shares) == []


def test_bands_leave_the_worst_tenth_out() -> None:
    assert band_range(_results(11)) == (1.0, 10.0)
    assert band_range(_results(11, goal="MINIMIZE")) == (9.0, 0.0)


def test_bands_differ_where_all_but_the_worst_are_equal() -> None:
    study = _results(1).study
    rows = [TrialRow(str(at), {}, "SUCCEEDED", 0.0 if at == 0 else 1.0) for at in range(20)]
    assert band_range(Results(study, rows)) == (0.0, 1.0)


def _text(results: Results) -> str:
    axes = {one.parameter_name: Axis(one.parameter_name) for one in results.study.params}
    return contours(results, axes, {})


def test_a_chart_for_each_pair_of_four() -> None:
    assert _text(_results(8)).count("<image ") == 6
    assert _text(_results(8, names=2)).count("<image ") == 1


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (_results(3), "they need at least 4 trials with a value, and there are 3"),
        (_results(5, equal=True), "all trials have the same AP, 0.5"),
        (_results(5, names=1), "they need two parameters that took different values"),
    ],
)
def test_why_there_is_no_contour(results: Results, reason: str) -> None:
    assert f"Contours cannot be drawn: {reason}." in _text(results)
