"""Running a detector over labelled pictures and measuring it."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from boxwright.data.batches import Batch, evaluation_batches, prefetch, tile_batches
from boxwright.data.pictures import CheckedPictures
from boxwright.data.tiles import Tile
from boxwright.evaluation.picture import EvaluatedPicture, LabelledPicture
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import VOC_OVERLAP, DetectionMetrics, evaluate_detections
from boxwright.models.detector import Detector, HeadOutputs, Targets
from boxwright.ops.nms import Detections
from boxwright.tiling import WHOLE, Boxes, Tiling


def as_input(batch: Batch, device: torch.device) -> Tensor:
    """float32 (N, 3, H, W) in channels-last memory, 0..255, from a batch's pictures."""
    return batch.images.to(device, non_blocking=True).permute(0, 3, 1, 2).float()


def to_boxes(found: Detections, batch: Batch) -> list[Boxes]:
    """Detections on the canvas as boxes in pixels of each stored picture or tile, cut to it, without empty slots."""
    boxes, scores, labels = (tensor.cpu().numpy() for tensor in found)
    shown = []
    for row, (placement, (height, width)) in enumerate(zip(batch.placements, batch.sizes, strict=True)):
        kept = labels[row] >= 0
        inside = placement.to_picture(boxes[row][kept]).clip(0, np.array([width, height] * 2, np.float32))
        shown.append(Boxes(inside, scores[row][kept], labels[row][kept]))
    return shown


def merged(tiles: Sequence[Tile], shown: Sequence[Boxes], tiling: Tiling) -> list[Boxes]:
    """What each picture shows, from what each of its tiles shows.

    Args:
        tiles: of all pictures, in order.
    """
    together = groupby(zip(tiles, shown, strict=True), key=lambda one: one[0].picture)
    pictures = ([(tile.window, boxes) for tile, boxes in group] for _, group in together)
    return [tiling.merge([window for window, _ in one], [boxes for _, boxes in one]) for one in pictures]


class ValidationLosses:
    """Means over the validation pictures of what training minimises, measured in evaluation mode."""

    NAMES = {"box_loss": "localization_loss", "class_loss": "classification_loss", "loss": "validation_loss"}

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._pictures = 0

    def add(self, model: Detector, outputs: HeadOutputs, batch: Batch, size: tuple[int, int]) -> None:
        """Count in the losses of a batch, each normalised as in training, by its number of pictures."""
        device = outputs.class_logits.device
        losses = model.loss(outputs, Targets(batch.boxes.to(device), batch.labels.to(device)), size)
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value) * len(batch.images)
        self._pictures += len(batch.images)

    def values(self) -> dict[str, float]:
        """`localization_loss`, `classification_loss` and `validation_loss`; empty before the first batch."""
        return {self.NAMES[name]: total / self._pictures for name, total in self._sums.items()}


@torch.no_grad()
def predict(
    model: Detector,
    pictures: CheckedPictures,
    *,
    count: int,
    size: tuple[int, int],
    batch_size: int,
    losses: ValidationLosses | None = None,
    tiling: Tiling = WHOLE,
) -> list[Predictions]:
    """Detections of the first `count` pictures, in float32, the arithmetic of the exported model.

    The model's modes are left as they were.

    Args:
        batch_size: pictures, or tiles of them.
        losses: counts in those of the pictures or tiles, where given.
        tiling: how pictures are cut; what their tiles show is merged.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    device = next(model.parameters()).device
    shown: list[Boxes] = []
    tiles = pictures.tiles(tiling, count)
    makers = tile_batches(pictures, tiles, size, batch_size) if tiles else None
    for batch in prefetch(makers or evaluation_batches(pictures, count, size, batch_size), workers=1):
        outputs = model(as_input(batch, device))
        shown += to_boxes(model.decode(outputs, size), batch)
        if losses:
            losses.add(model, outputs, batch, size)
    for module, training in modes.items():
        module.training = training
    found = merged(tiles, shown, tiling) if tiles else shown
    return [Predictions(one.boxes, one.scores, one.labels) for one in found]


def ground_truth(pictures: CheckedPictures, count: int) -> list[GroundTruth]:
    """Labelled boxes of the first `count` pictures."""
    return [one.truth for one in labelled_pictures(pictures, count)]


def labelled_pictures(pictures: CheckedPictures, count: int) -> list[LabelledPicture]:
    """The first `count` pictures with their labelled boxes."""
    truths = [pictures.truth(index) for index in range(count)]
    return [
        LabelledPicture(
            one.source,
            one.width,
            one.height,
            partial(pictures.encoded, index),
            GroundTruth(one.boxes, one.labels, one.crowd),
        )
        for index, one in enumerate(truths)
    ]


def evaluated_pictures(pictures: CheckedPictures, predictions: Sequence[Predictions]) -> list[EvaluatedPicture]:
    """The first pictures with their labelled boxes and what was found in them."""
    labelled = labelled_pictures(pictures, len(predictions))
    return [one.with_(found) for one, found in zip(labelled, predictions, strict=True)]


def evaluate(
    predict_first: Callable[[int], list[Predictions]],
    pictures: CheckedPictures,
    *,
    count: int,
    num_classes: int,
    overlap_threshold: float = VOC_OVERLAP,
) -> tuple[DetectionMetrics, list[Predictions]]:
    """Measure whatever predicts the first `count` pictures: the model in training, or an exported one."""
    predictions = predict_first(count)
    truth = ground_truth(pictures, count)
    return evaluate_detections(truth, predictions, num_classes, overlap_threshold), predictions


def count_of(wanted: int, pictures: CheckedPictures) -> int:
    """Pictures of an evaluation: `wanted`, or all for 0.

    Raises:
        ValueError: more wanted than there are.
    """
    if wanted > len(pictures):
        raise ValueError(f"num_eval_images must not exceed the {len(pictures)} validation pictures, got {wanted}")
    return wanted or len(pictures)
