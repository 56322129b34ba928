"""What this machine has, and settings of the process that make it train faster."""

import ctypes
import importlib.util
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from boxwright.models.build import build_model
from boxwright.spec.training import TrainSpec
from boxwright.train.freezing import training_mode

# glibc's mallopt parameters, malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


@dataclass(frozen=True)
class Machine:
    """Facts that a run's settings may depend on.

    Attributes:
        accelerator: "cuda", "mps" or "cpu", whichever is there, in this order.
        name: of the processor or card.
        cores: usable by this process.
        memory: bytes free for training on the accelerator.
        bfloat16: whether bfloat16 arithmetic is done in hardware.
    """

    accelerator: str
    name: str
    cores: int
    memory: int
    bfloat16: bool


def this_machine(accelerator: str | None = None) -> Machine:
    """Look at the machine; `accelerator` overrides what it would choose.

    Raises:
        ValueError: the accelerator is not there.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": _has_mps(), "cpu": True, "tpu": _has_tpu()}
    there = [name for name, here in found.items() if here]
    chosen = accelerator or there[0]
    if chosen not in there:
        raise ValueError(f"accelerator={chosen} is not available on this machine; there is {', '.join(there)}")
    if chosen == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return Machine(chosen, torch.cuda.get_device_name(), _cores(), free, torch.cuda.is_bf16_supported())
    memory = psutil.virtual_memory().available
    return Machine(chosen, platform.processor() or platform.machine(), _cores(), memory, _cpu_bfloat16())


def _cores() -> int:
    """Cores that this process may use; OMP_NUM_THREADS, as for other programs, makes them fewer."""
    there = psutil.Process().cpu_affinity() if hasattr(psutil.Process, "cpu_affinity") else []
    cores = len(there or []) or psutil.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(asked)) if asked.isdecimal() and int(asked) else cores


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _has_tpu() -> bool:
    return importlib.util.find_spec("torch_xla") is not None


def _cpu_bfloat16() -> bool:
    # oneDNN computes bfloat16 convolutions in hardware from AVX512-BF16 or AMX on; without, float32 is faster.
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    amx = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool((check and check()) or (amx and amx()))


def seconds_since_start() -> float:
    """Age of this process."""
    return time.time() - float(psutil.Process().create_time())


def peak_memory() -> int:
    """Most bytes of main memory that this process has held at once."""
    kilo = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilo


def memory_held(accelerator: str) -> dict[str, int]:
    """Bytes that this process holds now: `memory` of main memory, and `gpu_memory` where it trains on a GPU."""
    found = {"memory": int(psutil.Process().memory_info().rss)}
    return found | {"gpu_memory": int(torch.cuda.memory_reserved())} if accelerator == "cuda" else found


def peak_device_memory(accelerator: str) -> int:
    """Most bytes that this process has held at once on a GPU; 0 on others."""
    return int(torch.cuda.max_memory_reserved()) if accelerator == "cuda" else 0


def keep_freed_memory() -> None:
    """Tell the C library to reuse large freed blocks instead of giving them back to the system.

    PyTorch frees and asks for its large activations at every step. glibc maps each anew, and the page faults cost
    more than the arithmetic: a ReLU6 over (16, 96, 160, 160) in bfloat16 took 48 ms with them and 7 ms without.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc: Any = ctypes.CDLL("libc.so.6")
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, 1 << 30)
    libc.mallopt(M_TOP_PAD, 64 << 20)


def release_freed_memory() -> None:
    """Give freed blocks back to the system, after `keep_freed_memory` and before work of another kind."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def bytes_for_backward(model: nn.Module, images: Tensor) -> int:
    """Bytes that a training step on `images` keeps between forward and backward pass, measured.

    Args:
        model: in training mode.
        images: (N, 3, H, W).
    """
    seen: dict[int, int] = {}

    def remember(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    parameters = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(remember, lambda tensor: tensor):
        outputs = model(images)
    del outputs
    return sum(size for address, size in seen.items() if address not in parameters)


MEMORY_SHARE = 0.6
"""Of the free memory, what a run may take."""

WORK_FACTOR = 2.5
"""Peak of a training step over what is kept for the backward pass: gradients and temporaries, seen to be below 2."""


def pictures_that_fit(spec: TrainSpec) -> int:
    """Pictures of a training step that fit into free memory, from the measured need of one.

    An evaluation keeps nothing for a backward pass, so a batch of it with as many pictures fits as well.
    """
    model = build_model(spec.model, spec.loss, max(1, spec.data.num_classes))
    training_mode(model, spec.optimization)
    images = torch.zeros(2, 3, *spec.model.image_size)
    with torch.autocast("cpu", torch.bfloat16, enabled=spec.machine.precision == "bfloat16"):
        need = bytes_for_backward(model, images) / len(images)
    fixed = 5 * sum(parameter.nbytes for parameter in model.parameters())
    free = this_machine(spec.machine.accelerator).memory
    return max(1, int((MEMORY_SHARE * free - fixed) / (need * WORK_FACTOR)))
