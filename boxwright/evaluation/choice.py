"""Which pictures of an evaluation are kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from boxwright.metrics.boxes import Columns
from boxwright.metrics.errors import ERRORS, Judged, Kind

MOST_PICTURES = 200
GOOD_PICTURES = 20
"""Of them those without an error, with the most boxes found."""

MOST_BOXES = 20_000
"""Labelled and predicted boxes in all kept pictures, the first picture excepted."""


def chosen_pictures(truth: Columns, predicted: Columns, judged: Judged, pictures: int) -> tuple[int, ...]:
    """Choose up to `MOST_PICTURES` pictures, the worst first.

    Each kind of error of each class brings in the picture of its most confident error (of missed boxes the largest),
    the rarest first, unless an earlier one has it; then the second ones follow, and so on. So the rare ones are seen
    beside the many. At the end stand `GOOD_PICTURES` without an error.

    Args:
        predicted, judged: of the predictions from the threshold on.
        pictures: number of all pictures.
    """
    missed = np.flatnonzero(judged.labelled == Kind.MISSED)
    wrong = np.flatnonzero(np.isin(judged.predicted, [kind for kind in ERRORS if kind is not Kind.MISSED]))
    where = np.concatenate([truth.picture[missed], predicted.picture[wrong]])
    group = np.concatenate(
        [truth.labels[missed] * 10 + Kind.MISSED, predicted.labels[wrong] * 10 + judged.predicted[wrong]]
    )
    area = np.prod(truth.boxes[missed, 2:] - truth.boxes[missed, :2], axis=1)
    weight = np.concatenate([area / (1.0 + area), predicted.scores[wrong]])
    turns = where[_in_turns(group, weight)].tolist()
    asked = list(dict.fromkeys([*_one_of_each(where, group, weight), *turns]))
    errors = np.bincount(where, minlength=pictures)
    boxes = np.bincount(truth.picture, minlength=pictures) + np.bincount(predicted.picture, minlength=pictures)
    right = np.bincount(predicted.picture[judged.predicted == Kind.CORRECT], minlength=pictures)
    good = [one for one in np.argsort(-right, kind="stable").tolist() if right[one] and not errors[one]]
    good = good[:GOOD_PICTURES]
    bad = _within(asked[: MOST_PICTURES - len(good)], boxes)
    return (*sorted(bad, key=lambda one: (-int(errors[one]), one)), *good)


def _one_of_each(where: NDArray[np.int64], group: NDArray[np.int64], weight: NDArray[np.float64]) -> list[int]:
    """Pictures that hold an error of every group together."""
    order = np.lexsort((-weight, group))
    groups, first, sizes = np.unique(group[order], return_index=True, return_counts=True)
    held: dict[int, set[int]] = {}
    for picture, one in zip(where.tolist(), group.tolist(), strict=True):
        held.setdefault(picture, set()).add(one)
    seen: set[int] = set()
    found = []
    for rank in np.argsort(sizes, kind="stable"):
        if int(groups[rank]) not in seen:
            found.append(int(where[order[first[rank]]]))
            seen |= held[found[-1]]
    return found


def _in_turns(group: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows in the order of taking the heaviest of each group, then the second of each, and so on."""
    order = np.lexsort((-weight, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    turn = np.arange(len(order)) - np.repeat(starts, sizes)
    return order[np.lexsort((-weight[order], turn))]


def _within(pictures: Sequence[int], boxes: NDArray[np.int64]) -> list[int]:
    """The first pictures that hold `MOST_BOXES` together, at least one."""
    total = np.cumsum(boxes[list(pictures)])
    return [one for place, one in enumerate(pictures) if place == 0 or total[place] <= MOST_BOXES]
