"""SSD against torchvision's numbers, the published layouts, and a loss computed box by box in plain Python."""

import math
import random

import numpy as np
import pytest
import torch

from boxwright.models.backbones.efficientnet_lite import efficientnet_lite0
from boxwright.models.backbones.vgg import vgg16
from boxwright.models.detector import HeadOutputs, Targets
from boxwright.models.ssd import MultiboxSettings, layout, ssd
from boxwright.models.weight_names import from_torchvision_ssd


def test_equals_torchvision(parity, stand_ins, reference_input):
    detector = ssd(vgg16(), 3, (300, 300)).eval()  # torchvision counts 4, with the background
    detector.load_state_dict(from_torchvision_ssd(stand_ins(parity.shapes["ssd300_vgg16"])), strict=True)
    with torch.no_grad():
        outputs = detector(reference_input(300, 300) * detector.std + detector.mean)
    for found, name in ((outputs.class_logits, "cls_logits"), (outputs.box_deltas, "bbox_regression")):
        expected = parity.outputs[f"ssd300_vgg16/{name}"]
        np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_layout_of_300_pixels_has_the_published_boxes():
    at_300 = layout((300, 300), 2)
    assert at_300.shapes((300, 300)) == [(n, n) for n in (38, 19, 10, 5, 3, 1)]
    assert at_300.steps((300, 300)) == [(n, n) for n in (8, 16, 32, 64, 100, 300)]
    assert at_300.per_cell == (4, 6, 6, 6, 4, 4)
    boxes = at_300.generate((300, 300))
    assert len(boxes) == 8732
    # The first cell, around (4, 4): squares of 0.07 and sqrt(0.07 * 0.15) of 300, then 1:2 both ways.
    sides = [(21.0, 21.0), (30.74, 30.74), (29.70, 14.85), (14.85, 29.70)]
    expected = [[4 - w / 2, 4 - h / 2, 4 + w / 2, 4 + h / 2] for w, h in sides]
    torch.testing.assert_close(boxes[:4], torch.tensor(expected), atol=0.01, rtol=0)
    # The last cell is the whole picture: squares of 0.87 and sqrt(0.87 * 1.05), then 0.87 * sqrt(2), cut at 1.
    sides = [(261.0, 261.0), (286.73, 286.73), (300.0, 184.55), (184.55, 300.0)]
    expected = [[150 - w / 2, 150 - h / 2, 150 + w / 2, 150 + h / 2] for w, h in sides]
    torch.testing.assert_close(boxes[-4:], torch.tensor(expected), atol=0.01, rtol=0)


@pytest.mark.parametrize("maps", [2, 3])
def test_layout_of_512_pixels_has_the_published_boxes(maps):
    at_512 = layout((512, 512), maps)
    assert at_512.shapes((512, 512)) == [(n, n) for n in (64, 32, 16, 8, 4, 2, 1)]
    assert at_512.steps((512, 512)) == [(n, n) for n in (8, 16, 32, 64, 128, 256, 512)]
    boxes = at_512.generate((512, 512))
    assert len(boxes) == 24564  # Liu et al. 2016, table 7
    assert (boxes[0, 2:] - boxes[0, :2]).tolist() == pytest.approx([0.07 * 512] * 2)


def test_boxes_of_a_wide_picture_keep_their_ratios():
    boxes = layout((300, 400), 2).generate((300, 400))
    sides = boxes[:4, 2:] - boxes[:4, :2]
    side = 0.07 * math.sqrt(300 * 400)
    assert sides[0].tolist() == pytest.approx([side, side], rel=1e-5)
    assert (sides[2, 0] / sides[2, 1]).item() == pytest.approx(2, rel=1e-4)
    assert (boxes[..., 3] - boxes[..., 1]).max() == pytest.approx(300, rel=1e-6)
    assert ((boxes[50 * 4, :2] + boxes[50 * 4, 2:]) / 2).tolist() == pytest.approx([4, 12])  # a row has 50 cells


@pytest.mark.parametrize("make", [vgg16, efficientnet_lite0])
@pytest.mark.parametrize("size", [(300, 300), (301, 347), (448, 450), (320, 96)])
def test_maps_have_the_shapes_that_the_layout_says(make, size):
    detector = ssd(make(), 1, size).to("meta")
    outputs = detector(torch.zeros(1, 3, *size, device="meta"))
    count = sum(
        rows * columns * each
        for (rows, columns), each in zip(detector.layout.shapes(size), detector.layout.per_cell, strict=True)
    )
    assert outputs.class_logits.shape == (1, count, 2)
    assert outputs.box_deltas.shape == (1, count, 4)


# From here on: the loss by loops over single numbers, after equations 1 to 3 of the paper.


def overlap(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return width * height / (area - width * height)


def assigned(anchors, boxes):
    """For each anchor the index of its box, or None."""
    owners = []
    for anchor in anchors:
        best = max(range(len(boxes)), key=lambda index: overlap(boxes[index], anchor), default=None)
        owners.append(best if best is not None and overlap(boxes[best], anchor) >= 0.5 else None)
    for index in reversed(range(len(boxes))):
        best = max(range(len(anchors)), key=lambda anchor: overlap(boxes[index], anchors[anchor]))
        if overlap(boxes[index], anchors[best]) > 0:
            owners[best] = index
    return owners


def coded(box, anchor):
    width, height = anchor[2] - anchor[0], anchor[3] - anchor[1]
    return [
        ((box[0] + box[2]) / 2 - (anchor[0] + anchor[2]) / 2) / width / 0.1,
        ((box[1] + box[3]) / 2 - (anchor[1] + anchor[3]) / 2) / height / 0.1,
        math.log((box[2] - box[0]) / width) / 0.2,
        math.log((box[3] - box[1]) / height) / 0.2,
    ]


def smooth_l1(error):
    return 0.5 * error * error if abs(error) < 1 else abs(error) - 0.5


def cross_entropy(logits, label):
    return math.log(sum(math.exp(value - logits[label]) for value in logits))


def plain_losses(anchors, pictures, ratio, minimum):
    """Class and box loss; `pictures` are (logits, deltas, boxes, labels) as lists."""
    classes, places, objects = 0.0, 0.0, 0
    for logits, deltas, boxes, labels in pictures:
        owners = assigned(anchors, boxes)
        background = []
        for anchor, owner in enumerate(owners):
            if owner is None:
                background.append(cross_entropy(logits[anchor], 0))
                continue
            classes += cross_entropy(logits[anchor], labels[owner] + 1)
            wanted = coded(boxes[owner], anchors[anchor])
            places += sum(smooth_l1(a - b) for a, b in zip(deltas[anchor], wanted, strict=True))
        found = len(anchors) - len(background)
        classes += sum(sorted(background, reverse=True)[: max(int(ratio * found), minimum)])
        objects += found
    return classes / max(1, objects), places / max(1, objects)


SIZE = (96, 112)


@pytest.fixture(scope="module")
def judge():
    """A detector of three classes with few default boxes; its network is not used."""
    detector = ssd(efficientnet_lite0(), 3, (64, 64)).to("meta")
    detector.mean, detector.std = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    return detector


def random_boxes(source, count):
    boxes = []
    for _ in range(count):
        left, top = source.uniform(0, SIZE[1] - 8), source.uniform(0, SIZE[0] - 8)
        right, bottom = left + source.uniform(4, SIZE[1] - left), top + source.uniform(4, SIZE[0] - top)
        boxes.append([left, top, right, bottom])
    return torch.tensor(boxes).reshape(-1, 4)


@pytest.mark.parametrize("case", range(100))
def test_loss_equals_plain_python(judge, case):
    source, torch_source = random.Random(case), torch.Generator().manual_seed(case)
    anchors = judge.anchors(SIZE)
    chosen = torch.randperm(len(anchors), generator=torch_source)[:150]
    judge._anchors[SIZE] = anchors[chosen]
    settings = MultiboxSettings(source.choice([1.0, 2.5, 3.0, 3.0]), source.choice([0, 0, 0, 4]), 1.0)
    judge.loss_settings = settings
    counts = [source.randint(0, 5) for _ in range(2)]
    boxes = [random_boxes(source, count) for count in counts]
    labels = [torch.randint(0, 3, (count,), generator=torch_source) for count in counts]
    logits = torch.randn(2, 150, 4, generator=torch_source) * 3
    deltas = torch.randn(2, 150, 4, generator=torch_source) * 2
    padded = torch.zeros(2, max(counts), 4), torch.full((2, max(counts)), -1)
    for row, count in enumerate(counts):
        padded[0][row, :count], padded[1][row, :count] = boxes[row], labels[row]
    found = judge.loss(HeadOutputs(logits, deltas), Targets(*padded), SIZE)
    judge._anchors[SIZE] = anchors
    pictures = [
        (logits[row].tolist(), deltas[row].tolist(), boxes[row].tolist(), labels[row].tolist()) for row in range(2)
    ]
    classes, places = plain_losses(anchors[chosen].tolist(), pictures, settings.negative_ratio, settings.min_negatives)
    assert found["class_loss"].item() == pytest.approx(classes, rel=1e-5, abs=1e-5)
    assert found["box_loss"].item() == pytest.approx(places, rel=1e-5, abs=1e-5)
    assert found["loss"].item() == pytest.approx(classes + places, rel=1e-5, abs=1e-5)


def test_weight_of_the_box_loss(judge):
    judge.loss_settings = MultiboxSettings(box_weight=4.0)
    outputs = HeadOutputs(torch.zeros(1, len(judge.anchors(SIZE)), 4), torch.zeros(1, len(judge.anchors(SIZE)), 4))
    losses = judge.loss(outputs, Targets(torch.tensor([[[10.0, 10, 60, 50]]]), torch.tensor([[2]])), SIZE)
    assert losses["loss"].item() == pytest.approx((losses["class_loss"] + 4 * losses["box_loss"]).item())
    assert losses["box_loss"] > 0


def test_the_middle_of_a_map_of_one_cell_is_that_of_the_image():
    boxes = layout((64, 64), 2).generate((64, 64))
    assert ((boxes[-1, :2] + boxes[-1, 2:]) / 2).tolist() == [32, 32]
    assert ((boxes[-5, :2] + boxes[-5, 2:]) / 2).tolist() == [32, 32]
