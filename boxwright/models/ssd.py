"""SSD: one-stage detection from maps of falling size (Liu et al. 2016), on VGG-16 or any other backbone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.models.detector import Detector, HeadOutputs, PostProcessing, Targets
from boxwright.ops import boxes as box_ops
from boxwright.ops.default_boxes import cell_sides, map_boxes
from boxwright.ops.losses import huber_loss, mined_cross_entropy
from boxwright.ops.matching import match

FINEST_STRIDE = 8
VARIANCES = (0.1, 0.2)
"""Of centres and of sizes, in whose units boxes are learnt."""

EXTRA_CHANNELS = (512, 256, 256, 256, 256)
"""Channels of the maps behind the backbone; the 1x1 convolution before each has half."""

LARGE_SIDE = 448
"""From this shorter side on, in pixels, the layout of 512 pixels is used, below that of 300; as MXNet's SSD chose."""

SMALL_SCALES = (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05)
LARGE_SCALES = (0.07, 0.15, 0.30, 0.45, 0.60, 0.75, 0.90, 1.05)
"""Side of the default boxes of each map, and of one more behind the last, as shares of the image's side (section 3)."""

FEW, MANY = (2.0,), (2.0, 3.0)
SMALL_RATIOS = (FEW, MANY, MANY, MANY, FEW, FEW)
LARGE_RATIOS = (FEW, MANY, MANY, MANY, MANY, FEW, FEW)
"""Of the longer to the shorter side, for each map."""

START_DEVIATION = 0.01
"""Of the predictors' weights. The loss looks at the worst predictions, so an untrained one must be near to even."""

DEFAULT_POST = PostProcessing(iou_threshold=0.45, score_threshold=0.01, limit=200)


class Window(NamedTuple):
    """Kernel side, stride and padding of a convolution."""

    kernel: int
    stride: int
    padding: int

    def cells(self, before: int) -> int:
        """Length of the result from the length before."""
        return (before + 2 * self.padding - self.kernel) // self.stride + 1


HALVE = Window(3, 2, 1)
TRIM = Window(3, 1, 0)
MERGE = Window(4, 1, 1)


@dataclass(frozen=True)
class Layout:
    """Maps of an SSD and their default boxes.

    Attributes:
        strides: pixels a cell of the backbone's maps, finest first.
        windows: of the convolution that makes each further map from the map before.
        scales, ratios: see `boxwright.ops.default_boxes.cell_sides`; one scale more than maps.
    """

    strides: tuple[int, ...]
    windows: tuple[Window, ...]
    scales: tuple[float, ...]
    ratios: tuple[tuple[float, ...], ...]

    @property
    def per_cell(self) -> tuple[int, ...]:
        """Default boxes of a cell of each map."""
        return tuple(2 + 2 * len(ratios) for ratios in self.ratios)

    def shapes(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        """(height, width) of each map in cells, for images of `size` = (height, width) pixels."""
        shapes = [(-(-size[0] // stride), -(-size[1] // stride)) for stride in self.strides]
        for window in self.windows:
            shapes.append((window.cells(shapes[-1][0]), window.cells(shapes[-1][1])))
        return shapes

    def steps(self, size: tuple[int, int]) -> list[tuple[float, float]]:
        """(vertical, horizontal) pixels from cell to cell of each map; maps that lost their edges are spread evenly."""
        steps = [(float(stride), float(stride)) for stride in self.strides]
        for window, (rows, columns) in zip(self.windows, self.shapes(size)[len(self.strides) :], strict=True):
            # A map of one cell stays one when it is halved, and its middle that of the image.
            halved = min(2 * steps[-1][0], float(size[0])), min(2 * steps[-1][1], float(size[1]))
            steps.append(halved if window == HALVE else (size[0] / rows, size[1] / columns))
        return steps

    def generate(self, size: tuple[int, int]) -> Tensor:
        """float32 (A, 4) xyxy default boxes of all maps, finest first, for images of `size` = (height, width)."""
        parts = []
        for index, (shape, step) in enumerate(zip(self.shapes(size), self.steps(size), strict=True)):
            sides = cell_sides(self.scales[index], self.scales[index + 1], self.ratios[index])
            parts.append(map_boxes(shape, step, sides, size))
        return torch.cat(parts)


def layout(size: tuple[int, int], maps: int) -> Layout:
    """The published layout for 300 or for 512 pixels, whichever is nearer, fitted to `size`.

    Args:
        size: (height, width) of the images that are meant; others can be computed as well, unless they are so much
            smaller that a map vanishes.
        maps: of the backbone; their strides are 8, 16, 32 and so on.
    """
    large = min(size) >= LARGE_SIDE
    scales, ratios = (LARGE_SCALES, LARGE_RATIOS) if large else (SMALL_SCALES, SMALL_RATIOS)
    strides = tuple(FINEST_STRIDE * 2**index for index in range(maps))
    side = -(-min(size) // strides[-1])
    windows: list[Window] = []
    for left in range(len(ratios) - maps, 0, -1):
        last_of_large = large and left == 1 and side > 1
        # A map of 5 or 3 cells is not halved but loses its edge, as at 300 pixels.
        windows.append(MERGE if last_of_large else TRIM if not large and side in (3, 5) else HALVE)
        side = windows[-1].cells(side)
    return Layout(strides, tuple(windows), scales, ratios)


class ExtraLayer(nn.Module):
    """A 1x1 convolution to half the channels, then one that makes the map smaller; ReLU after each.

    Without batch norms: a map of one cell gives too few numbers for the statistics of a batch.
    """

    def __init__(self, inputs: int, outputs: int, window: Window) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(inputs, outputs // 2, 1)
        self.shrink = nn.Conv2d(outputs // 2, outputs, *window)
        for conv in (self.reduce, self.shrink):
            assert conv.bias is not None
            nn.init.xavier_uniform_(conv.weight)
            nn.init.zeros_(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, fewer, fewer)."""
        return F.relu(self.shrink(F.relu(self.reduce(x), inplace=True)), inplace=True)


class MultiboxHead(nn.Module):
    """A 3x3 convolution for each map.

    Args:
        inputs: channels of each map.
        outputs: numbers predicted for a cell of each map.
    """

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        super().__init__()
        self.predictors = nn.ModuleList(
            nn.Conv2d(width, count, 3, padding=1) for width, count in zip(inputs, outputs, strict=True)
        )
        for conv in self.predictors:
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            nn.init.normal_(conv.weight, std=START_DEVIATION)
            nn.init.zeros_(conv.bias)

    def forward(self, maps: Sequence[Tensor], width: int) -> Tensor:
        """Maps (N, C, H, W) to (N, A, width)."""
        rows = [predictor(x).permute(0, 2, 3, 1) for predictor, x in zip(self.predictors, maps, strict=True)]
        return torch.cat([row.reshape(row.shape[0], -1, width) for row in rows], 1)


@dataclass(frozen=True)
class MultiboxSettings:
    """Weights of the loss.

    Attributes:
        negative_ratio: background for each object, see `boxwright.ops.losses.mined_cross_entropy`.
        min_negatives: of each picture.
        box_weight: of the box loss.
    """

    negative_ratio: float = 3.0
    min_negatives: int = 0
    box_weight: float = 1.0


class SSD(Detector):
    """Detector of `num_classes` classes (background not counted).

    Args:
        backbone: gives feature maps of strides 8, 16 and maybe 32; states `channels`, `mean` and `std`.
        layout: of maps and default boxes.
        loss, post: settings.
    """

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        *,
        layout: Layout,
        loss: MultiboxSettings = MultiboxSettings(),
        post: PostProcessing = DEFAULT_POST,
    ) -> None:
        scaling = (backbone.mean, backbone.std)
        super().__init__(
            backbone,
            num_classes=num_classes,
            post=post,
            scaling=scaling,  # type: ignore[arg-type]  # nn.Module hides attribute types
            softmax=True,
            variances=VARIANCES,
        )
        self.layout, self.loss_settings = layout, loss
        from_backbone: tuple[int, ...] = backbone.channels  # type: ignore[assignment]  # as above
        widths = [*from_backbone, *EXTRA_CHANNELS[: len(layout.windows)]]
        pairs = zip(widths[len(from_backbone) - 1 :], widths[len(from_backbone) :], strict=False)
        self.extra = nn.ModuleList(
            ExtraLayer(*pair, window) for pair, window in zip(pairs, layout.windows, strict=True)
        )
        has_norms = any(isinstance(module, nn.BatchNorm2d) for module in backbone.modules())
        # The size of values that a backbone gives is its own affair; those of VGG are brought to a length by itself.
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) if has_norms else nn.Identity() for width in from_backbone)
        self.class_head = MultiboxHead(widths, [count * (1 + num_classes) for count in layout.per_cell])
        self.box_head = MultiboxHead(widths, [count * 4 for count in layout.per_cell])

    def forward(self, images: Tensor) -> HeadOutputs:
        given = self.backbone(self.scaled(images))
        maps: list[Tensor] = [norm(x) for norm, x in zip(self.norms, given, strict=True)]
        for layer in self.extra:
            maps.append(layer(maps[-1]))
        return HeadOutputs(self.class_head(maps, 1 + self.num_classes), self.box_head(maps, 4))

    def make_anchors(self, size: tuple[int, int]) -> Tensor:
        return self.layout.generate(size)

    def loss(self, outputs: HeadOutputs, targets: Targets, size: tuple[int, int]) -> dict[str, Tensor]:
        """`class_loss`, `box_loss` and their weighted sum `loss`, divided by the objects' default boxes of the batch.

        Source: Liu et al. 2016, equations 1 to 3. A batch without any object counts as having one.
        """
        settings, anchors = self.loss_settings, self.anchors(size)
        matches = match(anchors, targets.boxes, targets.labels)
        positive = matches.labels >= 0
        normaliser = positive.sum().clamp(min=1)
        class_loss = mined_cross_entropy(
            outputs.class_logits.float(),
            matches.labels,
            ratio=settings.negative_ratio,
            minimum=settings.min_negatives,
        )
        deltas = box_ops.encode(matches.boxes[positive], anchors.expand(len(positive), -1, -1)[positive])
        errors = outputs.box_deltas[positive].float() - deltas / self.delta_scale(anchors.device)
        class_loss, box_loss = class_loss / normaliser, huber_loss(errors, delta=1.0).sum() / normaliser
        return {"class_loss": class_loss, "box_loss": box_loss, "loss": class_loss + settings.box_weight * box_loss}


def ssd(
    backbone: nn.Module,
    num_classes: int,
    size: tuple[int, int],
    *,
    loss: MultiboxSettings = MultiboxSettings(),
    post: PostProcessing = DEFAULT_POST,
) -> SSD:
    """SSD laid out for images of about `size` = (height, width), on a backbone that states its `channels`."""
    maps = len(backbone.channels)  # type: ignore[arg-type]  # nn.Module hides attribute types
    return SSD(backbone, num_classes, layout=layout(size, maps), loss=loss, post=post)
