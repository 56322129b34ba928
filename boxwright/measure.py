"""Measuring an exported model on labelled data."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from boxwright import formats, modeldir
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.relabel import relabelled
from boxwright.dataset.summary import Summary, known_classes, summarise
from boxwright.engine import Engine
from boxwright.evaluation.write import write_evaluation
from boxwright.formats.sample import Dataset
from boxwright.metrics.boxes import Predictions
from boxwright.metrics.detection import DetectionMetrics, evaluate_detections
from boxwright.metrics.table import metrics_table
from boxwright.report import write_report
from boxwright.train.evaluate import evaluated_pictures, ground_truth

BATCH = 8

Told = Callable[[int, int], None]
"""Is given the number of pictures that are done, and of all."""


@dataclass(frozen=True)
class Measured:
    """A model's numbers on a data set, and what they were computed from."""

    card: modeldir.ModelCard
    metrics: DetectionMetrics
    pictures: CheckedPictures
    predictions: list[Predictions]
    summary: Summary
    data: str = ""

    def left_out(self) -> list[str]:
        """A line for each box or picture of the data that could not be used."""
        unread = [f"{picture.source}: {picture.reason}" for picture in self.summary.faulty_pictures]
        return unread + [box.line for box in self.summary.faulty_boxes]

    def table(self) -> str:
        """COCO's table and each class, as text."""
        return metrics_table(self.metrics, self.card.classes)

    def as_json(self) -> str:
        """All numbers, with the precision-recall curve of each class."""
        classes = [
            {"name": self.card.classes[one.label].name, "id": self.card.classes[one.label].id, "boxes": one.boxes}
            | {"AP": one.AP, "AP50": one.AP50, "voc07": one.voc07, "voc12": one.voc12, "precision": one.precision}
            for one in self.metrics.classes
        ]
        return json.dumps({**self.metrics.values(), "classes": classes}, indent=2)

    def write_report(self, path: str) -> None:
        """The HTML report, without training curves."""
        write_report(path, self.card, [], self.metrics, evaluated_pictures(self.pictures, self.predictions))

    def write_evaluation(self, folder: str) -> None:
        """The folder of the evaluation, with the predictions of all pictures. Raises: OSError."""
        pictures, classes = evaluated_pictures(self.pictures, self.predictions), self.card.classes
        step, data = self.card.step, self.data
        write_evaluation(folder, pictures, classes, self.metrics, step=step, data=data, all_predictions=True)


def measure(
    model: str,
    data: str,
    *,
    split: str | None = None,
    labels_file: str = "",
    tile: int | None = None,
    overlap: float | None = None,
    variant: str = "",
    told: Told = lambda *_: None,
) -> Measured:
    """Run the exported model of a folder over a labelled data set, whose classes are found in the model's by name.

    Args:
        tile, overlap: how pictures are cut, as in `Engine.load`; the numbers are of whole pictures all the same.
        variant: "int8" or "fp16" for the model that computes with fewer bits.
        told: is given the number of pictures that are done, and of all.

    Raises:
        ValueError: the data set has classes that the model has not; a tile or overlap out of range.
        OSError: model or data cannot be read.
    """
    card = modeldir.read_card(model)
    pictures, summary = usable_pictures(formats.read(data, split=split, labels_file=labels_file), card)
    engine = Engine.load(model, tile=tile, overlap=overlap, variant=variant)
    predictions, metrics = run_over(engine, pictures, card, told)
    return Measured(card, metrics, pictures, predictions, summary, data)


def usable_pictures(dataset: Dataset, card: modeldir.ModelCard) -> tuple[CheckedPictures, Summary]:
    """The readable pictures of a data set under a model's class map, and what is left out.

    Raises:
        ValueError: the data set has classes that the model has not.
    """
    if dataset.classes and {one.name for one in dataset.classes} <= {one.name for one in card.classes}:
        dataset = relabelled(dataset, card.classes)
    elif len(dataset.classes) > len(card.classes) or (
        dataset.classes and known_classes(dataset.classes, len(card.classes)) != card.classes
    ):
        named = [", ".join(f"{one.id} {one.name}" for one in classes) for classes in (dataset.classes, card.classes)]
        raise ValueError(f"the data set has the classes {named[0]}, but the model {named[1]}")
    checked, summary = summarise(dataset, len(card.classes))
    return CheckedPictures.of(dataset, checked), summary


def run_over(
    engine: Engine, pictures: CheckedPictures, card: modeldir.ModelCard, told: Told = lambda *_: None
) -> tuple[list[Predictions], DetectionMetrics]:
    """What an engine finds in each picture, and how good that is by the rules that the model was evaluated by."""
    predictions: list[Predictions] = []
    for first in range(0, len(pictures), BATCH):
        rows = range(first, min(first + BATCH, len(pictures)))
        found = engine.predict_batch([pictures.encoded(index) for index in rows])
        predictions += [Predictions(one.boxes, one.scores, one.labels) for one in found]
        told(len(predictions), len(pictures))
    truth, overlap = ground_truth(pictures, len(pictures)), card.spec.evaluation.overlap_threshold
    return predictions, evaluate_detections(truth, predictions, len(card.classes), overlap)
