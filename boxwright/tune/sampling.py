"""What a search tries next. With `study`, the door to Optuna."""

import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from boxwright.spec.study import Study
from boxwright.tune.design import grid_point, random_point, spread_point
from boxwright.tune.scales import Axis, Point, combinations

STARTUP_TRIALS = 5
"""Evenly spread trials before the first one that is chosen by results.

Of 20 trials, on Branin and Hartmann-6 with 8 seeds: 3 and 5 did alike, 8 and 12 worse; random ones in their place had
the same median but a worse mean on Branin.
"""


def propose(spec: Study, axes: Sequence[Axis], frozen: Sequence[FrozenTrial], number: int) -> Point:
    """The point of a study's next trial.

    Args:
        frozen: all trials so far, those of an earlier study among them.
        number: of the next one among the study's own, from 0.
    """
    if spec.algorithm == "RANDOM_SEARCH":
        return random_point(axes, spec.seed, number)
    if spec.algorithm == "GRID_SEARCH":
        return grid_point(axes, spec.seed, number, int(min(spec.max_trials, combinations(axes))))
    done = [one for one in frozen if one.state == TrialState.COMPLETE]
    if len(frozen) < STARTUP_TRIALS or len(done) < 2:
        return spread_point(axes, spec.seed, number)
    seed = seed_of(spec.seed, number)
    bayesian = spec.algorithm in ("BAYESIAN", "ALGORITHM_UNSPECIFIED")
    return sample(gaussian_process(seed) if bayesian else parzen(seed), spec, axes, frozen)


def sample(
    sampler: optuna.samplers.BaseSampler, spec: Study, axes: Sequence[Axis], frozen: Sequence[FrozenTrial]
) -> Point:
    """Ask a new sampler, which sees a copy of the trials: it remembers nothing that a crash could lose."""
    copied = optuna.create_study(sampler=sampler, direction=direction(spec))
    with quiet():
        copied.add_trials(list(with_failures(frozen, spec.goal == "MAXIMIZE")))
        return copied.ask({one.name: distribution(one) for one in axes}).params


def with_failures(frozen: Sequence[FrozenTrial], maximize: bool) -> Iterator[FrozenTrial]:
    """The trials, failed ones with the worst result: a sampler that ignored them would propose the like again."""
    values = [one.value for one in frozen if one.state == TrialState.COMPLETE and one.value is not None]
    worst = min(values) if maximize else max(values)
    for one in frozen:
        if one.state == TrialState.FAIL:
            yield create_trial(params=one.params, distributions=one.distributions, value=worst)
        else:
            yield one


def direction(spec: Study) -> StudyDirection:
    """A study's goal in Optuna's words."""
    return StudyDirection.MAXIMIZE if spec.goal == "MAXIMIZE" else StudyDirection.MINIMIZE


def gaussian_process(seed: int) -> optuna.samplers.BaseSampler:
    """The Bayesian sampler: expected improvement under a Gaussian process with a Matern 5/2 kernel.

    With trials running it maximizes the improvement of all of them together (q-log-EI), so none is proposed twice.
    """
    return optuna.samplers.GPSampler(
        seed=seed,
        independent_sampler=optuna.samplers.RandomSampler(seed),
        n_startup_trials=1,
        deterministic_objective=False,
        warn_independent_sampling=False,
    )


def parzen(seed: int) -> optuna.samplers.BaseSampler:
    """The tree-structured Parzen estimator; running trials count as bad ones, so that others are proposed."""
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=1, multivariate=True, constant_liar=True)


def distribution(one: Axis) -> BaseDistribution:
    """An axis in Optuna's words."""
    if one.kind == "choice":
        return CategoricalDistribution(one.choices)
    if one.kind == "whole":
        return IntDistribution(round(one.low), round(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna announces which of its parts are young; users can do nothing about that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def seed_of(seed: int, number: int) -> int:
    """A number of its own for each trial of a study."""
    return random.Random(f"{seed}/{number}").getrandbits(32)
