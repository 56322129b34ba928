"""The weights that are evaluated: a moving average of those that are trained, with batch-norm statistics of its own."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def decay_at(step: int, decay: float) -> float:
    """Decay of the average after 0-based `step`: small at first, so that early weights are soon forgotten.

    Source: TensorFlow's ExponentialMovingAverage with `num_updates`.
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, *, step: int, decay: float) -> None:
    """Move the averaged weights towards the trained ones. With decay 0 they become equal."""
    weight = 1 - decay_at(step, decay)
    averaged: list[Tensor] = list(average.parameters())
    trained: list[Tensor] = list(model.parameters())
    torch._foreach_lerp_(averaged, trained, weight)
    for buffer, source in zip(average.buffers(), model.buffers(), strict=True):
        buffer.copy_(source)


@torch.no_grad()
def recompute_batch_norm(model: nn.Module, images: Iterable[Tensor]) -> None:
    """Replace the statistics of the batch norms that are in training mode by those of `images`.

    Averaged weights, and weights trained in few or small batches, do not fit statistics that were collected on the
    way; a pass over a part of the training pictures gives the ones that fit (precise BN, Wu and Johnson 2021).

    Args:
        model: with the wanted batch norms in training mode; the others are left alone.
        images: normalisable batches (N, 3, H, W).
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d) and m.training]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    for batch in images:
        model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
