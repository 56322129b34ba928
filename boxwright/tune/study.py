"""The search itself: what to try next, which trials to end early, and their memory in a database.

`Search` knows nothing of processes: any objective can be searched with `ask`, `report` and `tell`.
"""

import copy
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from boxwright.spec.study import Study
from boxwright.tune.design import nearest_untried
from boxwright.tune.sampling import direction, distribution, propose, quiet, seed_of
from boxwright.tune.scales import axis, combinations
from boxwright.tune.stopping import falls_behind
from boxwright.tune.trial import KnownTrial, Suggested, Trial, TrialOutcome

optuna.logging.set_verbosity(optuna.logging.ERROR)  # our log says what happens

NAME = "study"
"""Of the one study in a database."""

HEARTBEAT = 60
"""Seconds between signs of life of running trials, for others who look at the database."""

ENOUGH_FOR_IMPORTANCE = 4
"""Finished trials from which on it can be said which parameter matters."""

REDUCTION = 3
"""HYPERBAND keeps one trial in so many at each of its stages."""

KNOWN = "known"
"""Marks a trial that an earlier study had; the study's attribute of that name says how many there are."""

STATES: dict[TrialState, TrialOutcome] = {
    TrialState.RUNNING: "RUNNING",
    TrialState.COMPLETE: "SUCCEEDED",
    TrialState.FAIL: "FAILED",
}


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
            point = nearest_untried(self.axes, point, tried, seed_of(self.spec.seed, number))
        with quiet():
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
        with quiet():
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


def _open(database: Path) -> RDBStorage:
    with quiet():
        return RDBStorage(
            f"sqlite:///{database.resolve()}",
            engine_kwargs={"connect_args": {"timeout": 60}},
            heartbeat_interval=HEARTBEAT,
            grace_period=5 * HEARTBEAT,
        )


def _history(trial: FrozenTrial) -> dict[int, float]:
    return dict(sorted(trial.intermediate_values.items()))


def _point(trial: FrozenTrial) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(trial.params.items()))
