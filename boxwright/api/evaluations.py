"""Evaluations of the bench for the API: what is asked, checked, and what was found, as JSON."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from boxwright import files
from boxwright.api.cards import Cards
from boxwright.api.dataset_resources import dataset_json
from boxwright.api.deps import Context
from boxwright.api.errors import Refusal
from boxwright.api.evaluation_resources import NewEvaluation
from boxwright.api.resources import time_text
from boxwright.api.trained_models import filled, find
from boxwright.bench.compare import Comparison, Side, compare
from boxwright.bench.found import Found, read_found, rows_of
from boxwright.bench.record import Evaluation, Question, digest_of_data, digest_of_model
from boxwright.evaluation.figures import KIND_NAMES
from boxwright.evaluation.read import RESULTS
from boxwright.metrics.boxes import Columns
from boxwright.metrics.errors import Kind
from boxwright.spec.resource import describe

KNOWN = 200
"""Evaluations whose figures are kept in memory."""


def question_of(context: Context, cards: Cards, project: str, asked: NewEvaluation) -> Question:
    """What a request asks for. Raises: Refusal: no such model or data, or none that may be read."""
    one = find(context, project, asked.model)
    path, labels_file = _data(context, project, asked)
    try:
        card = cards.read(one.folder)
        model_digest = digest_of_model(one.folder, card, asked.variant)
    except (OSError, ValueError) as error:
        raise Refusal.of_field("variant" if asked.variant else "model", describe(error)) from error
    try:
        with files.confined(context.bench.roots):
            data_digest = digest_of_data(path)
            files.check_allowed(labels_file or path)
    except OSError as error:
        raise Refusal.of_field("dataset" if asked.dataset else "data", describe(error)) from error
    return Question(
        model=one.id,
        folder=one.folder,
        variant=asked.variant,
        model_digest=model_digest,
        classes=tuple(kind.name for kind in card.classes),
        data=path,
        dataset=asked.dataset,
        split=asked.split,
        labels_file=labels_file,
        data_digest=data_digest,
    )


def _data(context: Context, project: str, asked: NewEvaluation) -> tuple[str, str]:
    """Path of the data, and the file of its classes' names."""
    if bool(asked.data) == bool(asked.dataset):
        raise Refusal.of_field("data", "give data (a path) or dataset (a name), one of them")
    if asked.data:
        return asked.data, asked.labels_file
    found = dataset_json(context.catalogue.store.get(project, asked.dataset))
    if not found.get("evaluationDataPath"):
        rule = "has no part to measure on (it must be READY and have one part, or one named validation or test)"
        raise Refusal.of_field("dataset", f"data set {asked.dataset} {rule}; give the path of a part as data")
    return found["evaluationDataPath"], found.get("labelsFile", "")


def evaluation_json(context: Context, one: Evaluation) -> dict[str, Any]:
    """An evaluation in short."""
    question = one.question
    figures = figures_of(context, one) if one.state == "SUCCEEDED" else {}
    return filled(
        {
            "name": f"projects/{one.project}/evaluations/{one.id}",
            "id": one.id,
            "model": question.model,
            "variant": question.variant,
            "data": question.data,
            "dataset": question.dataset,
            "split": question.split,
            "labelsFile": question.labels_file,
            "state": one.state,
            "createTime": time_text(one.create_time),
            "startTime": time_text(one.start_time),
            "endTime": time_text(one.end_time),
            "errorMessage": one.error_message,
            "queuePosition": context.bench.position(one) or "",
            "progress": context.bench.progress(one),
            "modelDigest": question.model_digest,
            "dataDigest": question.data_digest,
            "pictureCount": figures.get("pictures", ""),
            "metrics": figures.get("metrics", {}),
        }
    )


def figures_of(context: Context, one: Evaluation) -> dict[str, Any]:
    """All figures of an evaluation that has succeeded; none where its folder was removed."""
    return _figures(context.bench.shelf.result(one), one.end_time or 0.0)


@lru_cache(maxsize=KNOWN)
def _figures(folder: Path, stamp: float) -> dict[str, Any]:
    del stamp  # another one when it was made anew
    try:
        found: dict[str, Any] = json.loads(files.read_text(str(folder / RESULTS)))
    except FileNotFoundError:
        return {}
    return found


def found_of(context: Context, one: Evaluation) -> Found:
    """What was found in every picture. Raises: Refusal: there is nothing yet."""
    if one.state != "SUCCEEDED":
        rule = f"evaluation {one.id} is {one.state}, and only those that have SUCCEEDED can be looked at"
        raise Refusal("FAILED_PRECONDITION", rule)
    try:
        return read_found(context.bench.shelf.result(one), one.end_time or 0.0)
    except (OSError, ValueError, LookupError) as error:
        message = f"the files of evaluation {one.id} cannot be read ({describe(error)}); delete it and ask again"
        raise Refusal("FAILED_PRECONDITION", message) from error


def compared(context: Context, pair: Sequence[Evaluation], threshold: float) -> Comparison:
    """Two evaluations side by side. Raises: Refusal: they were made on different pictures."""
    first, second = (found_of(context, one) for one in pair)
    try:
        return compare(first, second, threshold)
    except ValueError as error:
        raise Refusal("FAILED_PRECONDITION", str(error)) from error


def picture_json(comparison: Comparison, number: int, image: str) -> dict[str, Any]:
    """A picture as both models see it.

    Args:
        image: path of the picture itself.
    """
    found = comparison.sides[0].found
    width, height = found.sizes[number].tolist()
    truth = found.truth.at(rows_of(found.truth, number))
    return {
        "number": number,
        "source": found.sources[number],
        "width": width,
        "height": height,
        "image": image,
        "truth": _boxes(truth),
        "sides": [_side(one, number) for one in comparison.sides],
    }


def _side(side: Side, number: int) -> dict[str, Any]:
    predicted = side.found.predicted.at(rows_of(side.found.predicted, number))
    boxes = _boxes(predicted)
    # Of each picture the best-scored stand first: those that are judged are the first of all.
    judged = _kinds(side.judged.predicted[rows_of(side.shown, number)])
    for box, kind in zip(boxes, judged, strict=False):
        box["kind"] = kind
    for box, score in zip(boxes, predicted.scores.tolist(), strict=True):
        box["score"] = score
    return {
        "predictions": boxes,
        "truthKinds": _kinds(side.judged.labelled[rows_of(side.found.truth, number)]),
        "correct": int(side.correct[number]),
        "wrong": int(side.wrong[number]),
        "missed": int(side.missed[number]),
    }


def _boxes(columns: Columns) -> list[dict[str, Any]]:
    rows = zip(columns.boxes.tolist(), columns.labels.tolist(), columns.crowd.tolist(), strict=True)
    return [{"box": box, "label": label, **({"crowd": True} if crowd else {})} for box, label, crowd in rows]


def _kinds(kinds: np.typing.NDArray[np.int8]) -> list[str]:
    return [KIND_NAMES[Kind(kind)] for kind in kinds.tolist()]
