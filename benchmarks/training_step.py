"""Training step of RetinaNet ResNet-50-FPN against torchvision's, in images a second, in one run.

Both train on random pictures with the same boxes, 20 classes, plain SGD, from random weights. Each contender is a
process of its own, as a user would run it; they take turns step by step, and the median step counts. Ours keeps freed
memory as every run of ours does; torchvision is timed with the C library's own settings and with ours.

    pip install --no-deps --target PEERS torchvision==0.28.0
    PYTHONPATH=PEERS python benchmarks/training_step.py [--batch 2] [--size 512] [--steps 7]
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import torch
from torchvision_peer import load_torchvision

from boxwright.models.build import build_model
from boxwright.models.detector import Targets
from boxwright.spec.training import LossSpec, ModelSpec, OptimizationSpec
from boxwright.train.freezing import training_mode
from boxwright.train.machine import keep_freed_memory

BOXES = torch.tensor([[10.0, 10, 150, 150], [60, 60, 200, 260]])
LABELS = torch.tensor([1, 2])
BASE = "torchvision float32"

Step = Callable[[], None]


def torchvision_training(model: Any, batch: int, size: int) -> Step:
    """A step of a detector of torchvision over what can be trained of it."""
    images = [torch.rand(3, size, size) for _ in range(batch)]
    targets = [{"boxes": BOXES, "labels": LABELS}] * batch
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-4)

    def step() -> None:
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def boxwright_training(spec: ModelSpec, optimization: OptimizationSpec, batch: int, *, bfloat16: bool) -> Step:
    """A step of our detector over what can be trained of it."""
    keep_freed_memory()
    model = build_model(spec, LossSpec(), 20).to(memory_format=torch.channels_last)
    training_mode(model, optimization)
    size = spec.image_size
    images = (torch.rand(batch, *size, 3) * 255).permute(0, 3, 1, 2)
    targets = Targets(BOXES.expand(batch, -1, -1), (LABELS - 1).expand(batch, -1))
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-4)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            outputs = model(images)
        loss = model.loss(outputs, targets, size)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def torchvision_step(batch: int, size: int, *, keep: bool = False, frozen: bool = False) -> Step:
    """torchvision's retinanet_resnet50_fpn in float32; stem and first stage `frozen`, `keep` freed memory as we do."""
    if keep:
        keep_freed_memory()
    detection = load_torchvision().models.detection
    options = {"weights": None, "weights_backbone": None, "num_classes": 21, "min_size": size, "max_size": size}
    model = detection.retinanet_resnet50_fpn(**options).train()
    # torchvision freezes only where weights are given.
    for name, parameter in model.backbone.body.named_parameters():
        if frozen and name.startswith(("conv1", "bn1", "layer1")):
            parameter.requires_grad_(False)
    return torchvision_training(model, batch, size)


def boxwright_step(batch: int, size: int, *, bfloat16: bool, frozen_stages: int = 0) -> Step:
    """Ours with the backbone's batch-norm statistics kept, as a default run on pretrained weights does."""
    optimization = OptimizationSpec(freeze_batch_norm=True, frozen_stages=frozen_stages)
    return boxwright_training(
        ModelSpec(backbone="resnet50", image_size=(size, size)), optimization, batch, bfloat16=bfloat16
    )


CONTENDERS = {
    BASE: torchvision_step,
    "torchvision float32, freed memory kept": partial(torchvision_step, keep=True),
    "torchvision float32, stem and first stage frozen": partial(torchvision_step, frozen=True),
    "boxwright float32": partial(boxwright_step, bfloat16=False),
    "boxwright float32, stem and first stage frozen (default)": partial(
        boxwright_step, bfloat16=False, frozen_stages=2
    ),
    "boxwright bfloat16": partial(boxwright_step, bfloat16=True),
    "boxwright bfloat16, stem and first stage frozen (default)": partial(
        boxwright_step, bfloat16=True, frozen_stages=2
    ),
}


def contend(make: Callable[[int, int], Step], batch: int, size: int, turns: Connection) -> None:
    """In a process of its own: run and time a step whenever asked."""
    step = make(batch, size)
    while turns.recv():
        start = time.perf_counter()
        step()
        turns.send(time.perf_counter() - start)


def measure(
    contenders: Mapping[str, Callable[[int, int], Step]], batch: int, size: int, steps: int
) -> dict[str, float]:
    """Median seconds of a step of each contender; the first step of each is not counted."""
    spawn = multiprocessing.get_context("spawn")
    ends = {}
    for name, make in contenders.items():
        ours, theirs = spawn.Pipe()
        spawn.Process(target=contend, args=(make, batch, size, theirs), daemon=True).start()
        ends[name] = ours
    seconds: dict[str, list[float]] = {name: [] for name in ends}
    for _ in range(steps + 1):
        for name, end in ends.items():
            end.send(True)
            seconds[name].append(end.recv())
    for end in ends.values():
        end.send(False)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def table(medians: Mapping[str, float], base: str, *, batch: int, size: int) -> str:
    """What was measured, in lines of Markdown, against the contender `base`."""
    lines = [
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {batch}, size {size}\n",
        "| training step | seconds | images a second | against torchvision |\n|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {median:.3f} | {batch / median:.2f} | {medians[base] / median:.2f} |"
        for name, median in medians.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Time all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=7)
    given = parser.parse_args()
    medians = measure(CONTENDERS, given.batch, given.size, given.steps)
    print(table(medians, BASE, batch=given.batch, size=given.size))


if __name__ == "__main__":
    main()
