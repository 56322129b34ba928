"""Training step of SSD300 on VGG-16 against torchvision's, in images a second, in one run.

Both train on random pictures of 300 pixels with the same boxes, 20 classes, plain SGD, from random weights. Each
contender is a process of its own, as a user would run it; they take turns step by step, and the median step counts.
Ours keeps freed memory as every run of ours does; torchvision is timed with the C library's own settings and with ours.

    pip install --no-deps --target PEERS torchvision==0.28.0
    PYTHONPATH=PEERS python benchmarks/ssd_step.py [--batch 4] [--steps 7]
"""

import argparse
from functools import partial

from torchvision_peer import load_torchvision
from training_step import Step, boxwright_training, measure, table, torchvision_training

from boxwright.spec.training import ModelSpec, OptimizationSpec
from boxwright.train.machine import keep_freed_memory

SIZE = 300
BASE = "torchvision float32"


def torchvision_step(batch: int, size: int, *, keep: bool = False) -> Step:
    """torchvision's ssd300_vgg16 in float32; `keep` freed memory as we do."""
    if keep:
        keep_freed_memory()
    detection = load_torchvision().models.detection
    # Without weights torchvision freezes nothing.
    model = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=21).train()
    return torchvision_training(model, batch, size)


def boxwright_step(batch: int, size: int, *, bfloat16: bool) -> Step:
    """Ours, with all layers trained."""
    spec = ModelSpec(architecture="ssd", backbone="vgg16", image_size=(size, size))
    return boxwright_training(spec, OptimizationSpec(), batch, bfloat16=bfloat16)


CONTENDERS = {
    BASE: torchvision_step,
    "torchvision float32, freed memory kept": partial(torchvision_step, keep=True),
    "boxwright float32": partial(boxwright_step, bfloat16=False),
    "boxwright bfloat16 (default)": partial(boxwright_step, bfloat16=True),
}


def main() -> None:
    """Time all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=7)
    given = parser.parse_args()
    medians = measure(CONTENDERS, given.batch, SIZE, given.steps)
    print(table(medians, BASE, batch=given.batch, size=SIZE))


if __name__ == "__main__":
    main()
