"""Points that are chosen without looking at results: grid, random, and evenly spread; each follows from its number."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence

from scipy.stats import qmc

from boxwright.tune.scales import Axis, Point, Value, combinations, distance

MOST_CANDIDATES = 5_000
"""Points among which a new one is looked for where a proposed one has been tried."""


def random_point(axes: Sequence[Axis], seed: int, number: int) -> Point:
    """An independent draw for each number."""
    draw = random.Random(f"{seed}/{number}")
    return {one.name: one.at(draw.random()) for one in axes}


def spread_point(axes: Sequence[Axis], seed: int, number: int) -> Point:
    """The point of a number (from 0) in a scrambled Sobol sequence, whose first points are spread evenly."""
    sequence = qmc.Sobol(len(axes), scramble=True, rng=seed)
    if number:
        sequence.fast_forward(number)
    shares: list[float] = sequence.random(1)[0].tolist()
    return {one.name: one.at(share) for one, share in zip(axes, shares, strict=True)}


def grid_point(axes: Sequence[Axis], seed: int, number: int, trials: int) -> Point:
    """The point of a number (from 0) in a shuffled grid, so that a grid which is cut short still covers all values.

    Args:
        trials: of the study; at most as many as there are points.
    """
    order = random.Random(seed).sample(range(int(combinations(axes))), trials)
    return _nth(axes, order[number])


def _nth(axes: Sequence[Axis], index: int) -> Point:
    point: dict[str, Value] = {}
    for one in axes:
        index, place = divmod(index, int(one.size))
        point[one.name] = one.choices[place] if one.kind == "choice" else round(one.low) + place
        if one.kind == "real":
            point[one.name] = one.low
    return point


def nearest_untried(axes: Sequence[Axis], proposed: Point, tried: Sequence[Point], seed: int) -> Point:
    """The proposed point, or where it has been tried the nearest that has not.

    All trials of a study share the seed of training, so a point tried again would bring nothing. There must be
    points that have not been tried.
    """
    gone = {_key(axes, point) for point in tried}
    if _key(axes, proposed) not in gone:
        return proposed
    fresh = [point for point in _candidates(axes, seed) if _key(axes, point) not in gone]
    return min(fresh, key=lambda point: distance(axes, proposed, point), default=proposed)


def _candidates(axes: Sequence[Axis], seed: int) -> Iterator[Point]:
    total = combinations(axes)
    if math.isinf(total) or total > MOST_CANDIDATES:
        return (random_point(axes, seed, -number) for number in range(1, MOST_CANDIDATES + 1))
    order = random.Random(seed).sample(range(int(total)), int(total))  # so that ties are not won by the first
    return (_nth(axes, index) for index in order)


def _key(axes: Sequence[Axis], point: Point) -> tuple[Value, ...]:
    return tuple(itertools.chain.from_iterable((one.name, point[one.name]) for one in axes))
