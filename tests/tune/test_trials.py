"""Tests of sharing a machine."""

import pytest

from boxwright.tune.trials import Slot, slots

GB = 10**9


@pytest.mark.parametrize(
    ("wanted", "cores", "memory", "gpus", "found", "why"),
    [
        (1, 4, 20, [], [Slot((0, 1, 2, 3))], ""),
        (2, 4, 20, [], [Slot((0, 1)), Slot((2, 3))], ""),
        (3, 8, 20, [], [Slot((0, 1)), Slot((2, 3)), Slot((4, 5))], ""),  # alike, so that trials are comparable
        (3, 2, 20, [], [Slot((0,)), Slot((1,))], "3 trials in parallel were asked for; 2 run: the machine has 2 cores"),
        (3, 8, 7, [], [Slot((0, 1, 2, 3)), Slot((4, 5, 6, 7))], "has 7 GB of free memory, 3 for each"),
        (2, 2, 1, [], [Slot((0, 1))], "2 trials in parallel were asked for; 1 run"),
        (4, 8, 1, ["0", "3"], [Slot((0, 1, 2, 3), "0"), Slot((4, 5, 6, 7), "3")], "has 2 GPUs, one for each"),
    ],
)
def test_slots(wanted: int, cores: int, memory: int, gpus: list[str], found: list[Slot], why: str) -> None:
    got, reason = slots(wanted, range(cores), memory * GB, gpus)
    assert got == found
    assert why in reason if why else reason == ""


def test_environment() -> None:
    assert Slot((4, 5)).environment() == {"OMP_NUM_THREADS": "2"}
    assert Slot((4,), "GPU-1").environment() == {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "GPU-1"}
