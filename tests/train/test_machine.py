"""Tests of what is measured of the machine."""

import os

import psutil
import pytest
import torch
from torch import nn

from boxwright.spec.training import DataSpec, MachineSpec, ModelSpec, TrainSpec
from boxwright.train import machine
from boxwright.train.machine import bytes_for_backward, keep_freed_memory, pictures_that_fit, this_machine


def test_this_machine() -> None:
    found = this_machine("cpu")
    assert found.accelerator == "cpu"
    assert found.name
    assert 1 <= found.cores <= (os.cpu_count() or 1)
    assert 0 < found.memory <= psutil.virtual_memory().total


@pytest.mark.parametrize("accelerator", ["cuda", "mps", "tpu"])
def test_an_accelerator_that_is_not_there(accelerator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"accelerator={accelerator} is not available on this machine; there is cpu"):
        this_machine(accelerator)


def test_bytes_kept_for_the_backward_pass_by_hand() -> None:
    # A convolution keeps its input, ReLU its output: 2 x 3 x 8 x 8 and 2 x 5 x 6 x 6 float32.
    model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU())
    images = torch.zeros(2, 3, 8, 8)
    assert bytes_for_backward(model, images) == 4 * (2 * 3 * 8 * 8 + 2 * 5 * 6 * 6)


def spec(size: tuple[int, int]) -> TrainSpec:
    model = ModelSpec(backbone="efficientnet_lite0", fpn_channels=16, head_convs=1, fpn_max_level=5, image_size=size)
    data = DataSpec(training_data_path="a", validation_data_path="b", num_classes=2)
    return TrainSpec(data=data, model=model, machine=MachineSpec(accelerator="cpu"))


def test_larger_pictures_fit_less_often_and_less_memory_holds_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fits(size: tuple[int, int], memory: int) -> int:
        known = machine.Machine("cpu", "", 1, memory, False)
        monkeypatch.setattr(machine, "this_machine", lambda _: known)
        return pictures_that_fit(spec(size))

    small, large, doubled = fits((64, 64), 2**31), fits((128, 128), 2**31), fits((64, 64), 2**32)
    assert small / large == pytest.approx(4, rel=0.1)
    assert doubled / small == pytest.approx(2, rel=0.2)
    assert fits((64, 64), 1) == 1


def test_memory_settings_can_be_made_twice() -> None:
    keep_freed_memory()
    keep_freed_memory()
    assert torch.zeros(1 << 20).sum() == 0


def test_fewer_cores_when_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda _: [0, 1, 2, 3], raising=False)
    for asked, cores in (("", 4), ("3", 3), ("8", 4), ("0", 4), ("many", 4)):
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
        assert this_machine("cpu").cores == cores
