"""This machine: what it has, what is free, and its processes. The service's only door to psutil."""

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from boxwright.jobdir import Worker
from boxwright.spec.machine import GB, Machine

CLOCK = 0.05
"""Seconds by which two readings of when a process started may differ."""

GPU_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,name", "--format=csv,noheader")
GPU_LOAD_QUERY = (
    "nvidia-smi",
    "--query-gpu=name,utilization.gpu,memory.used,memory.total",
    "--format=csv,noheader,nounits",
)


def host_name() -> str:
    """Name of this machine."""
    return socket.gethostname()


def this_machine() -> Machine:
    """What jobs of this process may use: its cores, the memory of the machine, the visible NVIDIA GPUs."""
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else psutil.cpu_count()
    return Machine(cores=cores or 1, memory=psutil.virtual_memory().total, gpus=tuple(visible_gpus().values()))


def described(worker: Worker) -> str:
    """The machine of a process of this machine, and what it uses of it, for people."""
    names = visible_gpus() if worker.devices else {}
    gpus = [names.get(device, f"GPU {device}") for device in worker.devices.split(",") if device]
    machine = this_machine()
    return f"{worker.host}: " + (", ".join(gpus) or f"{machine.cores} cores, {machine.memory / GB:.0f} GB")


def visible_gpus() -> dict[str, str]:
    """Name of each GPU by what CUDA_VISIBLE_DEVICES calls it; empty without NVIDIA's driver."""
    return read_gpus(_nvidia_smi(GPU_QUERY), os.environ.get("CUDA_VISIBLE_DEVICES"))


def read_gpus(listing: str, visible: str | None) -> dict[str, str]:
    """GPUs of nvidia-smi's listing (index, UUID, name) that an environment variable leaves visible.

    Args:
        visible: CUDA_VISIBLE_DEVICES; None takes all. CUDA ignores what follows a name that it does not know.
    """
    there: dict[str, str] = {}
    by_number: list[str] = []
    for line in listing.splitlines():
        parts = [part.strip() for part in line.split(",", 2)]
        if len(parts) == 3:
            there |= {parts[0]: parts[2], parts[1]: parts[2]}
            by_number.append(parts[0])
    if visible is None:
        return {number: there[number] for number in by_number}
    chosen: dict[str, str] = {}
    for name in (part.strip() for part in visible.split(",")):
        if name not in there:
            break
        chosen[name] = there[name]
    return chosen


@dataclass(frozen=True)
class GpuLoad:
    """A graphics card: per cent of the time that it works, its memory and how much is used, in bytes."""

    name: str
    busy: float
    memory: int
    used: int


@dataclass(frozen=True)
class Load:
    """How busy the machine is: per cent of its cores, processes that want to run, bytes free, graphics cards."""

    busy: float
    average: float
    free_memory: int
    gpus: tuple[GpuLoad, ...]


def load_now() -> Load:
    """How busy the machine is; looks at it for a tenth of a second."""
    busy, (average, _, _) = psutil.cpu_percent(interval=0.1), psutil.getloadavg()
    asked = _nvidia_smi(GPU_LOAD_QUERY)
    return Load(float(busy), float(average), free_memory(), read_gpu_loads(asked))


def read_gpu_loads(listing: str) -> tuple[GpuLoad, ...]:
    """Cards of nvidia-smi's listing (name, per cent, MiB, MiB); those that do not say are left out."""
    found = []
    for line in listing.splitlines():
        name, *numbers = [part.strip() for part in line.rsplit(",", 3)]
        if len(numbers) == 3 and all(one.replace(".", "", 1).isdecimal() for one in numbers):
            busy, used, memory = map(float, numbers)
            found.append(GpuLoad(name, busy, int(memory * 2**20), int(used * 2**20)))
    return tuple(found)


def _nvidia_smi(query: tuple[str, ...]) -> str:
    """What it says; nothing without NVIDIA's driver."""
    if not shutil.which(query[0]):
        return ""
    asked = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    return asked.stdout if asked.returncode == 0 else ""


def free_disk(folder: Path) -> int:
    """Bytes that may be written on the disk of a folder, which need not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def free_memory() -> int:
    """Bytes that processes may still take without swapping."""
    return int(psutil.virtual_memory().available)


def processes_killed_for_memory() -> int | None:
    """How many processes the kernel has ended for lack of memory since it started; None where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def this_process() -> Worker:
    """This process as a worker."""
    pid = os.getpid()
    started = process_started(pid)
    assert started is not None, "this process runs"
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return Worker(host=host_name(), pid=pid, started=started, devices=devices)


def process_started(pid: int) -> float | None:
    """When a process began; None where there is none, or one that has ended and was not waited for.

    Linux counts from the start of the machine, so that setting the clock changes nothing; elsewhere it is seconds
    since 1970.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            # The name, in brackets, may hold anything; the start time is field 22, in ticks.
            return int(stat.read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(process.create_time())
    except (psutil.Error, OSError):
        return None


def is_running(worker: Worker) -> bool:
    """Whether a worker of this machine still runs; another process that has got its number is not it."""
    started = process_started(worker.pid) if worker.host == host_name() and worker.pid > 0 else None
    return started is not None and abs(started - worker.started) < CLOCK


def number_is_reused(worker: Worker) -> bool:
    """Whether another process has a worker's number, so that none of the worker's group can be left."""
    return psutil.pid_exists(worker.pid) and not is_running(worker) and process_started(worker.pid) is not None
