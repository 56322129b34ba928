"""Writing an evaluation's folder.

evaluation.json      every figure (`boxwright.evaluation.results.Evaluation`); written last
pictures.json        the kept pictures: what is labelled, what was predicted, and what became of each box
pictures/0001.jpg    copies of them, at most 640 px on the longer side
predictions.jsonl    where asked for: what was found in every picture, a line each, in its own pixels
progress.json        of `boxwright evaluate`: pictures that are done, and all
"""

import json
import time
from collections.abc import Iterator, Sequence

import numpy as np

from boxwright import files
from boxwright.evaluation.choice import chosen_pictures
from boxwright.evaluation.figures import KIND_NAMES, Evidence, evaluation_of
from boxwright.evaluation.picture import EvaluatedPicture, Frame
from boxwright.evaluation.read import PICTURES, RESULTS
from boxwright.evaluation.results import Evaluation, JudgedBox, JudgedPicture, JudgedPictures
from boxwright.evaluation.samples import picture_file
from boxwright.formats.sample import ClassName
from boxwright.metrics.detection import DetectionMetrics
from boxwright.metrics.errors import Kind

PREDICTIONS = "predictions.jsonl"

PROGRESS = "progress.json"
PROGRESS_EVERY = 0.5
"""Seconds between its changes."""

LOWEST_SCORE = 0.01
"""Predictions of lower scores are left out of predictions.jsonl."""


def write_evaluation(
    folder: str,
    pictures: Sequence[EvaluatedPicture],
    classes: Sequence[ClassName],
    metrics: DetectionMetrics,
    *,
    step: int = 0,
    data: str = "",
    all_predictions: bool = False,
) -> Evaluation:
    """Write the folder of an evaluation, local or remote; what an earlier one left there is replaced.

    Args:
        folder: where to; it is made.
        pictures: all that were evaluated, at least one.
        metrics: of these pictures.
        step: training steps of the weights.
        data: where the pictures are from, in words.
        all_predictions: whether `predictions.jsonl` is written.

    Returns:
        what `evaluation.json` holds.

    Raises:
        ValueError: faulty boxes, or a picture that cannot be decoded.
        OSError: a file cannot be read or written.
    """
    evidence = Evidence.of(pictures, len(classes))
    kept = chosen_pictures(evidence.truth, evidence.shown, evidence.judged_shown, len(pictures))
    found = evaluation_of(evidence, classes, metrics, step=step, data=data, kept=len(kept))
    clear(folder)
    if all_predictions:
        lines = "".join(json.dumps(line) + "\n" for line in prediction_lines(pictures))
        files.write_text(files.join(folder, PREDICTIONS), lines)
    frames = [Frame.of(pictures[index].width, pictures[index].height) for index in kept]
    for number, (index, frame) in enumerate(zip(kept, frames, strict=True), 1):
        files.write_bytes(picture_file(folder, number), frame.copy(pictures[index].read()))
    shown = tuple(_judged(evidence, index, pictures[index], frame) for index, frame in zip(kept, frames, strict=True))
    files.write_text(files.join(folder, PICTURES), _json(JudgedPictures(pictures=shown)))
    files.write_text(files.join(folder, RESULTS), _json(found))
    return found


class ProgressFile:
    """Tells others how far an evaluation is: `progress.json` in its folder, at most twice a second.

    Args:
        folder: of the evaluation, local or remote; it is made at once.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: str) -> None:
        self._path, self._due = files.join(folder, PROGRESS), 0.0
        clear(folder)
        self(0, 0)

    def __call__(self, done: int, total: int) -> None:
        """Write how many pictures are done, and how many there are, 0 while that is not known."""
        now = time.monotonic()
        if now >= self._due or done == total:
            files.write_text(self._path, json.dumps({"done": done, "total": total}))
            self._due = now + PROGRESS_EVERY


def clear(folder: str) -> None:
    """Remove what an earlier evaluation has left in a folder, its figures first; other files stay."""
    pictures = (files.join(folder, "pictures", name) for name in files.entries(files.join(folder, "pictures")))
    for path in [*(files.join(folder, name) for name in (RESULTS, PICTURES, PREDICTIONS)), *pictures]:
        if files.is_file(path):
            files.remove(path)


def prediction_lines(pictures: Sequence[EvaluatedPicture]) -> Iterator[dict[str, object]]:
    """What was labelled and found in each picture: lists of boxes, xyxy in pixels of the stored picture."""
    for one in pictures:
        scores = np.asarray(one.predictions.scores, np.float64)
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= LOWEST_SCORE]
        yield {
            "source": one.source,
            "width": one.width,
            "height": one.height,
            "truth": {
                "boxes": np.round(np.asarray(one.truth.boxes, np.float64), 2).tolist(),
                "labels": one.truth.labels.tolist(),
                "crowd": one.truth.crowd.tolist(),
            },
            "predictions": {
                "boxes": np.round(np.asarray(one.predictions.boxes, np.float64)[order], 2).tolist(),
                "labels": one.predictions.labels[order].tolist(),
                "scores": np.round(scores[order], 4).tolist(),
            },
        }


def _json(value: Evaluation | JudgedPictures) -> str:
    return value.model_dump_json(by_alias=True, exclude_none=True)


def _judged(evidence: Evidence, index: int, one: EvaluatedPicture, frame: Frame) -> JudgedPicture:
    """A kept picture with the verdicts on its boxes."""
    truth = np.flatnonzero(evidence.truth.picture == index)
    first = int(truth[0]) if len(truth) else 0
    labelled = tuple(
        JudgedBox(
            box=box,
            label=int(evidence.truth.labels[row]),
            crowd=bool(evidence.truth.crowd[row]) or None,
            kind=KIND_NAMES[Kind(evidence.judged_shown.labelled[row])],
        )
        for row, box in zip(truth, frame.boxes(evidence.truth.boxes[truth]), strict=True)
    )
    predicted = np.flatnonzero(evidence.shown.picture == index)
    predicted = predicted[np.argsort(-evidence.shown.scores[predicted], kind="stable")]
    boxes = zip(predicted.tolist(), frame.boxes(evidence.shown.boxes[predicted]), strict=True)
    found = tuple(_prediction(evidence, row, box, first) for row, box in boxes)
    return JudgedPicture(source=one.source, width=frame.width, height=frame.height, truth=labelled, predictions=found)


def _prediction(evidence: Evidence, row: int, box: tuple[float, float, float, float], first: int) -> JudgedBox:
    """A prediction; `first` is the row of its picture's first labelled box."""
    judged = evidence.judged_shown
    partner, met = int(judged.partner[row]), int(judged.met[row])
    return JudgedBox(
        box=box,
        label=int(evidence.shown.labels[row]),
        score=round(float(evidence.shown.scores[row]), 4),
        kind=KIND_NAMES[Kind(judged.predicted[row])],
        partner=partner - first if partner >= 0 else None,
        overlap=round(float(judged.overlap[row]), 3) if partner >= 0 else None,
        met=met - first if met >= 0 else None,
    )
