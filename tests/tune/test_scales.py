"""Tests of the scales: values by hand, and Vizier's own for the reverse logarithmic one."""

import math
from typing import Any

import pytest

from boxwright.spec.study import Parameter
from boxwright.tune.scales import axis, combinations, distance


def parameter(kind: str = "DOUBLE", scale: str = "NONE", **fields: Any) -> Parameter:
    return Parameter.read({"parameterName": "p", "type": kind, "scaleType": scale, **fields})


@pytest.mark.parametrize(
    ("scale", "share", "value"),
    [
        ("NONE", 0.25, 25.75),
        ("UNIT_LINEAR_SCALE", 0.25, 25.75),
        ("UNIT_LOG_SCALE", 0.25, 10**0.5),  # a quarter of two decades from 1
        ("UNIT_REVERSE_LOG_SCALE", 0.25, 101 - 10**0.5),
        ("UNIT_LOG_SCALE", 0.0, 1.0),
        ("UNIT_LOG_SCALE", 1.0, 100.0),
        ("UNIT_REVERSE_LOG_SCALE", 0.0, 100.0),
        ("UNIT_REVERSE_LOG_SCALE", 1.0, 1.0),
    ],
)
def test_real_numbers(scale: str, share: float, value: float) -> None:
    one = axis(parameter("DOUBLE", scale, minValue=1, maxValue=100))
    searched = one.at(share)
    assert one.value(searched) == pytest.approx(value)
    assert one.share(searched) == pytest.approx(share)
    assert one.searched(one.value(searched)) == pytest.approx(searched)
    assert one.size == math.inf


def test_reverse_logarithm_is_viziers() -> None:
    """google/vizier's converters put 1.0 of (1e-4, 1e2) at 7.273945e-4 from the bottom of the axis."""
    one = axis(parameter("DOUBLE", "UNIT_REVERSE_LOG_SCALE", minValue=1e-4, maxValue=1e2))
    assert 1 - one.share(one.searched(1.0)) == pytest.approx(7.273945e-4, rel=1e-5)


def test_whole_numbers_have_equal_parts() -> None:
    one = axis(parameter("INTEGER", minValue=1, maxValue=4))
    found = [one.value(one.at(share)) for share in (0, 0.24, 0.26, 0.49, 0.51, 0.74, 0.76, 1.0)]
    assert found == [1, 1, 2, 2, 3, 3, 4, 4]
    assert all(type(value) is int for value in found)
    assert one.size == 4


def test_whole_numbers_on_a_logarithmic_scale() -> None:
    """From 0.5 to 16.5, 5 / 8 of log(33) lie below 4.44 and half below 2.87."""
    one = axis(parameter("INTEGER", "UNIT_LOG_SCALE", minValue=1, maxValue=16))
    assert [one.value(one.at(share)) for share in (0, 0.5, 0.625, 1)] == [1, 3, 4, 16]
    reverse = axis(parameter("INTEGER", "UNIT_REVERSE_LOG_SCALE", minValue=1, maxValue=16))
    assert [reverse.value(reverse.at(share)) for share in (0, 0.5, 0.625, 1)] == [16, 14, 13, 1]
    assert reverse.searched("14") == 3


def test_discrete_values_are_searched_by_their_place() -> None:
    one = axis(parameter("DISCRETE", discreteValues=[16, 32, 64, 0.5e3]))
    assert [one.value(one.at(share)) for share in (0.1, 0.3, 0.6, 0.9)] == [16, 32, 64, 500]
    assert [one.searched(value) for value in ("16", 64.0, "500.0")] == [0, 2, 3]
    with pytest.raises(ValueError, match="p must be one of its discreteValues, got 17"):
        one.searched(17)


def test_categories() -> None:
    one = axis(parameter("CATEGORICAL", categoricalValues=["a", "b", "a", "c"]))
    assert one.choices == ("a", "b", "c")
    assert one.size == 3
    assert [one.at(share) for share in (0, 0.4, 0.99, 1)] == ["a", "b", "c", "c"]
    assert one.value(one.searched("b")) == "b"
    with pytest.raises(ValueError, match="p must be one of a, b, c, got 'd'"):
        one.searched("d")


def test_a_value_outside_the_range() -> None:
    with pytest.raises(ValueError, match="p must be from 1 to 2, got 3"):
        axis(parameter(minValue=1, maxValue=2)).searched("3")


def test_a_range_of_one_value() -> None:
    one = axis(parameter(minValue=2, maxValue=2))
    assert (one.size, one.at(0.7), one.share(2.0)) == (1, 2, 0)


def test_combinations_and_distance() -> None:
    number = axis(Parameter.read({"parameterName": "n", "type": "INTEGER", "minValue": 1, "maxValue": 5}))
    text = axis(Parameter.read({"parameterName": "t", "type": "CATEGORICAL", "categoricalValues": ["a", "b"]}))
    assert combinations([number, text]) == 10
    assert distance([number, text], {"n": 1, "t": "a"}, {"n": 3, "t": "b"}) == pytest.approx(0.25 + 1)
