"""Tests of averaged weights and of batch-norm statistics, against hand calculation and NumPy."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from boxwright.train.averaging import decay_at, recompute_batch_norm, update_average


@pytest.mark.parametrize(
    ("step", "decay", "expected"), [(0, 0.999, 0.1), (8, 0.999, 0.5), (8, 0.4, 0.4), (10**6, 0.999, 0.999), (5, 0.0, 0)]
)
def test_decay_grows_with_the_steps(step: int, decay: float, expected: float) -> None:
    assert decay_at(step, decay) == pytest.approx(expected)


def test_average_by_hand() -> None:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(model[0].weight, 2.0)  # type: ignore[arg-type]  # nn.Sequential hides the type
    average = copy.deepcopy(model)
    nn.init.constant_(model[0].weight, 12.0)  # type: ignore[arg-type]  # as above
    model[1].running_mean.fill_(7.0)  # type: ignore[operator,union-attr]  # as above
    update_average(average, model, step=0, decay=0.9)
    assert float(average[0].weight.detach()) == pytest.approx(0.1 * 2 + 0.9 * 12)
    assert float(average[1].running_mean) == 7.0  # type: ignore[arg-type]  # as above
    update_average(average, model, step=8, decay=0.9)
    assert float(average[0].weight.detach()) == pytest.approx(0.5 * 11 + 0.5 * 12)


def test_without_decay_the_average_is_the_model() -> None:
    model = nn.Linear(3, 2)
    average = copy.deepcopy(model)
    nn.init.normal_(model.weight)
    update_average(average, model, step=100, decay=0.0)
    assert torch.equal(average.weight, model.weight)


def test_statistics_equal_those_of_numpy() -> None:
    batches = torch.randn(3, 4, 2, 5, 6, generator=torch.Generator().manual_seed(0)) * 3 + 1
    norm = nn.BatchNorm2d(2, momentum=0.003)
    nn.init.constant_(norm.running_mean, 100.0)  # type: ignore[arg-type]  # there is one
    recompute_batch_norm(norm.train(), batches)
    columns = batches.numpy().transpose(0, 2, 1, 3, 4).reshape(3, 2, -1)
    np.testing.assert_allclose(norm.running_mean, columns.mean(2).mean(0), rtol=1e-5)
    np.testing.assert_allclose(norm.running_var, columns.var(2, ddof=1).mean(0), rtol=1e-5)
    assert norm.momentum == 0.003
    assert norm.training


def test_norms_that_are_frozen_keep_their_statistics() -> None:
    model = nn.Sequential(nn.BatchNorm2d(1), nn.BatchNorm2d(1)).train()
    model[0].eval()
    recompute_batch_norm(model, [torch.full((2, 1, 3, 3), 9.0)])
    assert float(model[0].running_mean) == 0.0  # type: ignore[arg-type]  # nn.Sequential hides the type
    assert float(model[1].running_mean) == pytest.approx(9.0, rel=1e-4)  # type: ignore[arg-type]  # as above


def test_without_norms_in_training_no_picture_is_made() -> None:
    pictures = iter([torch.full((2, 1, 3, 3), 9.0)])
    recompute_batch_norm(nn.BatchNorm2d(1).eval(), pictures)
    assert len(list(pictures)) == 1
