"""The search itself: what to try next, which trials to end early, and their memory in a database. The door to Optuna.

`Search` knows nothing of processes: any objective can be searched with `ask`, `report` and `tell`.
"""

import copy
import math
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from boxwright.spec.study import Study
from boxwright.tune.design import grid_point, nearest_untried, random_point, spread_point
from boxwright.tune.scales import Axis, Point, Value, axis, combinations
from boxwright.tune.stopping import falls_behind

optuna.logging.set_verbosity(optuna.logging.ERROR)  # our log says what happens

NAME = "study"
"""Of the one study in a database."""

HEARTBEAT = 60
"""Seconds between signs of life of running trials, for others who look at the database."""

ENOUGH_FOR_IMPORTANCE = 4
"""Finished trials from which on it can be said which parameter matters."""

STARTUP_TRIALS = 5
"""Evenly spread trials before the first one that is chosen by results.

Of 20 trials, on Branin and Hartmann-6 with 8 seeds: 3 and 5 did alike, 8 and 12 worse; random ones in their place had
the same median but a worse mean on Branin.
"""

REDUCTION = 3
"""HYPERBAND keeps one trial in so many at each of its stages."""

KNOWN = "known"
"""Marks a trial that an earlier study had; the study's attribute of that name says how many there are."""

TrialOutcome = Literal["RUNNING", "SUCCEEDED", "FAILED"]
STATES: dict[TrialState, TrialOutcome] = {
    TrialState.RUNNING: "RUNNING",
    TrialState.COMPLETE: "SUCCEEDED",
    TrialState.FAIL: "FAILED",
}


@dataclass(frozen=True)
class Suggested:
    """A trial: its number from 1, its values, and the same as texts for the algorithm."""

    id: int
    values: dict[str, Value]
    arguments: dict[str, str]


@dataclass(frozen=True)
class Trial(Suggested):
    """A trial and what is known of it.

    Attributes:
        value: its result; None while it runs and where it failed.
        step: training step of that result.
        history: values by training step.
        stopped_early: it was ended because others were better.
        started, ended: seconds since 1970.
        error: why it failed; empty where it did not.
    """

    state: TrialOutcome
    value: float | None = None
    step: int = 0
    history: dict[int, float] = field(default_factory=dict)
    stopped_early: bool = False
    started: float = 0.0
    ended: float | None = None
    error: str = ""


@dataclass(frozen=True)
class KnownTrial:
    """A finished trial of an earlier study, whose values lie in the ranges of this one."""

    values: Mapping[str, Value]
    value: float
    history: Mapping[int, float] = field(default_factory=dict)


class Search:
    """A study with its memory.

    With one trial at a time, the study's seed and the results decide every proposal, also after a restart.

    Args:
        spec: what is searched.
        database: file of its memory; None keeps it in this process only.
    """

    def __init__(self, spec: Study, database: Path | None = None) -> None:
        self.spec = spec
        self.axes = tuple(axis(one) for one in spec.params)
        self._distributions = {one.name: distribution(one) for one in self.axes}
        storage = None if database is None else _open(database)
        self._study = optuna.create_study(
            storage=storage,
            study_name=NAME,
            direction=direction(spec),
            load_if_exists=True,
            pruner=optuna.pruners.NopPruner(),
        )
        self._storage: BaseStorage = self._study._storage
        self._known = int(self._study.user_attrs.get(KNOWN, 0))

    @property
    def maximize(self) -> bool:
        return self.spec.goal == "MAXIMIZE"

    @property
    def total(self) -> int:
        """Trials of the study: `max_trials`, or fewer where there are no more combinations of values."""
        return int(min(self.spec.max_trials, combinations(self.axes)))

    def trials(self) -> list[Trial]:
        """All trials of this study, in their order."""
        return [self._trial(one) for one in self._own()]

    def remaining(self) -> int:
        """Trials that may still be asked for."""
        asked = {_point(one) for one in self._frozen()}
        fresh = combinations(self.axes) - len(asked)
        return int(max(0, min(self.total - len(self._own()), fresh)))

    def ask(self) -> Suggested:
        """Choose a trial and write it down as running; there must be one remaining."""
        frozen, number = self._frozen(), len(self._own())
        point = propose(self.spec, self.axes, frozen, number)
        if self.spec.algorithm != "GRID_SEARCH" or self._known:
            tried = [one.params for one in frozen]
            point = nearest_untried(self.axes, point, tried, _seed(self.spec.seed, number))
        with _quiet():
            self._study.add_trial(
                create_trial(state=TrialState.RUNNING, params=dict(point), distributions=self._distributions)
            )
        self.beat([number + 1])
        return self._trial(self._own()[number])

    def report(self, id: int, step: int, value: float) -> bool:
        """Take a measurement of a running trial; a step that is reported again counts once.

        Returns:
            whether the trial should end early.
        """
        if not math.isfinite(value):
            return False
        self._storage.set_trial_intermediate_value(self._key(id), step, value)
        if self.spec.algorithm != "HYPERBAND" and not self.spec.enable_trial_early_stopping:
            return False
        trial = self._storage.get_trial(self._key(id))
        if self.spec.algorithm == "HYPERBAND":
            return self._outgunned(trial)
        finished = [_history(one) for one in self._frozen() if one.state == TrialState.COMPLETE]
        return falls_behind(_history(trial), finished, self.maximize)

    def fail(self, id: int, error: str) -> None:
        """End a trial without a result. A trial that has ended stays as it is."""
        trial = self._storage.get_trial(self._key(id))
        if not trial.state.is_finished():
            self._storage.set_trial_user_attr(trial._trial_id, "error", error)
            self._study.tell(trial.number, state=TrialState.FAIL)

    def tell(self, id: int, value: float, *, step: int = 0, stopped_early: bool = False) -> None:
        """End a trial with its result, a finite number. A trial that has ended stays as it is."""
        trial = self._storage.get_trial(self._key(id))
        if trial.state.is_finished():
            return
        self._storage.set_trial_user_attr(trial._trial_id, "step", step)
        self._storage.set_trial_user_attr(trial._trial_id, "stopped_early", stopped_early)
        self._study.tell(trial.number, value)

    def best(self) -> Trial | None:
        """The trial with the best result; the earlier one where two are equal."""
        done = [one for one in self.trials() if one.value is not None]
        sign = 1 if self.maximize else -1
        return max(done, key=lambda one: (sign * (one.value or 0.0), -one.id), default=None)

    def learn(self, known: Sequence[KnownTrial]) -> None:
        """Take over the trials of an earlier study; nothing happens where that was done or trials have been asked for.

        Raises:
            ValueError: a value outside the ranges of this study.
        """
        if KNOWN in self._study.user_attrs:
            return
        for one in known[len(self._frozen()) :]:  # a process that died here has done some
            self._study.add_trial(
                create_trial(
                    params={each.name: each.searched(one.values[each.name]) for each in self.axes},
                    distributions=self._distributions,
                    value=one.value,
                    intermediate_values=dict(one.history),
                    user_attrs={KNOWN: True},
                )
            )
        self._study.set_user_attr(KNOWN, len(known))
        self._known = len(known)

    def importance(self) -> dict[str, float]:
        """Share of the differences between good and other trials that each parameter explains, by name.

        PED-ANOVA (Watanabe et al., 2023); empty where there are too few trials to tell.
        """
        done = [one for one in self._frozen() if one.state == TrialState.COMPLETE]
        if len({one.value for one in done}) < 2 or len(done) < ENOUGH_FOR_IMPORTANCE:
            return {}
        with _quiet():
            found = optuna.importance.get_param_importances(
                self._study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
            )
        return {name: float(share) for name, share in found.items()}

    def beat(self, ids: Sequence[int]) -> None:
        """Give a sign of life of running trials, every `HEARTBEAT` seconds or more often."""
        record = getattr(self._storage, "record_heartbeat", None)
        if record is not None:
            for id in ids:
                record(self._key(id))

    def close(self) -> None:
        """Let go of the database."""
        self._storage.remove_session()
        backend = getattr(self._storage, "_backend", None)
        if backend is not None:
            backend.engine.dispose()

    def _key(self, id: int) -> int:
        """The storage's number of a trial."""
        return self._storage.get_trial_id_from_study_id_trial_number(self._study._study_id, self._known + id - 1)

    def _frozen(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _own(self) -> list[FrozenTrial]:
        return self._frozen()[self._known :]

    def _trial(self, one: FrozenTrial) -> Trial:
        values = {each.name: each.value(one.params[each.name]) for each in self.axes}
        return Trial(
            id=one.number - self._known + 1,
            values=values,
            arguments={each.name: each.parameter.text(values[each.name]) for each in self.axes},
            state=STATES[one.state],
            value=one.value if one.state == TrialState.COMPLETE else None,
            step=one.user_attrs.get("step", 0),
            history=_history(one),
            stopped_early=one.user_attrs.get("stopped_early", False),
            started=one.datetime_start.timestamp() if one.datetime_start else 0.0,
            ended=one.datetime_complete.timestamp() if one.datetime_complete else None,
            error=one.user_attrs.get("error", ""),
        )

    def _outgunned(self, trial: FrozenTrial) -> bool:
        """HYPERBAND's judgement, which counts evaluations."""
        longest = self.spec.max_resource or max(
            (len(one.intermediate_values) for one in self._frozen() if one.state == TrialState.COMPLETE), default=0
        )
        if longest < self.spec.min_resource:
            return False  # how long a trial is will be known from the first one that ends
        pruner = optuna.pruners.HyperbandPruner(self.spec.min_resource, longest, REDUCTION)
        counted = copy.copy(trial)
        counted.intermediate_values = dict(enumerate(_history(trial).values(), 1))
        return pruner.prune(self._study, counted)


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
    seed = _seed(spec.seed, number)
    bayesian = spec.algorithm in ("BAYESIAN", "ALGORITHM_UNSPECIFIED")
    return sample(gaussian_process(seed) if bayesian else parzen(seed), spec, axes, frozen)


def sample(
    sampler: optuna.samplers.BaseSampler, spec: Study, axes: Sequence[Axis], frozen: Sequence[FrozenTrial]
) -> Point:
    """Ask a new sampler, which sees a copy of the trials: it remembers nothing that a crash could lose."""
    copied = optuna.create_study(sampler=sampler, direction=direction(spec))
    with _quiet():
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


def _open(database: Path) -> RDBStorage:
    with _quiet():
        return RDBStorage(
            f"sqlite:///{database.resolve()}",
            engine_kwargs={"connect_args": {"timeout": 60}},
            heartbeat_interval=HEARTBEAT,
            grace_period=5 * HEARTBEAT,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna announces which of its parts are young; users can do nothing about that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def _seed(seed: int, number: int) -> int:
    return random.Random(f"{seed}/{number}").getrandbits(32)


def _history(trial: FrozenTrial) -> dict[int, float]:
    return dict(sorted(trial.intermediate_values.items()))


def _point(trial: FrozenTrial) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(trial.params.items()))
