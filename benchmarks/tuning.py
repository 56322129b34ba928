"""Compare the searches with random search: the same budget of trials on standard functions and on our own detector.

Branin and Hartmann-6 are those of Surjanovic and Bingham's Virtual Library of Simulation Experiments
(https://www.sfu.ca/~ssurjano/branin.html and hart6.html). The detector is the table of real runs that
`benchmarks/record_detector_table.py` has recorded, looked up instead of trained. A failed run of it fails its trial.
Run as `python benchmarks/tuning.py`.
"""

import argparse
import csv
import math
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from boxwright.spec.study import Study
from boxwright.tune.scales import Value, axis, distance
from boxwright.tune.study import Search

TABLE = Path(__file__).with_name("detector_table.csv")

Curve = Mapping[int, float]
"""Training step to value, larger being better; the functions have one step."""


@dataclass(frozen=True)
class Problem:
    """What is searched: parameters, and the curve at a point of them."""

    name: str
    params: tuple[dict[str, Any], ...]
    curve: Callable[[Mapping[str, Value]], Curve]


@dataclass(frozen=True)
class Outcome:
    """Best value after each trial, and training steps used until then."""

    bests: list[float]
    steps: list[int]


def branin(values: Mapping[str, Value]) -> Curve:
    """Branin, turned so that larger is better; its best value is -0.397887."""
    x, y = float(values["x0"]), float(values["x1"])
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return {1: -(valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)}


WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
WIDTHS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(values: Mapping[str, Value]) -> Curve:
    """Hartmann-6, turned so that larger is better; its best value is 3.32237."""
    point = np.array([float(values[f"x{place}"]) for place in range(6)])
    return {1: float(WEIGHTS @ np.exp(-(WIDTHS * (point - CENTRES) ** 2).sum(axis=1)))}


def reals(*ranges: tuple[float, float]) -> tuple[dict[str, Any], ...]:
    """A real parameter for each range."""
    return tuple(
        {"parameterName": f"x{place}", "type": "DOUBLE", "minValue": low, "maxValue": high}
        for place, (low, high) in enumerate(ranges)
    )


def detector(table: Path) -> Problem:
    """The recorded detector: a point that was not recorded has the curve of the nearest one that was."""
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    curves = [_curve(row.pop("AP")) for row in rows]
    params = []
    for name in rows[0]:
        texts = sorted({row[name] for row in rows})
        if name == "backbone":
            params.append({"parameterName": name, "type": "CATEGORICAL", "categoricalValues": texts})
        else:
            params.append({"parameterName": name, "type": "DISCRETE", "discreteValues": sorted(map(float, texts))})
    study = Study.read({"params": params})
    axes = [axis(one) for one in study.params]
    points = [{one.name: one.searched(row[one.name]) for one in axes} for row in rows]

    def look_up(values: Mapping[str, Value]) -> Curve:
        point = {one.name: one.searched(values[one.name]) for one in axes}
        return curves[min(range(len(points)), key=lambda place: distance(axes, point, points[place]))]

    return Problem(f"detector ({len(rows)} runs)", tuple(params), look_up)


def _curve(text: str) -> Curve:
    pairs = (pair.split(":") for pair in text.split())
    return {int(step): float(value) for step, value in pairs}


def search(problem: Problem, seed: int, trials: int, **fields: Any) -> Outcome:
    """Run a study of a problem, one trial at a time."""
    spec = {"params": problem.params, "maxTrials": trials, "seed": seed, **fields}
    study, bests, steps, used = Search(Study.read(spec)), [-math.inf], [], 0
    while study.remaining():
        trial = study.ask()
        done: list[float] = []
        for step, value in problem.curve(trial.values).items():
            done.append(value)
            last = step
            if study.report(trial.id, step, value):
                break
        if done:
            used += last
            study.tell(trial.id, max(done), step=last)
        else:
            study.fail(trial.id, "the loss is not finite")
        bests.append(max([bests[-1], *done]))
        steps.append(used)
    return Outcome(bests[1:], steps)


def compare(problem: Problem, seeds: Sequence[int], trials: int, algorithms: Sequence[str]) -> Iterator[str]:
    """Medians and wins against random search of the same seed; a tie is half a win."""
    random = [search(problem, seed, trials, algorithm="RANDOM_SEARCH").bests[-1] for seed in seeds]
    yield f"{problem.name:22} RANDOM_SEARCH  median {statistics.median(random):8.4f}"
    for algorithm in algorithms:
        found = [search(problem, seed, trials, algorithm=algorithm).bests[-1] for seed in seeds]
        wins = sum(one > other for one, other in zip(found, random, strict=True))
        ties = sum(one == other for one, other in zip(found, random, strict=True))
        share = (wins + ties / 2) / len(seeds)
        yield (
            f"{'':22} {algorithm:14} median {statistics.median(found):8.4f}, better on {wins}, equal on {ties} of "
            f"{len(seeds)} seeds ({share:.0%})"
        )


def savings(problem: Problem, seeds: Sequence[int], trials: int) -> Iterator[str]:
    """What early stopping saves: the training steps until the best result is that of the study without it."""
    for name, fields in (
        ("median rule", {"enableTrialEarlyStopping": True}),
        ("HYPERBAND", {"algorithm": "HYPERBAND"}),
    ):
        shares, alike, same = [], [], 0
        for seed in seeds:
            full = search(problem, seed, trials)
            early = search(problem, seed, 2 * trials, **fields)
            reached = next((at for at, best in enumerate(early.bests) if best >= full.bests[-1]), None)
            shares.append(early.steps[reached] / full.steps[-1] if reached is not None else math.inf)
            alike.append(early.steps[trials - 1] / full.steps[-1])
            same += early.bests[trials - 1] >= full.bests[-1]
        yield (
            f"{problem.name}, {name}: the same best after {statistics.median(shares):.0%} of the training steps "
            f"(median; never within {2 * trials} trials on {sum(map(math.isinf, shares))} of {len(seeds)} seeds); "
            f"{trials} trials take {statistics.median(alike):.0%} of the steps and are as good on {same} seeds"
        )


def main() -> None:
    """Print all comparisons."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--trials", type=int, default=20)
    options.add_argument("--algorithms", default="BAYESIAN,TPE")
    options.add_argument("--table", type=Path, default=TABLE)
    given = options.parse_args()
    problems = [
        Problem("Branin", reals((-5, 10), (0, 15)), branin),
        Problem("Hartmann-6", reals(*[(0.0, 1.0)] * 6), hartmann),
    ]
    problems += [detector(given.table)] if given.table.exists() else []
    versions = ", ".join(f"{name} {version(name)}" for name in ("optuna", "torch", "scipy"))
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}")
    for problem in problems:
        for line in compare(problem, range(given.seeds), given.trials, given.algorithms.split(",")):
            print(line, flush=True)
    for problem in problems[2:]:
        for line in savings(problem, range(given.seeds), given.trials):
            print(line, flush=True)


if __name__ == "__main__":
    main()
