"""The figures of an evaluation, from the boxes of all its pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.evaluation.results import (
    BACKGROUND,
    ClassResult,
    ErrorCount,
    ErrorsOfClass,
    Evaluation,
    KindName,
    ScoreCurve,
)
from boxwright.formats.sample import ClassName
from boxwright.metrics import errors
from boxwright.metrics.boxes import Columns, prediction_columns, truth_columns
from boxwright.metrics.curves import Curve, f1
from boxwright.metrics.detection import DetectionMetrics
from boxwright.metrics.errors import ERRORS, Judged, Kind

CURVE_POINTS = 200
"""Most points of a class's curve."""

ALL_CURVE_POINTS = 8000
"""Points of all classes together, as long as each has at least `FEWEST_POINTS`."""

FEWEST_POINTS = 20

KIND_NAMES: Mapping[Kind, KindName] = {
    Kind.CORRECT: "CORRECT",
    Kind.IGNORED: "IGNORED",
    Kind.BADLY_PLACED: "BADLY_PLACED",
    Kind.WRONG_CLASS: "WRONG_CLASS",
    Kind.DUPLICATE: "DUPLICATE",
    Kind.BOTH: "BOTH",
    Kind.BACKGROUND: "BACKGROUND",
    Kind.MISSED: "MISSED",
}


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an evaluation is told from.

    Attributes:
        pictures: number of them.
        truth, predicted: all boxes.
        judged: predictions of all scores.
        overall: the curve of all classes together; its threshold is the evaluation's.
        shown, rows: the predictions from the threshold on, and their places in `predicted`.
        judged_shown: what became of these.
    """

    pictures: int
    truth: Columns
    predicted: Columns
    judged: Judged
    overall: Curve
    shown: Columns
    judged_shown: Judged

    @classmethod
    def of(cls, pictures: Sequence[EvaluatedPicture], num_classes: int) -> Self:
        """Judge all boxes. Raises: ValueError: faulty ones."""
        truth = truth_columns([one.truth for one in pictures], num_classes)
        predicted = prediction_columns([one.predictions for one in pictures], num_classes)
        judged = errors.judge(truth, predicted)
        counted = judged.predicted != Kind.IGNORED
        correct = judged.predicted[counted] == Kind.CORRECT
        overall = Curve.of(predicted.scores[counted], correct, int(np.count_nonzero(~truth.crowd)))
        shown = predicted.at(np.flatnonzero(predicted.scores >= overall.threshold))
        return cls(len(pictures), truth, predicted, judged, overall, shown, errors.judge(truth, shown))


def evaluation_of(
    evidence: Evidence, classes: Sequence[ClassName], metrics: DetectionMetrics, *, step: int, data: str, kept: int
) -> Evaluation:
    """All figures.

    Args:
        step: training steps of the weights.
        data: where the pictures are from, in words.
        kept: number of pictures that are kept.
    """
    threshold = evidence.overall.threshold
    precision, recall = evidence.overall.at(threshold)
    table = errors.confusion(evidence.truth, evidence.shown, evidence.judged_shown, len(classes))
    return Evaluation(
        step=step,
        data=data,
        pictures=evidence.pictures,
        boxes=int(np.count_nonzero(~evidence.truth.crowd)),
        predictions=len(evidence.predicted.labels),
        metrics={name: round(value, 6) for name, value in metrics.values().items()},
        threshold=threshold,
        precision=round(precision, 4),
        recall=round(recall, 4),
        f1=round(f1(precision, recall), 4),
        found_iou=errors.FOUND_IOU,
        background_iou=errors.BACKGROUND_IOU,
        classes=tuple(_classes(evidence, classes, metrics)),
        confusion=_cells(table),
        errors=_errors(evidence, len(classes)),
        errors_by_class=_errors_by_class(evidence, len(classes)),
        kept_pictures=kept,
    )


def _classes(evidence: Evidence, classes: Sequence[ClassName], metrics: DetectionMetrics) -> Iterator[ClassResult]:
    points = min(CURVE_POINTS, max(FEWEST_POINTS, ALL_CURVE_POINTS // max(1, len(classes))))
    counted = evidence.judged.predicted != Kind.IGNORED
    correct = evidence.judged.predicted == Kind.CORRECT
    for name, one in zip(classes, metrics.classes, strict=True):
        rows = np.flatnonzero(counted & (evidence.predicted.labels == one.label))
        curve = Curve.of(evidence.predicted.scores[rows], correct[rows], one.boxes)
        precision, recall = curve.at(evidence.overall.threshold)
        best_precision, best_recall = curve.at(curve.threshold)
        yield ClassResult(
            id=name.id,
            name=name.name,
            label=one.label,
            boxes=one.boxes,
            predictions=one.predictions,
            ap=_defined(one.AP),
            ap50=_defined(one.AP50),
            precision=round(precision, 4),
            recall=round(recall, 4),
            best_threshold=curve.threshold,
            best_precision=round(best_precision, 4),
            best_recall=round(best_recall, 4),
            best_f1=round(f1(best_precision, best_recall), 4),
            curve=_points(curve.thinned(points)) if one.boxes else ScoreCurve(),
        )


def _defined(value: float) -> float | None:
    return round(value, 6) if value >= 0 else None


def _points(curve: Curve) -> ScoreCurve:
    recall, precision, scores = (np.round(one, 4).tolist() for one in (curve.recall, curve.precision, curve.scores))
    return ScoreCurve(recall=tuple(recall), precision=tuple(precision), score=tuple(scores))


def _cells(table: NDArray[np.int64]) -> tuple[tuple[int, int, int], ...]:
    """The cells of a confusion matrix that hold something, the background as `BACKGROUND`."""
    last = len(table) - 1
    rows, columns = (one.tolist() for one in np.nonzero(table))
    return tuple(
        (BACKGROUND if row == last else row, BACKGROUND if column == last else column, int(table[row, column]))
        for row, column in zip(rows, columns, strict=True)
    )


def _errors(evidence: Evidence, num_classes: int) -> tuple[ErrorCount, ...]:
    costs = errors.costs(evidence.truth, evidence.predicted, evidence.judged, num_classes)
    return tuple(
        ErrorCount(
            kind=KIND_NAMES[kind],
            count=int(np.count_nonzero(_kinds(evidence, kind) == kind)),
            cost=round(costs[kind], 6),
        )
        for kind in ERRORS
    )


def _kinds(evidence: Evidence, kind: Kind) -> NDArray[np.int8]:
    """Kinds of the boxes among which those of a kind of error are counted."""
    return evidence.judged_shown.labelled if kind is Kind.MISSED else evidence.judged_shown.predicted


def _errors_by_class(evidence: Evidence, num_classes: int) -> tuple[ErrorsOfClass, ...]:
    """Of the classes that have any."""
    counts = {}
    for kind in ERRORS:
        labels = (evidence.truth if kind is Kind.MISSED else evidence.shown).labels
        counts[KIND_NAMES[kind]] = np.bincount(labels[_kinds(evidence, kind) == kind], minlength=num_classes)
    found = []
    for label in range(num_classes):
        held: dict[KindName, int] = {name: int(count[label]) for name, count in counts.items() if count[label]}
        found += [ErrorsOfClass(label=label, counts=held)] if held else []
    return tuple(found)
