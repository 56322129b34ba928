"""RetinaNet: one-stage detection with focal loss (Lin et al. 2017), as the managed service built it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.convolution import convolve
from boxwright.models.depthwise import conv3x3
from boxwright.models.detector import DEFAULT_POST, Detector, HeadOutputs, PostProcessing, Targets
from boxwright.models.necks.fpn import FeaturePyramid
from boxwright.ops import anchors as anchor_ops
from boxwright.ops import boxes as box_ops
from boxwright.ops.losses import focal_loss, huber_loss
from boxwright.ops.matching import IGNORED, match

PRIOR = 0.01
"""Probability of an object that an untrained head gives each anchor."""


@dataclass(frozen=True)
class AnchorSettings:
    """Levels and shapes of the anchors; see `boxwright.ops.anchors`."""

    levels: tuple[int, ...] = (3, 4, 5, 6, 7)
    base: float = 4.0
    scales: int = 3
    ratios: tuple[float, ...] = (1.0, 2.0, 0.5)

    @property
    def per_cell(self) -> int:
        """Anchors of one cell of one level."""
        return self.scales * len(self.ratios)

    def generate(self, size: tuple[int, int]) -> Tensor:
        """float32 (A, 4) xyxy anchors of all levels, finest first, for images of `size` = (height, width)."""
        return anchor_ops.pyramid_anchors(size, self.levels, base=self.base, scales=self.scales, ratios=self.ratios)


@dataclass(frozen=True)
class LossSettings:
    """Weights and shapes of the loss."""

    alpha: float = 0.25
    gamma: float = 1.5
    delta: float = 0.1
    box_weight: float = 50.0


class Head(nn.Module):
    """Towers of convolutions shared by the levels, each level with its own norms, and a predictor.

    Args:
        channels: channels of the pyramid's maps and of the tower.
        outputs: numbers predicted for a cell.
        depth: convolutions of the tower.
        levels: count of pyramid levels; with 1 the levels share the norms too.
        norm: makes the norm of a level from its channels.
        bias: whether the tower's convolutions carry biases.
        separable: whether the convolutions, the predictor's too, are depthwise-separable, as FPNLite's and
            EfficientDet's are.
        activation: follows each norm.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        *,
        depth: int,
        levels: int,
        norm: Callable[[int], nn.Module] | None = None,
        bias: bool = True,
        separable: bool = False,
        activation: Callable[[Tensor], Tensor] = F.relu,
    ) -> None:
        super().__init__()
        make = norm or (lambda width: nn.BatchNorm2d(width, eps=1e-4, momentum=0.003))
        self.activation = activation
        tower = [conv3x3(channels, channels, separable=separable, bias=bias) for _ in range(depth)]
        self.tower = nn.ModuleList(tower)
        self.norms = nn.ModuleList(nn.ModuleList(make(channels) for _ in range(levels)) for _ in range(depth))
        self.predictor = conv3x3(channels, outputs, separable=separable)
        for conv in tower:
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        nn.init.normal_(self.predictor.weight, std=1e-5)
        for conv in (*tower, self.predictor):
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)

    def forward(self, maps: list[Tensor], width: int) -> Tensor:
        """Maps (N, C, H, W) of all levels to (N, A, width)."""
        rows = []
        for level, x in enumerate(maps):
            for conv, norms in zip(self.tower, self.norms, strict=True):
                assert isinstance(conv, nn.Conv2d) and isinstance(norms, nn.ModuleList)
                x = self.activation(convolve(x, conv, norms[level % len(norms)]))
            out = self.predictor(x)
            rows.append(out.permute(0, 2, 3, 1).reshape(out.shape[0], -1, width))
        return torch.cat(rows, 1)


class RetinaNet(Detector):
    """Detector of `num_classes` classes (background not counted).

    Args:
        backbone: gives feature maps of strides 8, 16, 32 and states `mean` and `std` of its input.
        neck: gives one map of `channels` channels for each of `anchors.levels`.
        heads: of classes and of boxes; see `Head`.
        anchors, loss, post: settings.
        scaling: see `Detector`.
    """

    def __init__(
        self,
        backbone: nn.Module,
        neck: nn.Module,
        heads: tuple[Head, Head],
        *,
        num_classes: int,
        anchors: AnchorSettings = AnchorSettings(),
        loss: LossSettings = LossSettings(),
        post: PostProcessing = DEFAULT_POST,
        scaling: tuple[Sequence[float], Sequence[float]] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ) -> None:
        super().__init__(backbone, num_classes=num_classes, post=post, scaling=scaling)
        self.neck = neck
        self.class_head, self.box_head = heads
        self.anchor_settings, self.loss_settings = anchors, loss

    def forward(self, images: Tensor) -> HeadOutputs:
        maps = self.neck(self.backbone(self.scaled(images)))
        return HeadOutputs(self.class_head(maps, self.num_classes), self.box_head(maps, 4))

    def make_anchors(self, size: tuple[int, int]) -> Tensor:
        return self.anchor_settings.generate(size)

    def loss(self, outputs: HeadOutputs, targets: Targets, size: tuple[int, int]) -> dict[str, Tensor]:
        """`class_loss`, `box_loss` and their weighted sum `loss`, normalised by the positives of the batch plus one.

        Source of the normalisation and of the element-wise mean over coordinates: the service's implementation.
        """
        settings, anchors = self.loss_settings, self.anchors(size)
        matches = match(anchors, targets.boxes, targets.labels)
        positive = matches.labels >= 0
        normaliser = positive.sum() + 1.0
        wanted = F.one_hot(matches.labels.clamp(min=0), self.num_classes) * positive[..., None]
        logits = outputs.class_logits.float()
        class_losses = focal_loss(logits, wanted.to(logits.dtype), alpha=settings.alpha, gamma=settings.gamma)
        class_loss = (class_losses * (matches.labels != IGNORED)[..., None]).sum() / normaliser
        deltas = box_ops.encode(matches.boxes[positive], anchors.expand(len(positive), -1, -1)[positive])
        errors = outputs.box_deltas[positive].float() - deltas
        box_loss = huber_loss(errors, delta=settings.delta).sum() / (4.0 * normaliser)
        return {"class_loss": class_loss, "box_loss": box_loss, "loss": class_loss + settings.box_weight * box_loss}


def retinanet(
    backbone: nn.Module,
    num_classes: int,
    *,
    neck: nn.Module | None = None,
    channels: int = 256,
    head_convs: int = 4,
    separable: bool = False,
    activation: Callable[[Tensor], Tensor] = F.relu,
    anchors: AnchorSettings = AnchorSettings(),
    loss: LossSettings = LossSettings(),
    post: PostProcessing = DEFAULT_POST,
) -> RetinaNet:
    """RetinaNet with batch norm in pyramid and heads, on a backbone that states `channels`, `mean` and `std`.

    Args:
        neck: None for a `FeaturePyramid`.
        channels: of the pyramid and of the heads.
        head_convs: convolutions of each head's tower.
        separable: whether the 3x3 convolutions of the heads, and of the pyramid that it makes, are depthwise-separable.
        activation: of the heads.
    """
    if neck is None:
        from_backbone: tuple[int, ...] = backbone.channels  # type: ignore[assignment]  # nn.Module hides the type
        neck = FeaturePyramid(from_backbone, channels, anchors.levels, separable=separable)
    class_head, box_head = (
        Head(
            channels,
            anchors.per_cell * width,
            depth=head_convs,
            levels=len(anchors.levels),
            separable=separable,
            activation=activation,
        )
        for width in (num_classes, 4)
    )
    assert class_head.predictor.bias is not None
    nn.init.constant_(class_head.predictor.bias, -math.log((1 - PRIOR) / PRIOR))
    return RetinaNet(
        backbone,
        neck,
        (class_head, box_head),
        num_classes=num_classes,
        anchors=anchors,
        loss=loss,
        post=post,
        scaling=(backbone.mean, backbone.std),  # type: ignore[arg-type]  # as above
    )
