import math

import pytest
import torch
import torch.nn.functional as F

from boxwright.ops.losses import focal_loss, huber_loss, mined_cross_entropy


@pytest.mark.parametrize(
    ("logit", "target", "alpha", "gamma", "expected"),
    [
        (0.0, 1.0, 0.25, 2.0, 0.25 * 0.25 * 0.6931472),
        (0.0, 0.0, 0.25, 2.0, 0.75 * 0.25 * 0.6931472),
        # p = 0.9 at logit log 9; -log 0.9 = 0.1053605, -log 0.1 = 2.3025851.
        (math.log(9), 1.0, 0.25, 1.5, 0.25 * 0.1**1.5 * 0.1053605),
        (math.log(9), 0.0, 0.25, 1.5, 0.75 * 0.9**1.5 * 2.3025851),
        (math.log(9), 0.0, 0.5, 0.0, 0.5 * 2.3025851),
    ],
)
def test_focal_loss_by_hand(logit, target, alpha, gamma, expected):
    loss = focal_loss(torch.tensor([logit]), torch.tensor([target]), alpha=alpha, gamma=gamma)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 1.5, 2.0])
def test_focal_loss_and_gradient_are_finite_at_sure_predictions(gamma):
    logits = torch.tensor([-200.0, -30.0, 30.0, 200.0]).repeat(2).requires_grad_()
    targets = torch.tensor([0.0] * 4 + [1.0] * 4)
    loss = focal_loss(logits, targets, alpha=0.25, gamma=gamma)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("delta", [0.1, 1.0])
def test_huber_loss_is_torchs(delta):
    errors = torch.linspace(-2, 2, 81)
    expected = F.huber_loss(errors, torch.zeros(81), delta=delta, reduction="none")
    torch.testing.assert_close(huber_loss(errors, delta=delta), expected)


def entropy(*logits: float, of: int) -> float:
    """Of the softmax over the logits, by hand."""
    return math.log(sum(math.exp(one) for one in logits)) - logits[of]


def test_mined_cross_entropy_by_hand():
    # Two images; the first has one object, so that the two hardest backgrounds of its three count.
    logits = torch.tensor([[[0.0, 1.0], [3.0, 0.0], [0.0, 2.0], [1.0, 0.0]], [[0.0, 5.0]] * 4])
    labels = torch.tensor([[0, -1, -1, -1], [-1, -1, -1, -2]])
    loss = mined_cross_entropy(logits, labels, ratio=2.5)
    expected = entropy(0, 1, of=1) + entropy(0, 2, of=0) + entropy(1, 0, of=0)
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    # With at least one, the second image adds one; with more than there are, all but what is ignored.
    more = mined_cross_entropy(logits, labels, ratio=2.5, minimum=1)
    assert more.item() == pytest.approx(expected + entropy(0, 5, of=0), rel=1e-6)
    most = mined_cross_entropy(logits, labels, ratio=2.5, minimum=9)
    assert most.item() == pytest.approx(expected + entropy(3, 0, of=0) + 3 * entropy(0, 5, of=0), rel=1e-6)


def test_easy_background_is_not_taught():
    logits = torch.tensor([[[0.0, 1.0], [3.0, 0.0], [0.0, 2.0]]], requires_grad=True)
    mined_cross_entropy(logits, torch.tensor([[0, -1, -1]]), ratio=1.0).backward()
    assert logits.grad is not None
    assert logits.grad.any(-1).tolist() == [[True, False, True]]
