"""Samples of a run: what each evaluation finds in the same few validation pictures, beside what is labelled there.

samples.json            the pictures' names, sizes and labelled boxes, and the classes
pictures/0001.jpg       copies of the pictures, at most 640 px on the longer side
step_00000100.json      what was found in them after 100 steps
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from boxwright import files
from boxwright.evaluation.picture import Frame, LabelledPicture
from boxwright.evaluation.shown import SampleSet, SampleStep, ShownBox, ShownClass, ShownPicture
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions

COUNT = 12
"""Pictures that are shown."""

LOWEST_SCORE = 0.05
"""Predictions of lower scores are not kept."""

MOST_BOXES = 50
"""Predictions kept of a picture, the best-scored."""

MOST_STEPS = 200
"""Evaluations that are kept; one more, and every second one goes, the last excepted."""

SET = "samples.json"

STEP_FILE = re.compile(r"step_(\d+)\.json")


def choose(truth: Sequence[GroundTruth], count: int = COUNT) -> tuple[int, ...]:
    """Choose pictures so that each class is seen as soon as can be, and then a second time, and so on.

    Args:
        truth: labelled boxes of all pictures to choose from.

    Returns:
        indices of the chosen ones, rising; always the same of the same data.
    """
    held = [frozenset(np.asarray(one.labels).tolist()) for one in truth]
    left = np.random.default_rng(0).permutation(len(held)).tolist()  # neighbours in a data set are often alike
    seen: dict[int, int] = {}
    chosen: list[int] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda one: sum(0.01 ** seen.get(label, 0) for label in held[one]))
        left.remove(best)
        chosen.append(best)
        for label in held[best]:
            seen[label] = seen.get(label, 0) + 1
    return tuple(sorted(chosen))


@dataclass(frozen=True, eq=False)
class Samples:
    """Writes the samples of one run.

    Attributes:
        folder: where to.
        classes: all of them; labels are places in it.
        pictures: those that are shown.
        rows: their places among the pictures of an evaluation.
    """

    folder: str
    classes: tuple[ClassName, ...]
    pictures: tuple[LabelledPicture, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, folder: str, classes: Sequence[ClassName], pictures: Sequence[LabelledPicture]) -> Self:
        """Choose from the pictures of an evaluation."""
        rows = choose([one.truth for one in pictures])
        return cls(folder, tuple(classes), tuple(pictures[row] for row in rows), rows)

    def write(self, step: int, predictions: Sequence[Predictions]) -> None:
        """Keep what an evaluation has found.

        Args:
            step: training steps done.
            predictions: of all pictures of the evaluation, in pixels of the stored pictures.

        Raises:
            OSError: a file cannot be written.
        """
        self._write_pictures()
        found = tuple(
            _found(Frame.of(one.width, one.height), predictions[row])
            for one, row in zip(self.pictures, self.rows, strict=True)
        )
        files.write_text(_step_file(self.folder, step), _json(SampleStep(step=step, predictions=found)))
        steps = kept_steps(self.folder)
        for old in steps[1:-1:2] if len(steps) > MOST_STEPS else ():
            files.remove(_step_file(self.folder, old))

    def _write_pictures(self) -> None:
        """Write the pictures, unless they stand there; the text that names them last."""
        frames = [Frame.of(one.width, one.height) for one in self.pictures]
        shown = tuple(_shown(one, frame) for one, frame in zip(self.pictures, frames, strict=True))
        classes = tuple(ShownClass(id=one.id, name=one.name) for one in self.classes)
        path, text = files.join(self.folder, SET), _json(SampleSet(classes=classes, pictures=shown))
        if files.is_file(path) and files.read_text(path) == text:
            return
        for number, (one, frame) in enumerate(zip(self.pictures, frames, strict=True), 1):
            files.write_bytes(picture_file(self.folder, number), frame.copy(one.read()))
        files.write_text(path, text)


def _json(value: SampleSet | SampleStep) -> str:
    return value.model_dump_json(by_alias=True, exclude_none=True)


def _shown(one: LabelledPicture, frame: Frame) -> ShownPicture:
    labelled = zip(frame.boxes(one.truth.boxes), one.truth.labels.tolist(), one.truth.crowd.tolist(), strict=True)
    truth = tuple(ShownBox(box=box, label=label, crowd=crowd or None) for box, label, crowd in labelled)
    return ShownPicture(source=one.source, width=frame.width, height=frame.height, truth=truth)


def _found(frame: Frame, found: Predictions) -> tuple[ShownBox, ...]:
    order = np.argsort(-np.asarray(found.scores), kind="stable")[:MOST_BOXES]
    order = order[np.asarray(found.scores)[order] >= LOWEST_SCORE]
    columns = zip(frame.boxes(found.boxes[order]), found.labels[order].tolist(), found.scores[order], strict=True)
    return tuple(ShownBox(box=box, label=label, score=round(float(score), 3)) for box, label, score in columns)


def forget_after(folder: str, step: int) -> None:
    """Drop the samples of steps after `step`: a run that resumes from its checkpoint writes them again."""
    for late in (one for one in kept_steps(folder) if one > step):
        files.remove(_step_file(folder, late))


def kept_steps(folder: str) -> list[int]:
    """The steps of which there are samples, rising; none where there is no such folder."""
    found = (STEP_FILE.fullmatch(name) for name in files.entries(folder))
    return sorted(int(one[1]) for one in found if one)


def read_samples(folder: str) -> SampleSet:
    """The pictures. Raises: FileNotFoundError: no evaluation has left any."""
    return SampleSet.model_validate_json(files.read_bytes(files.join(folder, SET)))


def read_step(folder: str, step: int) -> SampleStep:
    """What was found at a step. Raises: FileNotFoundError: nothing is kept of it."""
    return SampleStep.model_validate_json(files.read_bytes(_step_file(folder, step)))


def picture_file(folder: str, number: int) -> str:
    """The copy of a picture, counted from 1, of samples or of an evaluation."""
    return files.join(folder, "pictures", f"{number:04d}.jpg")


def _step_file(folder: str, step: int) -> str:
    return files.join(folder, f"step_{step:08d}.json")
