"""Tests of the search, on functions: proposals, seeds, parallel trials, memory, early stopping, warm starts."""

import math
from pathlib import Path
from typing import Any

import optuna
import pytest

from boxwright.spec.study import Study
from boxwright.tune.study import Search
from boxwright.tune.trial import KnownTrial

X = {"parameterName": "x", "type": "DOUBLE", "minValue": -5, "maxValue": 10}
Y = {"parameterName": "y", "type": "DOUBLE", "minValue": 0, "maxValue": 15}
RATE = {
    "parameterName": "rate",
    "type": "DOUBLE",
    "minValue": 1e-5,
    "maxValue": 1,
    "scaleType": "UNIT_LOG_SCALE",
}
BATCH = {"parameterName": "batch", "type": "DISCRETE", "discreteValues": [4, 8, 16, 32]}
NET = {"parameterName": "net", "type": "CATEGORICAL", "categoricalValues": ["a", "b"]}
WHOLE = {
    "parameterName": "whole",
    "type": "INTEGER",
    "minValue": 1,
    "maxValue": 100,
    "scaleType": "UNIT_REVERSE_LOG_SCALE",
}
ALL = [RATE, BATCH, NET, WHOLE]


def study(**fields: Any) -> Study:
    return Study.read({"maxTrials": 20, "params": [X, Y], "goal": "MINIMIZE", **fields})


def bowl(values: dict[str, Any]) -> float:
    """Smallest, 0, at (2, 3)."""
    return float((values["x"] - 2) ** 2 + (values["y"] - 3) ** 2)


def quality(values: dict[str, Any]) -> float:
    """Largest, 0, at rate 0.01, batch 16, net b, whole 90."""
    distance = abs(math.log10(values["rate"]) + 2) + abs(math.log2(values["batch"]) - 4)
    return float(-distance - (values["net"] == "a") - abs(values["whole"] - 90) / 50)


def searched(search: Search, objective: Any, trials: int) -> list[dict[str, Any]]:
    found = []
    for _ in range(trials):
        one = search.ask()
        search.tell(one.id, objective(one.values), step=1)
        found.append(one.values)
    return found


@pytest.mark.parametrize("algorithm", ["ALGORITHM_UNSPECIFIED", "BAYESIAN", "TPE", "HYPERBAND", "RANDOM_SEARCH"])
def test_the_seed_decides(algorithm: str) -> None:
    fields = {"algorithm": algorithm, "params": ALL, "goal": "MAXIMIZE", "maxTrials": 9}
    first, again, other = (searched(Search(study(**fields, seed=seed)), quality, 9) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(("algorithm", "near"), [("BAYESIAN", 0.1), ("TPE", 4.0)])
def test_results_lead_the_search(algorithm: str, near: float) -> None:
    search = Search(study(algorithm=algorithm))
    searched(search, bowl, 20)
    best = search.best()
    assert best is not None and best.value is not None
    assert best.value < near  # random points of this square are 30 from the best one in the median


def test_mixed_parameters_are_learnt() -> None:
    search = Search(study(params=ALL, goal="MAXIMIZE"))
    searched(search, quality, 20)
    best = search.best()
    assert best is not None and best.value is not None and best.value > -1
    assert best.values["net"] == "b"
    texts = best.arguments
    assert texts["batch"] in ("4", "8", "16", "32") and float(texts["rate"]) == best.values["rate"]
    assert texts["whole"].isdigit()


@pytest.mark.parametrize("algorithm", ["BAYESIAN", "TPE", "RANDOM_SEARCH"])
def test_parallel_proposals_differ(algorithm: str) -> None:
    search = Search(study(algorithm=algorithm))
    searched(search, bowl, 8)
    asked = [search.ask() for _ in range(4)]
    points = [(float(one.values["x"]), float(one.values["y"])) for one in asked]
    apart = min(math.dist(a, b) for at, a in enumerate(points) for b in points[:at])
    assert apart > 0.01
    for one in reversed(asked):  # they end in any order
        search.tell(one.id, bowl(one.values))
    assert [trial.id for trial in search.trials()] == list(range(1, 13))


@pytest.mark.parametrize("algorithm", ["BAYESIAN", "TPE", "RANDOM_SEARCH", "GRID_SEARCH"])
def test_no_combination_is_tried_twice(algorithm: str) -> None:
    search = Search(study(algorithm=algorithm, params=[BATCH, NET], goal="MAXIMIZE"))
    assert (search.total, search.remaining()) == (8, 8)
    found = searched(search, lambda values: values["batch"], 8)
    assert {(one["batch"], one["net"]) for one in found} == {(b, n) for b in (4, 8, 16, 32) for n in "ab"}
    assert search.remaining() == 0


def test_a_cut_grid() -> None:
    search = Search(study(algorithm="GRID_SEARCH", params=[BATCH, NET], maxTrials=3))
    assert search.total == 3
    assert len({tuple(one.items()) for one in searched(search, lambda _: 1.0, 3)}) == 3


def test_the_memory_survives(tmp_path: Path) -> None:
    undisturbed = searched(Search(study()), bowl, 9)
    first = Search(study(), tmp_path / "study.db")
    found = searched(first, bowl, 7)
    running = first.ask()
    first.report(running.id, 10, 5.0)
    first.close()
    again = Search(study(), tmp_path / "study.db")
    assert [trial.state for trial in again.trials()] == ["SUCCEEDED"] * 7 + ["RUNNING"]
    assert again.trials()[7].history == {10: 5.0}
    assert again.trials()[7].values == running.values
    again.tell(running.id, bowl(running.values))
    found += [running.values, *searched(again, bowl, 1)]
    again.close()
    assert found == undisturbed  # nothing that was in the memory of the first process is missed


def test_the_memory_is_plain_optuna_with_heartbeats(tmp_path: Path) -> None:
    search = Search(study(), tmp_path / "study.db")
    running = search.ask()
    search.beat([running.id])
    search.close()
    url = f"sqlite:///{tmp_path / 'study.db'}"
    loaded = optuna.load_study(study_name="study", storage=url)
    assert loaded.direction == optuna.study.StudyDirection.MINIMIZE
    assert loaded.trials[0].params == running.values
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        storage = optuna.storages.RDBStorage(url, heartbeat_interval=1, grace_period=1)
    assert storage._get_stale_trial_ids(loaded._study_id) == []
    storage.engine.dispose()
    loaded._storage._backend.engine.dispose()  # type: ignore[attr-defined]  # so that no connection is left open


def test_failures_are_avoided_like_the_worst() -> None:
    search = Search(study(params=[X], maxTrials=30))
    failed = 0
    for _ in range(20):
        one = search.ask()
        if float(one.values["x"]) < 2.5:
            failed += 1
            search.fail(one.id, "the loss is no longer finite")
        else:
            search.tell(one.id, float(one.values["x"]))  # smallest beside the failures
    assert 0 < failed < 10
    assert {trial.error for trial in search.trials() if trial.state == "FAILED"} == {"the loss is no longer finite"}


def test_a_trial_ends_once() -> None:
    search = Search(study())
    one = search.ask()
    search.tell(one.id, 1.0, step=3, stopped_early=True)
    search.tell(one.id, 2.0)
    search.fail(one.id, "late")
    (trial,) = search.trials()
    assert (trial.state, trial.value, trial.step, trial.stopped_early, trial.error) == ("SUCCEEDED", 1.0, 3, True, "")


def test_the_best_is_the_earlier_of_equals() -> None:
    search = Search(study(goal="MAXIMIZE"))
    for value in (1.0, 2.0, 2.0, 0.0):
        search.tell(search.ask().id, value)
    best = search.best()
    assert best is not None and best.id == 2


def test_early_stopping_by_the_median() -> None:
    search = Search(study(enableTrialEarlyStopping=True, goal="MAXIMIZE"))
    for final in (0.2, 0.4, 0.6):
        one = search.ask()
        assert not search.report(one.id, 10, final / 2)
        assert not search.report(one.id, 20, final)  # averages 0.15, 0.3, 0.45
        search.tell(one.id, final)
    one = search.ask()
    assert not search.report(one.id, 10, 0.2)  # the median of 0.1, 0.2, 0.3
    assert not search.report(one.id, 10, 0.2)
    assert not search.report(one.id, 15, math.nan)
    assert search.report(one.id, 20, 0.29)
    assert search.trials()[-1].history == {10: 0.2, 20: 0.29}
    without = Search(study(goal="MAXIMIZE"))
    for final in (0.6, 0.6, 0.6, 0.0):
        one = without.ask()
        assert not without.report(one.id, 10, final)
        without.tell(one.id, final)


def test_hyperband_ends_most_trials_after_few_evaluations() -> None:
    search = Search(study(algorithm="HYPERBAND", goal="MAXIMIZE", maxTrials=30, maxResource=9))
    evaluations = []
    for number in range(30):
        one = search.ask()
        quality = (number * 7) % 30 / 30  # no order
        for count in range(1, 10):
            if search.report(one.id, 100 * count, quality):
                break
        evaluations.append(count)
        search.tell(one.id, quality, stopped_early=count < 9)
    assert set(evaluations) == {1, 3, 9}  # its stages, each a third of the next
    assert sum(evaluations) < 0.8 * 30 * 9
    best = search.best()
    assert best is not None and best.value == 29 / 30 and evaluations[best.id - 1] == 9


def test_hyperband_learns_the_length_from_the_first_trial() -> None:
    search = Search(study(algorithm="HYPERBAND", goal="MAXIMIZE"))
    one = search.ask()
    assert not any(search.report(one.id, step, 0.0) for step in range(10, 100, 10))
    search.tell(one.id, 0.0)
    ended = []
    for worse in range(1, 13):
        one = search.ask()
        ended.append(any(search.report(one.id, step, -worse) for step in range(10, 100, 10)))
        search.tell(one.id, -worse)
    assert any(ended)


def test_a_warm_start(tmp_path: Path) -> None:
    known = [KnownTrial({"x": x, "y": y}, bowl({"x": x, "y": y}), {10: 1.0}) for x in (0, 2.5, 6) for y in (1, 4, 9)]
    search = Search(study(), tmp_path / "study.db")
    search.learn(known[:4])
    search.learn(known)  # a second time changes nothing
    search.close()
    search = Search(study(), tmp_path / "study.db")
    assert search.trials() == []
    assert search.best() is None
    assert search.remaining() == 20
    one = search.ask()
    assert one.id == 1
    search.tell(one.id, bowl(one.values))
    assert [trial.id for trial in search.trials()] == [1]
    search.close()
    informed = Search(study())
    informed.learn(known)
    first = informed.ask()
    assert bowl(first.values) < 10  # no spread points first: it goes at once where the known trials were good
    with pytest.raises(ValueError, match="x must be from -5 to 10, got 11"):
        Search(study()).learn([KnownTrial({"x": 11, "y": 1}, 0.0)])


def test_importance() -> None:
    search = Search(study(maxTrials=30, algorithm="RANDOM_SEARCH"))
    assert search.importance() == {}
    searched(search, lambda values: values["x"] ** 2, 30)
    shares = search.importance()
    assert shares["x"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
