"""Detection losses: sums over a batch, to be divided by the caller."""

import torch
import torch.nn.functional as F
from torch import Tensor

from boxwright.ops.matching import BACKGROUND

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


def mined_cross_entropy(logits: Tensor, labels: Tensor, *, ratio: float, minimum: int = 0) -> Tensor:
    """Cross entropy over the objects and, of each image, its hardest background (Liu et al. 2016, section 2.2).

    Args:
        logits: (N, A, 1 + K), the background first.
        labels: int64 (N, A): 0-based classes; -1 is background, anything below is left out.
        ratio: so many anchors of the background, at most, for each of an object, in each image, those of largest loss.
        minimum: anchors of the background taken of each image at least, also where it has no object.

    Returns:
        a scalar: the sum over the batch.
    """
    wanted = (labels + 1).clamp(min=0)
    entropy = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none").reshape(labels.shape)
    objects = labels >= 0
    # Entropies are not negative, so what does not count comes last and adds nothing.
    hardest = entropy.masked_fill(labels != BACKGROUND, 0.0).sort(1, descending=True).values
    count = (objects.sum(1, keepdim=True) * ratio).floor().clamp(min=minimum)
    taken = torch.arange(labels.shape[1], device=labels.device) < count
    return (entropy * objects).sum() + (hardest * taken).sum()
