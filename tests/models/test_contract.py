"""What every detector must do, whatever its backbone."""

import numpy as np
import pytest
import torch

from boxwright.models.build import build_model
from boxwright.models.detector import HeadOutputs, Targets
from boxwright.models.weights import load_pretrained
from boxwright.ops.boxes import iou
from boxwright.spec.training import LossSpec, ModelSpec

VARIANTS = {
    "efficientnet_lite0": {},
    "resnet18": {},
    "nasfpn": {"backbone": "efficientnet_lite0", "fpn_type": "nasfpn", "fpn_repeats": 1},
    "bifpn": {"backbone": "efficientnet_b0", "fpn_type": "bifpn", "fpn_repeats": 1, "separable_convs": True},
    "mobilenet_v1": {},
    "fpnlite": {"backbone": "mobilenet_v2", "separable_convs": True},
    "ssd": {"architecture": "ssd", "backbone": "efficientnet_lite0", "image_size": (64, 64)},
    "vgg16": {"architecture": "ssd", "image_size": (64, 64)},
}
"""Settings by a short name, which is that of the backbone where none is set."""

CONVOLVING = (
    *("convolution", "retinanet", "necks.fpn", "necks.nasfpn", "necks.bifpn"),
    *("backbones.efficientnet_lite", "backbones.resnet", "backbones.mobilenet"),
)
"""Modules of `boxwright.models` that fold norms."""

COLOURS = ((220, 40, 40), (40, 60, 220))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def build(variant, **settings):
    chosen = {"backbone": variant, **VARIANTS[variant], **settings}
    model = ModelSpec(fpn_channels=32, head_convs=1, **chosen)
    return build_model(model, LossSpec(min_hard_negatives=3), 2), model


def drawn(size, boxes):
    """A picture (3, size, size) of noise with one rectangle of its class's colour for each (box, label)."""
    picture = np.random.default_rng(0).integers(90, 160, (size, size, 3)).astype(np.float32)
    for (left, top, right, bottom), label in boxes:
        picture[top:bottom, left:right] = COLOURS[label]
    return torch.from_numpy(picture).permute(2, 0, 1)


def batch(size, *images):
    """Drawn pictures and targets; every image has the same count of boxes."""
    pictures = torch.stack([drawn(size, boxes) for boxes in images])
    boxes = torch.tensor([[box for box, _ in boxes] for boxes in images], dtype=torch.float32).reshape(
        len(images), -1, 4
    )
    labels = torch.tensor([[label for _, label in boxes] for boxes in images], dtype=torch.int64)
    return pictures.contiguous(memory_format=torch.channels_last), Targets(boxes, labels.reshape(len(images), -1))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("padding", [0, 2])
def test_loss_is_finite_without_boxes(variant, padding):
    detector, _ = build(variant)
    targets = Targets(torch.zeros(2, padding, 4), torch.full((2, padding), -1))
    losses = detector.loss(detector(torch.full((2, 3, 64, 64), 128.0)), targets, (64, 64))
    losses["loss"].backward()
    assert all(loss.isfinite() for loss in losses.values())
    assert losses["box_loss"] == 0
    assert losses["class_loss"] > 0
    assert all(value.grad is None or value.grad.isfinite().all() for value in detector.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradient_reaches_every_parameter(variant):
    # Statistics are fixed: a norm that takes its mean from the batch would hide the bias before it. The boxes have
    # the sizes of the anchors of all levels, so that the box head is taught at each.
    detector, _ = build(variant, anchor_size=1.0)
    detector.eval()
    for head in (detector.class_head, detector.box_head):
        if not detector.softmax:  # the others begin so close to 0 that nothing reaches what is before them
            torch.nn.init.normal_(head.predictor.weight, std=0.01)
    boxes = [((0, 0, side, side), side % 3 % 2) for side in (8, 16, 32, 64, 128)]
    images, targets = batch(128, boxes)
    detector.loss(detector(images), targets, (128, 128))["loss"].backward()
    silent = [name for name, value in detector.named_parameters() if value.grad is None or not value.grad.any()]
    assert silent == []


@pytest.mark.parametrize("variant", sorted(VARIANTS.keys() - {"vgg16"}))  # which takes longer than all others together
def test_overfits_one_batch(variant):
    detector, model = build(variant)
    if model.backbone == "efficientnet_lite0":
        load_pretrained(detector, model)
    detector = detector.to(memory_format=torch.channels_last)
    images, targets = batch(
        64, [((4, 6, 36, 40), 0), ((40, 30, 60, 58), 1)], [((20, 2, 58, 26), 1), ((6, 34, 36, 60), 0)]
    )
    optimizer = torch.optim.Adam(detector.parameters(), 2e-3)
    history = []
    for _ in range(60):
        losses = detector.loss(detector(images), targets, (64, 64))
        optimizer.zero_grad()
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
        optimizer.step()
        history.append(losses["loss"].item())
    assert history[-1] < 0.1 * history[0]
    with torch.no_grad():  # with the statistics of the batch, as the running ones lag at first
        found = detector.decode(detector(images), (64, 64))
    for image in range(2):
        order = found.labels[image, :2].argsort()
        assert found.labels[image, order].tolist() == [0, 1]
        truth = targets.boxes[image, targets.labels[image].argsort()]
        assert iou(found.boxes[image, order], truth).diagonal().min() > 0.75
        assert found.scores[image, :2].min() > 0.5
        assert found.scores[image, 2:].max() < 0.5


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(64, 64), (97, 130)])
def test_an_anchor_for_each_output(variant, size):
    detector, _ = build(variant)
    with torch.no_grad():
        outputs = detector.eval()(torch.zeros(1, 3, *size))
    count = len(detector.anchors(size))
    assert outputs.class_logits.shape == (1, count, 2 + detector.softmax)
    assert outputs.box_deltas.shape == (1, count, 4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_detections_are_within_their_limits(variant):
    detector, _ = build(variant, max_num_bboxes_in_prediction=20, nms_score_threshold=0.2)
    count = len(detector.anchors((64, 96)))
    outputs = HeadOutputs(torch.randn(2, count, 2 + detector.softmax) * 3, torch.randn(2, count, 4) * 20)
    outputs.class_logits[1] = -10.0  # the second image shows nothing
    if detector.softmax:
        outputs.class_logits[1, :, 0] = 10.0
    found = detector.decode(outputs, (64, 96))
    assert found.boxes.shape == (2, 20, 4)
    assert found.scores[0].min() > 0.2
    assert found.scores[0].tolist() == sorted(found.scores[0].tolist(), reverse=True)
    assert found.boxes[..., 0::2].min() >= 0
    assert found.boxes[..., 0::2].max() <= 96
    assert found.boxes[..., 1::2].max() <= 64
    assert set(found.labels[0].tolist()) <= {0, 1}
    assert found.labels[1].tolist() == [-1] * 20
    assert not found.boxes[1].any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_folded_norms_equal_separate_ones(variant, monkeypatch):
    detector, _ = build(variant)
    images = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        for _ in range(2):
            detector(torch.rand(2, 3, 64, 64) * 255)  # statistics of their own
        detector.eval()
        folded = detector(images)
        for module in CONVOLVING:
            monkeypatch.setattr(f"boxwright.models.{module}.convolve", lambda x, conv, norm: norm(conv(x)))
        separate = detector(images)
    torch.testing.assert_close(folded.class_logits, separate.class_logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(folded.box_deltas, separate.box_deltas, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("variant", VARIANTS)
def test_exported_graph_equals_eager(variant):
    detector, _ = build(variant)
    images = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        exported = torch.export.export(detector.eval(), (images,)).module()
        found, wanted = exported(images), detector(images)
    torch.testing.assert_close(found[0], wanted.class_logits)
    torch.testing.assert_close(found[1], wanted.box_deltas)
