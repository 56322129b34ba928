"""Running a detector over labelled pictures and measuring it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from boxwright.data.batches import Batch, evaluation_batches, prefetch
from boxwright.data.pictures import CheckedPictures
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import DetectionMetrics, evaluate_detections
from boxwright.models.detector import Detector
from boxwright.ops.nms import Detections


def as_input(batch: Batch, device: torch.device) -> Tensor:
    """float32 (N, 3, H, W) in channels-last memory, 0..255, from a batch's pictures."""
    return batch.images.to(device, non_blocking=True).permute(0, 3, 1, 2).float()


def to_predictions(found: Detections, batch: Batch) -> list[Predictions]:
    """Detections on the canvas as boxes in pixels of each stored picture, cut to it, without empty slots."""
    boxes, scores, labels = (tensor.cpu().numpy() for tensor in found)
    predictions = []
    for row, (placement, (height, width)) in enumerate(zip(batch.placements, batch.sizes, strict=True)):
        kept = labels[row] >= 0
        inside = placement.to_picture(boxes[row][kept]).clip(0, np.array([width, height] * 2, np.float32))
        predictions.append(Predictions(inside, scores[row][kept], labels[row][kept]))
    return predictions


@torch.no_grad()
def predict(
    model: Detector, pictures: CheckedPictures, *, count: int, size: tuple[int, int], batch_size: int
) -> list[Predictions]:
    """Detections of the first `count` pictures, in float32, the arithmetic of the exported model.

    The model's modes are left as they were.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    device = next(model.parameters()).device
    predictions: list[Predictions] = []
    for batch in prefetch(evaluation_batches(pictures, count, size, batch_size), workers=1):
        predictions += to_predictions(model.decode(model(as_input(batch, device)), size), batch)
    for module, training in modes.items():
        module.training = training
    return predictions


def ground_truth(pictures: CheckedPictures, count: int) -> list[GroundTruth]:
    """Labelled boxes of the first `count` pictures."""
    truths = (pictures.truth(index) for index in range(count))
    return [GroundTruth(truth.boxes, truth.labels, truth.crowd) for truth in truths]


def evaluate(
    predict_first: Callable[[int], list[Predictions]], pictures: CheckedPictures, *, count: int, num_classes: int
) -> tuple[DetectionMetrics, list[Predictions]]:
    """Measure whatever predicts the first `count` pictures: the model in training, or an exported one."""
    predictions = predict_first(count)
    return evaluate_detections(ground_truth(pictures, count), predictions, num_classes), predictions


def training_mode(model: Detector, *, freeze_batch_norm: bool, frozen_stages: int) -> None:
    """Put modules in training mode; a frozen batch norm keeps its statistics, a frozen stage its weights as well."""
    model.train()
    if freeze_batch_norm:
        for module in model.backbone.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
    for stage in model.backbone.stages()[:frozen_stages]:  # type: ignore[operator]  # nn.Module hides the type
        for module in stage:
            module.eval()
            module.requires_grad_(False)


def count_of(wanted: int, pictures: CheckedPictures) -> int:
    """Pictures of an evaluation: `wanted`, or all for 0.

    Raises:
        ValueError: more wanted than there are.
    """
    if wanted > len(pictures):
        raise ValueError(f"num_eval_images must not exceed the {len(pictures)} validation pictures, got {wanted}")
    return wanted or len(pictures)
