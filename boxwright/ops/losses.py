"""Detection losses: sums over a batch, to be divided by the caller."""

import torch.nn.functional as F
from torch import Tensor

SMALLEST_MISS = 1e-8


def focal_loss(logits: Tensor, targets: Tensor, *, alpha: float, gamma: float) -> Tensor:
    """Sigmoid focal loss (Lin et al. 2017, eq. 5), elementwise.

    Args:
        logits: float (...).
        targets: same shape, 1 for the class that is there and 0 otherwise.
        alpha: weight of the ones; the zeros weigh `1 - alpha`.
        gamma: focusing power.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    probability = logits.sigmoid()
    miss = targets + probability * (1 - 2 * targets)
    weight = (1 - alpha) + targets * (2 * alpha - 1)
    # At a miss of 0 the gradient of a power below 1 is infinite.
    return weight * miss.clamp(min=SMALLEST_MISS).pow(gamma) * entropy


def huber_loss(errors: Tensor, *, delta: float) -> Tensor:
    """Huber (1964): quadratic below `delta`, linear above, elementwise over errors of any shape."""
    size = errors.abs()
    small = size.clamp(max=delta)
    return small * (size - 0.5 * small)
