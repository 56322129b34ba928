"""What every detector is to training, evaluation and export, whatever its family."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from boxwright.ops import boxes as box_ops
from boxwright.ops.nms import Detections, select


class HeadOutputs(NamedTuple):
    """Raw outputs for N images, A anchors (level by level, row by row, cell by cell) and K classes.

    Attributes:
        class_logits: (N, A, K), or (N, A, 1 + K) with the background first where `Detector.softmax`.
        box_deltas: (N, A, 4) as (dx, dy, log w, log h), in units of `Detector.variances`.
    """

    class_logits: Tensor
    box_deltas: Tensor


class Targets(NamedTuple):
    """Labelled boxes of N images, padded to G.

    Attributes:
        boxes: float32 (N, G, 4) xyxy pixels of the image as the model sees it.
        labels: int64 (N, G), 0-based; -1 marks padding.
    """

    boxes: Tensor
    labels: Tensor


@dataclass(frozen=True)
class PostProcessing:
    """How outputs become detections."""

    iou_threshold: float = 0.5
    score_threshold: float = 0.05
    limit: int = 100


DEFAULT_POST = PostProcessing()


class Detector(nn.Module):
    """Detector of `num_classes` classes (background not counted).

    A family gives `forward`, `make_anchors` and `loss`.

    Args:
        backbone: extracts features; states `stages()`, groups of its modules from the stem on.
        post: settings.
        scaling: mean and standard deviation of the backbone's input, three numbers each, on the 0..255 scale.
        softmax: whether the classes and a background class exclude each other; else each is judged on its own.
        variances: by which the first two and the last two box deltas are multiplied before they are decoded.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        *,
        num_classes: int,
        post: PostProcessing = DEFAULT_POST,
        scaling: tuple[Sequence[float], Sequence[float]] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        softmax: bool = False,
        variances: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.num_classes = num_classes
        self.post = post
        self.softmax = softmax
        self.variances = variances
        self.register_buffer("mean", torch.tensor(scaling[0]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(scaling[1]).view(1, 3, 1, 1), persistent=False)
        self._anchors: dict[tuple[int, int], Tensor] = {}

    @abstractmethod
    def forward(self, images: Tensor) -> HeadOutputs:
        """Raw outputs.

        Args:
            images: float (N, 3, H, W) RGB on the 0..255 scale, sides multiples of the coarsest stride or not.
        """

    @abstractmethod
    def make_anchors(self, size: tuple[int, int]) -> Tensor:
        """float32 (A, 4) xyxy anchors for images of `size` = (height, width), in the order of the outputs."""

    @abstractmethod
    def loss(self, outputs: HeadOutputs, targets: Targets, size: tuple[int, int]) -> dict[str, Tensor]:
        """`class_loss`, `box_loss` and their weighted sum `loss`, each a scalar."""

    def scaled(self, images: Tensor) -> Tensor:
        """Images as the backbone was trained on them."""
        return (images - self.mean) / self.std

    def anchors(self, size: tuple[int, int]) -> Tensor:
        """What `make_anchors` gives, made once for each size, where the model is."""
        if size not in self._anchors:
            self._anchors[size] = self.make_anchors(size)
        self._anchors[size] = self._anchors[size].to(self.mean.device)
        return self._anchors[size]

    def probabilities(self, class_logits: Tensor) -> Tensor:
        """(N, A, K) in [0, 1], without the background."""
        logits = class_logits.float()
        return logits.softmax(-1)[..., 1:] if self.softmax else logits.sigmoid()

    def delta_scale(self, device: torch.device) -> Tensor:
        """float32 (4,): `variances`, one for each delta."""
        return torch.tensor(self.variances, device=device).repeat_interleave(2)

    def decode(self, outputs: HeadOutputs, size: tuple[int, int]) -> Detections:
        """Detections on images of `size` = (height, width), at most `post.limit` each."""
        deltas = outputs.box_deltas.float() * self.delta_scale(outputs.box_deltas.device)
        return select(
            box_ops.clip(box_ops.decode(deltas, self.anchors(size)), size),
            self.probabilities(outputs.class_logits),
            iou_threshold=self.post.iou_threshold,
            score_threshold=self.post.score_threshold,
            limit=self.post.limit,
        )
