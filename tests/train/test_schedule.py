"""Tests of the learning rate against the published formulas, worked out by hand."""

import math

import pytest

from boxwright.spec.training import OptimizationSpec
from boxwright.train.schedule import learning_rate

STEPWISE = OptimizationSpec()
COSINE = OptimizationSpec(
    learning_rate_decay_type="cosine",
    max_steps=110,
    warmup_steps=10,
    warmup_learning_rate=0.01,
    initial_learning_rate=0.11,
)


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.0067),
        (250, (0.0067 + 0.08) / 2),
        (500, 0.08),
        (14999, 0.08),
        (15000, 0.008),
        (19999, 0.008),
        (20000, 0.0008),
        (22499, 0.0008),
    ],
)
def test_published_stepwise_schedule(step: int, rate: float) -> None:
    assert learning_rate(step, STEPWISE) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.01),
        (3, 0.04),
        (9, 0.10),
        (10, 0.11),
        (35, 0.055 * (1 + math.sqrt(0.5))),
        (60, 0.055),
        (110, 0.0),
        (500, 0.0),
    ],
)
def test_cosine_schedule(step: int, rate: float) -> None:
    assert learning_rate(step, COSINE) == pytest.approx(rate, rel=1e-12, abs=1e-15)


def test_a_warm_up_may_fall() -> None:
    spec = OptimizationSpec(warmup_steps=4, warmup_learning_rate=0.01, initial_learning_rate=0.002)
    assert [learning_rate(step, spec) for step in range(5)] == pytest.approx([0.01, 0.008, 0.006, 0.004, 0.002])


def test_without_warm_up_the_first_step_has_the_full_rate() -> None:
    assert learning_rate(0, OptimizationSpec(warmup_steps=0)) == 0.08
    one = OptimizationSpec(warmup_steps=1, max_steps=1, learning_rate_decay_type="cosine")
    assert [learning_rate(step, one) for step in (0, 1)] == pytest.approx([0.0067, 0.08])


def test_constant() -> None:
    spec = OptimizationSpec(learning_rate_decay_type="constant", warmup_steps=2, warmup_learning_rate=0.01)
    assert [learning_rate(step, spec) for step in (0, 1, 2, 16000, 22499)] == pytest.approx([0.01, 0.045, *[0.08] * 3])
