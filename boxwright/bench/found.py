"""What an evaluation has found in every picture, read from its `predictions.jsonl` into columns."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.evaluation.read import read_evaluation
from boxwright.evaluation.shown import ShownClass
from boxwright.metrics.boxes import Columns, GroundTruth, Predictions, prediction_columns, truth_columns

PREDICTIONS = "predictions.jsonl"

LOWEST_SCORE = 0.05
"""Predictions of lower scores are left out: nobody compares models by them, and there are many."""

KEPT = 4
"""Evaluations that are kept in memory; one of 5000 pictures takes some tens of megabytes."""


@dataclass(frozen=True, eq=False)
class Found:
    """Boxes of all pictures of an evaluation, xyxy in pixels of the stored pictures.

    Attributes:
        classes: of the model; labels are places in it.
        sources: name of each picture in its data set.
        sizes: int64 (pictures, 2), width and height.
        truth, predicted: the boxes; of predictions those from `LOWEST_SCORE` on, of each picture the best first.
    """

    classes: tuple[ShownClass, ...]
    sources: tuple[str, ...]
    sizes: NDArray[np.int64]
    truth: Columns
    predicted: Columns

    def __len__(self) -> int:
        return len(self.sources)

    def relabelled(self, names: Sequence[str]) -> "Found":
        """With labels that are places in a list of class names, which holds those of the model."""
        place = {name: label for label, name in enumerate(names)}
        labels = np.array([place[one.name] for one in self.classes] or [0], np.int64)
        columns = [
            Columns(one.picture, one.boxes, labels[one.labels], one.crowd, one.scores)
            for one in (self.truth, self.predicted)
        ]
        return Found(self.classes, self.sources, self.sizes, *columns)


def rows_of(columns: Columns, picture: int) -> NDArray[np.int64]:
    """The rows of one picture, which stand together."""
    first, last = np.searchsorted(columns.picture, [picture, picture + 1])
    return np.arange(first, last, dtype=np.int64)


@lru_cache(maxsize=KEPT)
def read_found(folder: Path, stamp: float) -> Found:
    """What stands in the folder of an evaluation.

    Args:
        stamp: another one when the folder was written anew.

    Raises:
        OSError: it is not there.
        ValueError: it is not what `boxwright evaluate --output` writes.
    """
    del stamp
    classes = read_evaluation(str(folder)).classes
    sources, sizes = [], []
    truth: list[GroundTruth] = []
    predicted: list[Predictions] = []
    with open(folder / PREDICTIONS, encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            sources.append(one["source"])
            sizes.append((one["width"], one["height"]))
            truth.append(_truth(one["truth"]))
            predicted.append(_predictions(one["predictions"]))
    return Found(
        classes=tuple(ShownClass(id=one.id, name=one.name) for one in classes),
        sources=tuple(sources),
        sizes=np.array(sizes, np.int64).reshape(-1, 2),
        truth=truth_columns(truth, len(classes)),
        predicted=prediction_columns(predicted, len(classes)),
    )


def _truth(given: dict[str, Any]) -> GroundTruth:
    return GroundTruth(_boxes(given), np.array(given["labels"], np.int64), np.array(given["crowd"], np.bool_))


def _predictions(given: dict[str, Any]) -> Predictions:
    scores = np.array(given["scores"], np.float64)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= LOWEST_SCORE]
    return Predictions(_boxes(given)[order], scores[order], np.array(given["labels"], np.int64)[order])


def _boxes(given: dict[str, Any]) -> NDArray[np.float64]:
    return np.array(given["boxes"], np.float64).reshape(-1, 4)
