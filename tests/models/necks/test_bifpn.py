import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from boxwright.models.necks.bifpn import BiFeaturePyramid, Fusion, halve

CHANNELS = (5, 6, 7)
LEVELS = (3, 4, 5, 6, 7)


def features(height, width, channels=CHANNELS):
    torch.manual_seed(0)
    return [
        torch.randn(2, c, math.ceil(height / stride), math.ceil(width / stride))
        for c, stride in zip(channels, (8, 16, 32), strict=True)
    ]


def settled(module):
    """Statistics, scales, shifts and weights as after training."""
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2.0)
        if isinstance(norm, Fusion):
            nn.init.uniform_(norm.weights, 0.2, 1.0)
    return module.eval()


def plain_norm(x, norm):
    return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-3)


def plain_conv(x, fusion):
    x = F.conv2d(x, fusion.conv.depthwise.weight, padding=1, groups=x.shape[1])
    return plain_norm(F.conv2d(x, fusion.conv.weight), fusion.norm)


def plain_fusion(fusion, *maps):
    """Equation 4 of the paper, then swish, convolution and norm."""
    w = [max(float(value), 0.0) for value in fusion.weights]
    mixed = sum(value / (sum(w) + 1e-4) * x for value, x in zip(w, maps, strict=True))
    return plain_conv(mixed * mixed.sigmoid(), fusion)


def twice(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def same_pool(x):
    """TensorFlow's 3x3 maximum of stride 2 with SAME padding for even sides: one more row and column at the end."""
    return F.max_pool2d(F.pad(x, [0, 1, 0, 1], value=-torch.inf), 3, 2)


def plain_cell(cell, maps, again):
    p3, p4, p5, p6, p7 = maps
    td6 = plain_fusion(cell.down[0], p6, twice(p7))
    td5 = plain_fusion(cell.down[1], p5, twice(td6))
    td4 = plain_fusion(cell.down[2], p4, twice(td5))
    out3 = plain_fusion(cell.down[3], p3, twice(td4))
    _, p4, p5, p6, p7 = again
    out4 = plain_fusion(cell.up[0], p4, td4, same_pool(out3))
    out5 = plain_fusion(cell.up[1], p5, td5, same_pool(out4))
    out6 = plain_fusion(cell.up[2], p6, td6, same_pool(out5))
    return [out3, out4, out5, out6, plain_fusion(cell.up[3], p7, same_pool(out6))]


def entry(x, lateral):
    return plain_norm(F.conv2d(x, lateral[0].weight), lateral[1])


def test_two_cells_as_the_paper_writes_them():
    torch.manual_seed(1)
    pyramid = settled(BiFeaturePyramid(CHANNELS, 8, LEVELS, repeats=2))
    c3, c4, c5 = inputs = features(256, 512)
    with torch.no_grad():
        p6 = same_pool(entry(c5, pyramid.above[0]))
        p7 = same_pool(p6)
        maps = [*(entry(c, lateral) for c, lateral in zip(inputs, pyramid.lateral, strict=True)), p6, p7]
        again = [maps[0], entry(c4, pyramid.again[0]), entry(c5, pyramid.again[1]), p6, p7]
        maps = plain_cell(pyramid.cells[0], maps, again)
        maps = plain_cell(pyramid.cells[1], maps, maps)
        for found, wanted in zip(pyramid(inputs), maps, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert c3.shape[2:] == (32, 64)


def test_fusion_by_hand():
    # Weights 1 and 3, and -1, which counts as 0: (1 * 2 + 3 * 6) / (4 + 0.0001) = 4.999875, then swish.
    fusion = Fusion(1, 3, separable=False).eval()
    fusion.weights.data = torch.tensor([1.0, 3.0, -1.0])
    nn.init.dirac_(fusion.conv.weight)
    fusion.norm.eps = 0.0
    maps = [torch.full((1, 1, 3, 3), value) for value in (2.0, 6.0, 100.0)]
    mixed = 20 / 4.0001
    with torch.no_grad():
        assert fusion(*maps)[0, 0, 1, 1].item() == pytest.approx(mixed / (1 + math.exp(-mixed)), rel=1e-6)


@pytest.mark.parametrize(
    ("side", "wanted"),
    # SAME for 6 pads one at the end: windows 0-2, 2-4, 4-5; for 5 one at each end: 0-1, 1-3, 3-4; 1 is its own.
    [(6, [2, 4, 5]), (5, [1, 3, 4]), (1, [0]), (2, [1])],
)
def test_halving_pads_as_tensorflow_does(side, wanted):
    line = torch.arange(float(side))
    assert halve(line.reshape(1, 1, 1, side))[0, 0, 0].tolist() == wanted
    assert halve(line.reshape(1, 1, side, 1))[0, 0, :, 0].tolist() == wanted
    assert halve(-line.reshape(1, 1, 1, side) - 1)[0, 0, 0, 0] == -1


@pytest.mark.parametrize("levels", [(3, 4, 5, 6, 7), (3, 4, 5), (4, 5, 6), (5, 6), (3, 4)])
@pytest.mark.parametrize("size", [(97, 130), (8, 8)])
def test_a_map_for_each_level(levels, size):
    with torch.no_grad():
        maps = BiFeaturePyramid(CHANNELS, 4, levels, repeats=2).eval()(features(*size))
    sizes = [(math.ceil(size[0] / 2**level), math.ceil(size[1] / 2**level)) for level in levels]
    assert [tuple(x.shape) for x in maps] == [(2, 4, *one) for one in sizes]


@pytest.mark.parametrize("separable", [False, True])
def test_gradient_reaches_every_parameter(separable):
    torch.manual_seed(2)
    pyramid = settled(BiFeaturePyramid(CHANNELS, 8, LEVELS, repeats=2, separable=separable))
    sum((x * torch.randn_like(x)).sum() for x in pyramid(features(128, 128))).backward()
    silent = [name for name, value in pyramid.named_parameters() if value.grad is None or not value.grad.any()]
    assert silent == []


def test_parameters_of_efficientdet_d0():
    # 64 channels, 3 cells of 8 sums: 4 take two maps on the way down, 3 three and 1 two on the way up, so 19 weights;
    # each sum has 64 * 9 + 64 * 64 weights of its convolution and 128 of its norm. Entries: 40, 112, 320, and again
    # 112, 320, and 320 for level 6, with norms.
    found = sum(value.numel() for value in BiFeaturePyramid((40, 112, 320), 64, LEVELS, repeats=3).parameters())
    assert found == 3 * (19 + 8 * (576 + 4096 + 128)) + 64 * (40 + 2 * 112 + 3 * 320) + 6 * 128
