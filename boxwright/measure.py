"""Measuring an exported model on labelled data."""

import json
from dataclasses import dataclass
from functools import partial

from boxwright import formats, modeldir
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.relabel import relabelled
from boxwright.dataset.summary import Summary, known_classes, summarise
from boxwright.engine import Engine
from boxwright.metrics.boxes import Predictions
from boxwright.metrics.detection import DetectionMetrics, evaluate_detections
from boxwright.metrics.table import metrics_table
from boxwright.report import ReportPicture, write_report
from boxwright.train.evaluate import ground_truth

BATCH = 8


@dataclass(frozen=True)
class Measured:
    """A model's numbers on a data set, and what they were computed from."""

    card: modeldir.ModelCard
    metrics: DetectionMetrics
    pictures: CheckedPictures
    predictions: list[Predictions]
    summary: Summary

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
        truths = ground_truth(self.pictures, len(self.predictions))
        shown = [
            ReportPicture(self.pictures.truth(index).source, partial(self.pictures.encoded, index), truth, found)
            for index, (truth, found) in enumerate(zip(truths, self.predictions, strict=True))
        ]
        write_report(path, self.card, [], self.metrics, shown)


def measure(model: str, data: str, *, split: str | None = None, labels_file: str = "") -> Measured:
    """Run the exported model of a folder over a labelled data set, whose classes are found in the model's by name.

    Raises:
        ValueError: the data set has classes that the model has not.
        OSError: model or data cannot be read.
    """
    card = modeldir.read_card(model)
    dataset = formats.read(data, split=split, labels_file=labels_file)
    if dataset.classes and {one.name for one in dataset.classes} <= {one.name for one in card.classes}:
        dataset = relabelled(dataset, card.classes)
    elif len(dataset.classes) > len(card.classes) or (
        dataset.classes and known_classes(dataset.classes, len(card.classes)) != card.classes
    ):
        named = [", ".join(f"{one.id} {one.name}" for one in classes) for classes in (dataset.classes, card.classes)]
        raise ValueError(f"the data set has the classes {named[0]}, but the model {named[1]}")
    checked, summary = summarise(dataset, len(card.classes))
    pictures = CheckedPictures.of(dataset, checked)
    engine = Engine.load(model)
    predictions: list[Predictions] = []
    for first in range(0, len(pictures), BATCH):
        rows = range(first, min(first + BATCH, len(pictures)))
        found = engine.predict_batch([pictures.encoded(index) for index in rows])
        predictions += [Predictions(one.boxes, one.scores, one.labels) for one in found]
    truth, overlap = ground_truth(pictures, len(pictures)), card.spec.evaluation.overlap_threshold
    metrics = evaluate_detections(truth, predictions, len(card.classes), overlap)
    return Measured(card, metrics, pictures, predictions, summary)
