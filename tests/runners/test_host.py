"""Tests of what this machine has, and of telling its processes apart."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from boxwright.jobdir import Worker
from boxwright.runners import host
from boxwright.spec.machine import Machine

LISTING = "0, GPU-aa, NVIDIA H100 80GB HBM3\n1, GPU-bb, Tesla T4\n2, GPU-cc, Tesla T4\n"


@pytest.mark.parametrize(
    ("visible", "found"),
    [
        (None, {"0": "NVIDIA H100 80GB HBM3", "1": "Tesla T4", "2": "Tesla T4"}),
        ("2,0", {"2": "Tesla T4", "0": "NVIDIA H100 80GB HBM3"}),
        ("GPU-bb", {"GPU-bb": "Tesla T4"}),
        ("1,9,2", {"1": "Tesla T4"}),
        ("", {}),
        ("-1", {}),
    ],
)
def test_visible_gpus(visible: str | None, found: dict[str, str]) -> None:
    assert host.read_gpus(LISTING, visible) == found


def test_no_driver_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host.read_gpus("", None) == {}
    monkeypatch.setenv("PATH", "/nowhere")
    assert host.visible_gpus() == {}


def test_a_driver_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "nvidia-smi"
    there.write_text(f"#!/bin/sh\nprintf '{LISTING}'\n")
    there.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert host.this_machine().gpus == ("Tesla T4",)
    there.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert host.this_machine().gpus == ()


def test_this_machine() -> None:
    machine = host.this_machine()
    assert machine.cores == len(os.sched_getaffinity(0))
    assert machine.memory == psutil.virtual_memory().total
    assert 0 < host.free_memory() <= machine.memory


def test_free_disk_of_a_folder_to_come(tmp_path: Path) -> None:
    assert host.free_disk(tmp_path / "a" / "b") == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.05)


def test_processes() -> None:
    me = host.this_process()
    assert me.pid == os.getpid() and host.is_running(me)
    # psutil's, in seconds since 1970, against ours, in seconds since the start of the machine.
    assert psutil.Process().create_time() - psutil.boot_time() == pytest.approx(me.started, abs=2)
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    worker = me.model_copy(update={"pid": child.pid, "started": host.process_started(child.pid) or 0.0})
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert host.process_started(child.pid) is None and not host.is_running(worker)
    assert psutil.pid_exists(child.pid) and not host.number_is_reused(worker)
    child.wait()
    assert host.process_started(child.pid) is None and not host.number_is_reused(worker)
    assert host.number_is_reused(me.model_copy(update={"started": me.started - 1}))


def test_processes_killed_for_memory_are_counted() -> None:
    told = [line.split() for line in Path("/proc/vmstat").read_text().splitlines() if line.startswith("oom_kill ")]
    assert host.processes_killed_for_memory() == (int(told[0][1]) if told else None)


def test_loads_of_cards_are_read_as_nvidia_smi_writes_them() -> None:
    listing = "NVIDIA A100-SXM4-40GB, 97, 1024, 40960\nTesla, T4, 0, 3.5, 15360\nGRID, [N/A], [N/A], 8192\n\nnonsense\n"
    assert host.read_gpu_loads(listing) == (
        host.GpuLoad("NVIDIA A100-SXM4-40GB", 97.0, 40 * 2**30, 2**30),
        host.GpuLoad("Tesla, T4", 0.0, 15 * 2**30, 3.5 * 2**20),
    )


def test_how_busy_the_machine_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'Card, 10, 1, 2'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    load = host.load_now()
    assert 0 <= load.busy <= 100 and load.average >= 0 and load.free_memory > 0
    assert load.gpus == (host.GpuLoad("Card", 10.0, 2 * 2**20, 2**20),)
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert host.load_now().gpus == ()


def test_the_machine_of_a_process_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "this_machine", lambda: Machine(cores=2, memory=24 * 10**9))
    monkeypatch.setattr(host, "visible_gpus", lambda: {"0": "NVIDIA H200"})
    worker = Worker(host="nova", pid=1, started=0.0)
    assert host.described(worker) == "nova: 2 cores, 24 GB"
    assert host.described(worker.model_copy(update={"devices": "0,7"})) == "nova: NVIDIA H200, GPU 7"
