"""Tests of what a machine can take on."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.jobs.slots import NoPlace, Slots, waiting_note, waits_alike
from boxwright.spec.machine import Machine
from boxwright.spec.server import RunnerSettings
from boxwright.store import NewJob

TWO = Machine(cores=4, memory=10**10, gpus=("T4", "T4"))


def slots(machine: Machine = TWO, **changes: Any) -> Slots:
    roomy = {"min_free_disk": 0, "min_free_memory": 0}
    return Slots(RunnerSettings(**{**roomy, **changes}), machine, ("0", "GPU-b")[: len(machine.gpus)])


@pytest.fixture
def record(desk: Any) -> Any:
    def make(**given: Any) -> Any:
        request = {"jobId": "a", "trainingInput": given}
        return desk.store.submit(NewJob("local", "a", "train", request, "/jobs/a"))

    return make


def test_what_is_free() -> None:
    one = slots(max_jobs=1)
    assert one.any_free([]) and one.any_free([""]) and one.any_free(["0", "GPU-b"])
    assert not one.any_free(["0", "GPU-b", ""]) and not one.any_free(["0,GPU-b", ""])
    assert not slots(Machine(cores=1, memory=1)).any_free([""])


def test_a_job_gets_gpus_that_nobody_has(record: Any, tmp_path: Path) -> None:
    wanted = record(scaleTier="BASIC_GPU")
    assert slots().place(wanted, tmp_path, []) == "0"
    assert slots().place(wanted, tmp_path, ["0", ""]) == "GPU-b"
    with pytest.raises(NoPlace, match="it needs 1 GPU, and 0 of 2 are free"):
        slots().place(wanted, tmp_path, ["0,GPU-b"])


def test_a_job_on_the_processor_gets_none(record: Any, tmp_path: Path) -> None:
    plain = record()
    assert slots().place(plain, tmp_path, ["0"]) == ""
    with pytest.raises(NoPlace, match="1 job runs on the processor already"):
        slots().place(plain, tmp_path, [""])


def test_several_gpus(record: Any, tmp_path: Path) -> None:
    config = {"acceleratorConfig": {"type": "NVIDIA_TESLA_T4", "count": 2}}
    wanted = record(scaleTier="CUSTOM", masterType="n1-standard-2", masterConfig=config)
    assert slots().place(wanted, tmp_path, [""]) == "0,GPU-b"
    with pytest.raises(NoPlace, match="it needs 2 GPU, and 1 of 2 are free"):
        slots().place(wanted, tmp_path, ["0"])


def test_a_machine_that_falls_short(record: Any, tmp_path: Path) -> None:
    with pytest.raises(NoPlace, match="8 x TPU_V2"):
        slots().place(record(scaleTier="BASIC_TPU"), tmp_path, [])


def test_full_disk_and_memory(record: Any, tmp_path: Path) -> None:
    plain = record()
    with pytest.raises(NoPlace, match=r"the disk of .* has \d+ MB free, and a start needs 1000000000; make room"):
        slots(min_free_disk=10**15).place(plain, tmp_path, [])
    with pytest.raises(NoPlace, match=r"\d+ MB of memory are free, and a start needs 1000000000"):
        slots(min_free_memory=10**15).place(plain, tmp_path, [])


def test_notes() -> None:
    mapped = "scaleTier BASIC -> 4 cores"
    waiting = waiting_note(mapped, "5 MB are free")
    assert waiting == f"waiting: 5 MB are free\n{mapped}"
    assert waiting_note(waiting, "another reason") == f"waiting: another reason\n{mapped}"
    assert waiting_note(waiting, "") == mapped
    assert waits_alike(waiting, waiting_note(mapped, "17 MB are free"))
    assert not waits_alike(waiting, mapped)
