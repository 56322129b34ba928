"""The service's machines, mapped to what this machine has.

Sizes of Compute Engine types follow from their names; those of the legacy types are not published and are taken as the
smallest that their names promise.
"""

import re
from dataclasses import dataclass

from boxwright.spec.job import TrainingInput
from boxwright.spec.knob import Frozen

GB = 10**9

GB_A_CORE = {"standard": 3.75, "highmem": 6.5, "highcpu": 0.9}
"""Memory of n1 types by family, in GB a core."""

LEGACY_CORES = {"standard": 4, "large_model": 8, "complex_model_s": 8, "complex_model_m": 16, "complex_model_l": 32}
LEGACY_GPUS = {"standard": 1, "large_model": 1, "complex_model_m": 4, "complex_model_l": 8}
LEGACY_KINDS = {"gpu": "NVIDIA_TESLA_K80", "p100": "NVIDIA_TESLA_P100", "v100": "NVIDIA_TESLA_V100"}

TIERS = {
    "BASIC": ("", 0),
    "STANDARD_1": ("", 0),
    "PREMIUM_1": ("", 0),
    "BASIC_GPU": ("NVIDIA_TESLA_K80", 1),
    "BASIC_TPU": ("TPU_V2", 8),
}
"""Accelerators of the scale tiers that name no machine type."""


class Machine(Frozen):
    """What a machine has.

    Attributes:
        cores: that may be used.
        memory: bytes.
        gpus: name of each NVIDIA GPU.
    """

    cores: int
    memory: int
    gpus: tuple[str, ...] = ()

    def __str__(self) -> str:
        gpus = ", ".join(self.gpus) or "no GPU"
        return f"{self.cores} cores, {self.memory / GB:.0f} GB, {gpus}"


@dataclass(frozen=True)
class Wanted:
    """What a job asks for: cores and bytes (0 where it names no machine), kind and number of accelerators."""

    name: str
    cores: int = 0
    memory: float = 0.0
    kind: str = ""
    count: int = 0

    def __str__(self) -> str:
        parts = [f"{self.cores} cores, {self.memory / GB:.0f} GB"] if self.cores else []
        parts += [f"{self.count} x {self.kind}"] if self.count else []
        return f"{self.name} ({', '.join(parts) or 'any machine'})"


class Assignment(Frozen):
    """What a job gets.

    Attributes:
        accelerator: "cpu" or "cuda".
        devices: GPUs used; 0 on the processor.
        lines: how each wish was mapped, for people.
    """

    accelerator: str
    devices: int
    lines: tuple[str, ...]


def wanted(given: TrainingInput) -> list[Wanted]:
    """The machines that a job asks for, the master first.

    Raises:
        ValueError: a machine type that the service does not know.
    """
    if given.scale_tier != "CUSTOM":
        kind, count = TIERS[given.scale_tier]
        return [Wanted(f"scaleTier {given.scale_tier}", kind=kind, count=count)]
    roles = (
        ("masterType", given.master_type, given.master_config, 1),
        ("workerType", given.worker_type, given.worker_config, given.worker_count),
        ("evaluatorType", given.evaluator_type, given.evaluator_config, given.evaluator_count),
    )
    machines = []
    for role, type_name, config, count in roles:
        if type_name and count:
            one = _machine_type(role, type_name)
            accelerators = config.accelerator_config if config else None
            if accelerators and accelerators.count:
                one = Wanted(one.name, one.cores, one.memory, accelerators.type, accelerators.count)
            machines += [one] * count
    return machines


def _machine_type(role: str, name: str) -> Wanted:
    label = f"{role} {name}"
    match = re.fullmatch(r"[a-z]\d[a-z]?-(standard|highmem|highcpu)-(\d+)", name)
    if match:
        cores = int(match.group(2))
        return Wanted(label, cores, cores * GB_A_CORE[match.group(1)] * GB)
    if name == "cloud_tpu":
        return Wanted(label, kind="TPU_V2", count=8)
    if name == "TPU_V2":
        return Wanted(label, kind="TPU_V2", count=8)
    for base in sorted(LEGACY_CORES, key=len, reverse=True):
        rest = name.removeprefix(base).removeprefix("_")
        if name.startswith(base) and (not rest or rest in LEGACY_KINDS):
            cores = LEGACY_CORES[base]
            kind = LEGACY_KINDS.get(rest, "")
            return Wanted(
                label, cores, cores * GB_A_CORE["standard"] * GB, kind, LEGACY_GPUS.get(base, 0) if kind else 0
            )
    raise ValueError(
        f"{role} must be a Compute Engine type such as n1-standard-4, cloud_tpu, TPU_V2 or one of "
        f"{', '.join(LEGACY_CORES)} (with _gpu, _p100 or _v100), got {name!r}"
    )


def assign(given: TrainingInput, there: Machine, allow_substitute: bool = False) -> Assignment:
    """Map what a job asks for to the machine that there is.

    One process trains on one machine, with all GPUs asked for that there are. Parameter servers have no counterpart
    and are left out. A GPU of another model than the one named is taken for it; a TPU is replaced only by permission.

    Raises:
        ValueError: the machine falls short and no substitute is allowed; says in what, and what can be had.
    """
    machines = wanted(given)
    short = [problem for one in machines for problem in _shortfalls(one, there)]
    extra = [f"{one.name}: one machine trains" for one in machines[1:]]
    if (short or extra) and not (allow_substitute or given.allow_substitute):
        raise ValueError(
            f"this machine has {there}; it falls short of what was asked for: {'; '.join(short + extra)}; ask for "
            "scaleTier BASIC, or allow the nearest machine (--allow-substitute)"
        )
    asked = sum(one.count for one in machines)
    devices = min(asked, len(there.gpus))
    has = f"{devices} GPU ({', '.join(there.gpus[:devices])})" if devices else f"{there.cores} cores of the processor"
    lines = [f"{one} -> {has}" for one in machines]
    if given.parameter_server_count:
        lines.append(f"{given.parameter_server_count} parameter servers -> none are needed")
    return Assignment(accelerator="cuda" if devices else "cpu", devices=devices, lines=tuple(lines))


def _shortfalls(one: Wanted, there: Machine) -> list[str]:
    found = []
    if one.cores > there.cores:
        found.append(f"{one.name} has {one.cores} cores")
    if one.memory > there.memory:
        found.append(f"{one.name} has {one.memory / GB:.0f} GB of memory")
    if one.count and (one.kind.startswith("TPU") or one.count > len(there.gpus)):
        found.append(f"{one.name} has {one.count} x {one.kind}")
    return found
