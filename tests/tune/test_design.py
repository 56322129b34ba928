"""Tests of points that are chosen without looking at results."""

import numpy as np
from scipy.stats import qmc

from boxwright.spec.study import Parameter
from boxwright.tune.design import grid_point, nearest_untried, random_point, spread_point
from boxwright.tune.scales import Point, Value, axis

REAL = [axis(Parameter.read({"parameterName": n, "type": "DOUBLE", "minValue": 0, "maxValue": 1})) for n in "xy"]
GRID = [
    axis(Parameter.read({"parameterName": "n", "type": "INTEGER", "minValue": 3, "maxValue": 5})),
    axis(Parameter.read({"parameterName": "d", "type": "DISCRETE", "discreteValues": [1, 2, 4, 8]})),
    axis(Parameter.read({"parameterName": "c", "type": "CATEGORICAL", "categoricalValues": ["a", "b"]})),
]
ALL = {(n, d, c) for n in (3, 4, 5) for d in (1, 2, 4, 8) for c in "ab"}


def values(point: object) -> tuple[object, ...]:
    return tuple(one.value(point[one.name]) for one in GRID)  # type: ignore[index]  # a point


def test_the_grid_is_complete_and_cut_evenly() -> None:
    assert {values(grid_point(GRID, 7, number, 24)) for number in range(24)} == ALL
    cut = {values(grid_point(GRID, 7, number, 6)) for number in range(6)}
    assert len(cut) == 6 and cut < ALL
    assert len({n for n, _, _ in cut}) > 1 and len({d for _, d, _ in cut}) > 1  # no corner of the grid


def test_random_points_follow_seed_and_number() -> None:
    assert random_point(REAL, 1, 2) == random_point(REAL, 1, 2)
    assert len({tuple(random_point(REAL, seed, number).values()) for seed in range(3) for number in range(3)}) == 9


def test_spread_points_are_a_sobol_sequence() -> None:
    points = [list(spread_point(REAL, 3, number).values()) for number in range(16)]
    assert np.allclose(points, qmc.Sobol(2, scramble=True, rng=3).random(16), rtol=1e-12)
    for axis_number in range(2):  # each sixteenth of each axis holds one
        assert sorted(int(point[axis_number] * 16) for point in points) == list(range(16))


def test_a_tried_point_gives_way_to_the_nearest() -> None:
    point: dict[str, Value] = {"n": 4, "d": 1, "c": "a"}
    assert nearest_untried(GRID, point, [], 0) == point
    tried: list[Point] = [
        point,
        {"n": 4, "d": 0, "c": "a"},
    ]  # d is searched by its place: a step of it is 1/3, one of n is 1/2
    assert nearest_untried(GRID, point, tried, 0) == {"n": 4, "d": 2, "c": "a"}


def test_the_last_point_is_found() -> None:
    points = [grid_point(GRID, 1, number, 24) for number in range(24)]
    assert nearest_untried(GRID, points[0], points[:-1], 5) == points[-1]


def test_many_combinations() -> None:
    wide = [axis(Parameter.read({"parameterName": "n", "type": "INTEGER", "minValue": 1, "maxValue": 10**6}))]
    found = nearest_untried(wide, {"n": 500}, [{"n": 500}], 0)
    assert found["n"] != 500
    assert abs(int(found["n"]) - 500) < 5000
