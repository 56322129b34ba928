"""Training step of RetinaNet ResNet-50-FPN against torchvision's, images a second, in one run.

Both train on the same random pictures and boxes, 21 classes as torchvision counts them (20 and background), SGD
without momentum, all weights trainable, from random weights. The two take turns, and the median step counts.

    pip install --no-deps --target PEERS torchvision==0.28.0
    PYTHONPATH=PEERS python benchmarks/training_step.py [--batch 2] [--size 512] [--steps 7]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torchvision_peer import load_torchvision

from boxwright.models.build import build_model
from boxwright.models.retinanet import Targets
from boxwright.spec.training import LossSpec, ModelSpec
from boxwright.train.machine import keep_freed_memory

BOXES = torch.tensor([[10.0, 10, 150, 150], [60, 60, 200, 260]])
LABELS = torch.tensor([1, 2])


def torchvision_step(batch: int, size: int) -> Callable[[], None]:
    """One training step of torchvision's retinanet_resnet50_fpn in float32."""
    detection = load_torchvision().models.detection
    options = {"weights": None, "weights_backbone": None, "num_classes": 21, "min_size": size, "max_size": size}
    model = detection.retinanet_resnet50_fpn(**options).train()
    images = [torch.rand(3, size, size) for _ in range(batch)]
    targets = [{"boxes": BOXES, "labels": LABELS}] * batch
    optimizer = torch.optim.SGD(model.parameters(), 1e-4)

    def step() -> None:
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def boxwright_step(batch: int, size: int, *, bfloat16: bool, frozen: bool) -> Callable[[], None]:
    """One training step of ours; `frozen` keeps the backbone's batch-norm statistics, as a default run does."""
    spec = ModelSpec(backbone="resnet50", image_size=(size, size))
    model = build_model(spec, LossSpec(), 20).to(memory_format=torch.channels_last).train()
    if frozen:
        model.backbone.eval()
    images = (torch.rand(batch, size, size, 3) * 255).permute(0, 3, 1, 2)
    targets = Targets(BOXES.expand(batch, -1, -1), (LABELS - 1).expand(batch, -1))
    optimizer = torch.optim.SGD(model.parameters(), 1e-4)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            outputs = model(images)
        loss = model.loss(outputs, targets, (size, size))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def main() -> None:
    """Time the four and print the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=7)
    given = parser.parse_args()
    before = torchvision_step(given.batch, given.size)
    before()  # torchvision runs once with the C library's own settings, which are then changed for all
    plain = timed(before, 3)
    keep_freed_memory()
    steps = {
        "torchvision float32": before,
        "boxwright float32, batch norm trained": boxwright_step(given.batch, given.size, bfloat16=False, frozen=False),
        "boxwright float32": boxwright_step(given.batch, given.size, bfloat16=False, frozen=True),
        "boxwright bfloat16 (default)": boxwright_step(given.batch, given.size, bfloat16=True, frozen=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(given.steps + 1):
        for name, step in steps.items():
            seconds[name] += timed(step, 1)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {given.batch}, size {given.size}")
    print("| step | seconds | img/s | against torchvision |\n|---|---|---|---|")
    base = medians["torchvision float32"]
    alone = statistics.median(plain)
    print(
        f"| torchvision float32, C library's defaults | {alone:.3f} | {given.batch / alone:.2f} | {base / alone:.2f} |"
    )
    for name, median in medians.items():
        print(f"| {name} | {median:.3f} | {given.batch / median:.2f} | {base / median:.2f} |")


def timed(step: Callable[[], None], count: int) -> list[float]:
    """Seconds of each of `count` calls."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
