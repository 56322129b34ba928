import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from boxwright.models.necks.nasfpn import Cell, NasFeaturePyramid, attend, resample

CHANNELS = (5, 6, 7)
LEVELS = (3, 4, 5, 6, 7)

# The published cell: level, way of combining, numbers of the inputs, whether it is an output.
SPECS = [
    (4, "attention", (1, 3), False),
    (4, "sum", (1, 5), False),
    (3, "sum", (0, 6), True),
    (4, "sum", (6, 7), True),
    (5, "attention", (7, 8), True),
    (7, "attention", (6, 9), True),
    (6, "attention", (9, 10), True),
]


def features(height, width):
    torch.manual_seed(0)
    return [torch.randn(2, c, -(-height // 8 >> step), -(-width // 8 >> step)) for step, c in enumerate(CHANNELS)]


def settled(module):
    """Statistics, scales and shifts as after training."""
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2.0)
    return module.eval()


def plain_resample(x, level, target):
    """By blocks of 2^k cells."""
    side = 2 ** abs(level - target)
    if level > target:
        return x.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return torch.stack(
        [
            torch.stack(
                [
                    x[:, :, row * side : (row + 1) * side, column * side : (column + 1) * side].flatten(2).max(2).values
                    for column in range(math.ceil(x.shape[3] / side))
                ],
                2,
            )
            for row in range(math.ceil(x.shape[2] / side))
        ],
        2,
    )


def plain_cell(maps, cell):
    """The cell by its table, uses being counted, so that inputs without use are found."""
    values, levels, uses = list(maps), list(LEVELS), [0] * 5
    for index, (level, way, inputs, output) in enumerate(SPECS):
        pair = [plain_resample(values[number], levels[number], level) for number in inputs]
        for number in inputs:
            uses[number] += 1
        if way == "attention":
            if levels[inputs[0]] < levels[inputs[1]]:
                pair.reverse()
            weights = pair[0].flatten(2).max(2).values.sigmoid()[:, :, None, None]
            made = pair[0] + pair[1] * weights
        else:
            made = pair[0] + pair[1]
        if output:
            for number in range(len(values)):
                if uses[number] == 0 and levels[number] == level:
                    uses[number] += 1
                    made = made + values[number]
        made = F.conv2d(F.relu(made), cell.convs[index].weight, padding=1)
        norm = cell.norms[index]
        made = F.batch_norm(made, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-4)
        values.append(made)
        levels.append(level)
        uses.append(0)
    return [values[levels.index(level, 7)] for level in LEVELS]


def test_two_cells_by_the_published_table():
    torch.manual_seed(1)
    pyramid = settled(NasFeaturePyramid(CHANNELS, 8, LEVELS, repeats=2))
    inputs = features(128, 256)
    maps = []
    for x, (conv, norm) in zip(inputs, pyramid.lateral, strict=True):
        x = F.conv2d(x, conv.weight)
        maps.append(F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-4))
    maps.append(F.max_pool2d(maps[2], 2))
    maps.append(F.max_pool2d(maps[3], 2))
    for cell in pyramid.cells:
        maps = plain_cell(maps, cell)
    with torch.no_grad():
        for found, wanted in zip(pyramid(inputs), maps, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_nodes_by_hand():
    # Maps are constant and the convolutions pass the middle on, so each node is a number. Inputs P3..P7 are 1..5.
    cell = Cell(1, separable=False).eval()
    for conv, norm in zip(cell.convs, cell.norms, strict=True):
        nn.init.dirac_(conv.weight)
        norm.eps = 0.0
    maps = [torch.full((1, 1, 16 >> step, 16 >> step), 1.0 + step) for step in range(5)]

    def s(x):
        return 1 / (1 + math.exp(-x))

    n5 = 4 + 2 * s(4)
    n6 = 2 + n5
    n7 = 1 + n6
    n8 = n6 + n7
    n9 = n8 + n7 * s(n8) + 3
    n10 = n9 + n6 * s(n9) + 5
    n11 = n10 + n9 * s(n10)
    with torch.no_grad():
        found = cell(maps)
    assert [tuple(x.shape[2:]) for x in found] == [(16, 16), (8, 8), (4, 4), (2, 2), (1, 1)]
    for x, wanted in zip(found, (n7, n8, n9, n11, n10), strict=True):
        torch.testing.assert_close(x, torch.full_like(x, wanted))


def test_negative_maps_end_at_the_activation():
    cell = Cell(1, separable=False).eval()
    with torch.no_grad():
        found = cell([torch.full((1, 1, 16 >> step, 16 >> step), -1.0) for step in range(5)])
    assert all(not x.any() for x in found)


def test_attention_weighs_by_the_maximum_of_the_coarse_map():
    coarse = torch.tensor([[[[0.0, math.log(3)], [-1.0, -2.0]]]])
    fine = torch.tensor([[[[4.0, 8.0], [0.0, -4.0]]]])
    # sigmoid(log 3) = 3 / 4
    assert attend(coarse, fine)[0, 0].flatten().tolist() == pytest.approx([3, 6 + math.log(3), -1, -5])


def test_windows_begin_at_the_top_left():
    x = torch.arange(25.0).reshape(1, 1, 5, 5)
    assert resample(x, 3, 5, (2, 2))[0, 0].tolist() == [[18, 19], [23, 24]]
    assert resample(x, 3, 4, (3, 3))[0, 0].tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]


@pytest.mark.parametrize("size", [(97, 130), (8, 8), (72, 104)])
def test_sizes_round_up(size):
    backbone_maps = [
        torch.randn(1, c, math.ceil(size[0] / stride), math.ceil(size[1] / stride))
        for c, stride in zip(CHANNELS, (8, 16, 32), strict=True)
    ]
    with torch.no_grad():
        maps = NasFeaturePyramid(CHANNELS, 4, LEVELS, repeats=1).eval()(backbone_maps)
    sizes = [(math.ceil(size[0] / 2**level), math.ceil(size[1] / 2**level)) for level in LEVELS]
    assert [tuple(x.shape) for x in maps] == [(1, 4, *one) for one in sizes]


@pytest.mark.parametrize("separable", [False, True])
def test_gradient_reaches_every_parameter(separable):
    torch.manual_seed(2)
    pyramid = NasFeaturePyramid(CHANNELS, 8, LEVELS, repeats=2, separable=separable)
    sum((x * torch.randn_like(x)).sum() for x in settled(pyramid)(features(128, 128))).backward()
    silent = [name for name, value in pyramid.named_parameters() if value.grad is None or not value.grad.any()]
    assert silent == []


def test_repeats_count_the_cells():
    one, three = (NasFeaturePyramid(CHANNELS, 8, LEVELS, repeats=count).parameters() for count in (1, 3))
    # Seven convolutions of 3 * 3 * 8 * 8 and seven norms of 2 * 8 a cell.
    more = sum(value.numel() for value in three) - sum(value.numel() for value in one)
    assert more == 2 * 7 * (576 + 16)


def test_other_levels_are_refused():
    with pytest.raises(ValueError, match="has the levels 3 to 7, got 3, 4, 5, 6"):
        NasFeaturePyramid(CHANNELS, 8, (3, 4, 5, 6))
