"""Tests of saving and loading the state of a run."""

import copy
import errno
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from boxwright.spec.training import OptimizationSpec
from boxwright.train.checkpoint import BEST, Progress, TrainState, checkpoints, last_step
from boxwright.train.optimizer import OPTIMIZERS, make_optimizer


def state(optimizer: str = "adam", seed: int = 0, steps: int = 0) -> TrainState:
    """A small model, its average and an optimizer that has made some steps."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    made = TrainState(
        model, copy.deepcopy(model), make_optimizer(model, OptimizationSpec(optimizer_type=optimizer)), Progress()
    )
    for _ in range(steps):
        advance(made)
    return made


def advance(made: TrainState) -> None:
    torch.manual_seed(made.progress.step)
    for group in made.optimizer.param_groups:
        group["lr"] = 0.01
    made.model(torch.randn(2, 1, 5, 5)).square().sum().backward()
    made.optimizer.step()
    made.optimizer.zero_grad()
    made.progress.step += 1


def weights(made: TrainState) -> dict[str, torch.Tensor]:
    return {**made.model.state_dict(), **{f"average.{n}": v for n, v in made.average.state_dict().items()}}


def assert_equal(one: TrainState, other: TrainState) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_loaded_run_goes_on_exactly(tmp_path: Path, optimizer: str) -> None:
    first = state(optimizer, steps=3)
    first.progress.best, first.progress.best_step, first.progress.stale = 0.1 + 0.2, 2, 1
    path = first.save(tmp_path, keep=2)
    second = state(optimizer, seed=9)
    second.load(path)
    assert second.progress == first.progress
    assert_equal(first, second)
    for _ in range(3):
        advance(first)
        advance(second)
    assert_equal(first, second)


def test_the_last_few_are_kept(tmp_path: Path) -> None:
    made = state()
    made.save_best(tmp_path)
    for step in (5, 10, 15, 100):
        made.progress.step = step
        made.save(tmp_path, keep=2)
    assert [path.name for path in checkpoints(tmp_path)] == ["step_00000015.safetensors", "step_00000100.safetensors"]
    assert (tmp_path / BEST).exists()
    assert (last_step(tmp_path), last_step(tmp_path / "nothing")) == (100, 0)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".writing-abc"
    left.mkdir()
    (left / "file").write_bytes(b"half")
    state().save(tmp_path, keep=1)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000000.safetensors"]


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("best", [True, False])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best: bool) -> None:
    made = state(steps=1)
    made.save(tmp_path, keep=1)
    made.save_best(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    advance(made)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as refused:
        made.save_best(tmp_path) if best else made.save(tmp_path, keep=1)
    assert refused.value.errno == errno.ENOSPC
    assert refused.value.strerror == (
        "cannot save the weights of step 2 (No space left on device); free some space and repeat the command: "
        "it continues from the checkpoint before"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    path = state().save(tmp_path, keep=1)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="step_00000000.safetensors is damaged .* remove it and repeat the command"):
        state().load(path)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "touched",)

    torch.save(Evil(), tmp_path / "step_00000001.safetensors")
    with pytest.raises(ValueError, match="is damaged"):
        state().load(tmp_path / "step_00000001.safetensors")
    assert not (tmp_path / "touched").exists()
