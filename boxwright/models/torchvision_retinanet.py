"""torchvision's two RetinaNets, assembled from our parts, so that its published COCO weights compute what they should.

They differ from `boxwright.models.retinanet.retinanet` in their norms and in their anchors; sources: torchvision's
`models/detection/retinanet.py` and `anchor_utils.py`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from boxwright.models.backbones.resnet import resnet50
from boxwright.models.detector import PostProcessing
from boxwright.models.necks.fpn import FeaturePyramid
from boxwright.models.retinanet import PRIOR, AnchorSettings, Head, RetinaNet
from boxwright.ops.anchors import cell_anchors, grid_anchors, octave_sizes

CHANNELS = 256
HEAD_CONVS = 4
NORM_GROUPS = 32
PUBLISHED_CLASSES = 90
"""Classes of the published weights: inner label `i` is COCO's category id `i + 1`, of which 80 are in use."""


@dataclass(frozen=True)
class TorchvisionAnchors(AnchorSettings):
    """Anchors with corners on whole pixels, centred on the top left corner of each cell.

    Sizes lose their fraction, ratios come before sizes in a cell's order, and the stride is the whole number of times
    that the map fits into the image.
    """

    ratios: tuple[float, ...] = (2.0, 1.0, 0.5)

    def generate(self, size: tuple[int, int]) -> Tensor:
        """float32 (A, 4) xyxy anchors of all levels, finest first, for images of `size` = (height, width)."""
        return torch.cat([self._level(size, 2**level) for level in self.levels])

    def _level(self, size: tuple[int, int], stride: int) -> Tensor:
        sizes = [int(side) for side in octave_sizes(self.base, stride, self.scales)]
        by_size = cell_anchors(sizes, self.ratios).reshape(len(sizes), -1, 4)
        cell = by_size.transpose(0, 1).reshape(1, -1, 4).round()
        rows, columns = -(-size[0] // stride), -(-size[1] // stride)
        index = grid_anchors((rows, columns), 1, torch.zeros(1, 4), centre=0.0)
        corner = index * torch.tensor([size[1] // columns, size[0] // rows] * 2)
        return (corner[:, None] + cell).reshape(-1, 4)


def retinanet_resnet50_fpn(num_classes: int, *, norm_eps: float = 1e-5) -> RetinaNet:
    """ResNet-50, heads and pyramid without norms, level 6 from the pyramid.

    Args:
        num_classes: background not counted (torchvision counts it).
        norm_eps: epsilon of the backbone's batch norms; the published COCO weights want 0.
    """
    detector = _assemble(num_classes, extra_from_backbone=False, group_norm=False)
    for module in detector.backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = norm_eps
    return detector


def retinanet_resnet50_fpn_v2(num_classes: int) -> RetinaNet:
    """ResNet-50, group norm in the heads, level 6 from the backbone.

    Args:
        num_classes: background not counted (torchvision counts it).
    """
    return _assemble(num_classes, extra_from_backbone=True, group_norm=True)


def _assemble(num_classes: int, *, extra_from_backbone: bool, group_norm: bool) -> RetinaNet:
    anchors = TorchvisionAnchors()
    backbone = resnet50()
    neck = FeaturePyramid(
        backbone.channels, CHANNELS, anchors.levels, norm=False, extra_from_backbone=extra_from_backbone
    )
    class_head = _head(anchors.per_cell * num_classes, group_norm)
    box_head = _head(anchors.per_cell * 4, group_norm)
    assert class_head.predictor.bias is not None
    nn.init.constant_(class_head.predictor.bias, -math.log((1 - PRIOR) / PRIOR))
    return RetinaNet(
        backbone,
        neck,
        (class_head, box_head),
        num_classes=num_classes,
        anchors=anchors,
        post=PostProcessing(limit=300),
        scaling=(backbone.mean, backbone.std),
    )


def _head(outputs: int, group_norm: bool) -> Head:
    def norm(width: int) -> nn.Module:
        return nn.GroupNorm(NORM_GROUPS, width) if group_norm else nn.Identity()

    return Head(CHANNELS, outputs, depth=HEAD_CONVS, levels=1, norm=norm, bias=not group_norm)
