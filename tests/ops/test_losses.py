import math

import pytest
import torch
import torch.nn.functional as F

from boxwright.ops.losses import focal_loss, huber_loss


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
