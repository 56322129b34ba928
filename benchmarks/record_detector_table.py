"""Record how well our detector learns over a grid of its arguments, which `benchmarks/tuning.py` searches.

Each row of the table is a real, short training run on drawn shapes: learning rate, batch size, weight decay, backbone,
and the AP of each of its evaluations. Runs come in a shuffled order, so that a table which was not finished is spread
over the grid; the same command goes on where it was stopped. Run as `python benchmarks/record_detector_table.py`,
or on two cores as `taskset -c 0 python benchmarks/record_detector_table.py --part 1/2` beside the same with core 1 and
part 2/2: such small pictures gain little from a second thread.
"""

import argparse
import csv
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from boxwright import formats
from boxwright.claim import claim
from boxwright.dataset.draw import draw_shapes
from boxwright.jobdir import Event, Job, JobDir
from boxwright.train import loop
from boxwright.train.run import train

TABLE = Path(__file__).with_name("detector_table.csv")

GRID: dict[str, tuple[str, ...]] = {
    "initial_learning_rate": ("0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3"),
    "train_batch_size": ("4", "8", "16"),
    "weight_decay": ("0.00001", "0.001", "0.03"),
    "backbone": ("efficientnet_lite0", "efficientnet_lite1", "resnet18"),
}
"""ResNet-18 starts from random weights, the others from ImageNet's."""

SIZE = (96, 128)
PICTURES = {"train": 160, "validation": 32}

STATISTICS_IMAGES = 32
"""For batch-norm statistics before an evaluation, instead of 128, which would take longer than the training here."""


def main() -> None:
    """Record what the table lacks."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--table", type=Path, default=TABLE)
    options.add_argument("--steps", type=int, default=48, help="training steps of a run")
    options.add_argument("--evaluations", type=int, default=6, help="of a run, evenly spaced")
    options.add_argument("--runs", type=int, default=0, help="stop after so many; 0 records the whole grid")
    options.add_argument("--part", default="1/1", help="of the grid, such as 1/2 and 2/2 for two processes at once")
    given = options.parse_args()
    loop.STATISTICS_IMAGES = STATISTICS_IMAGES
    with tempfile.TemporaryDirectory() as folder:
        for split, seed in (("train", 1), ("validation", 2)):
            samples = draw_shapes(PICTURES[split], SIZE, seed, ("circle", "square", "triangle"))
            formats.write(samples, folder, to="tfrecord", split=split)
        for done, row in enumerate(missing(given.table, *map(int, given.part.split("/"))), 1):
            start = time.perf_counter()
            curve = run(Path(folder), row, given.steps, given.steps // given.evaluations)
            add(given.table, row, curve)
            print(
                f"{done}: {row} AP {max(curve.values(), default=0):.4f} in {time.perf_counter() - start:.0f} s",
                flush=True,
            )
            if done == given.runs:
                return


def missing(table: Path, part: int, parts: int) -> Iterator[dict[str, str]]:
    """Points of one part of the grid that are not in the table, shuffled."""
    there = set()
    if table.exists():
        with open(table, newline="") as file:
            there = {tuple(row[name] for name in GRID) for row in csv.DictReader(file)}
    points = list(itertools.product(*GRID.values()))
    random.Random(0).shuffle(points)
    return (dict(zip(GRID, point, strict=True)) for point in points[part - 1 :: parts] if point not in there)


def run(folder: Path, row: dict[str, str], steps: int, every: int) -> dict[int, float]:
    """AP by training step of one run, without an export; ends where the loss is no longer finite."""
    curve: dict[int, float] = {}

    def listen(event: Event) -> None:
        if event.kind == "evaluation":
            curve[event.step] = float(event.values["AP"])

    with tempfile.TemporaryDirectory() as job:
        claim(
            JobDir(Path(job) / "job"),
            Job(algorithm="image_object_detection", arguments=arguments(folder, row, steps, every)),
        )
        try:
            train(JobDir(Path(job) / "job"), listen)
        except FloatingPointError as error:
            print(error)
    return curve


def arguments(folder: Path, row: dict[str, str], steps: int, every: int) -> dict[str, str]:
    """Arguments of a small, quick run."""
    return {
        "training_data_path": f"{folder}/train-*",
        "validation_data_path": f"{folder}/validation-*",
        "max_steps": str(steps),
        "train_steps_per_eval": str(every),
        "image_size": f"{SIZE[0]},{SIZE[1]}",
        "pretrained_checkpoint_path": "none" if row["backbone"] == "resnet18" else "imagenet",
        "fpn_channels": "32",
        "fpn_max_level": "5",
        "head_convs": "1",
        "learning_rate_decay_type": "cosine",
        "warmup_steps": "6",
        "warmup_learning_rate": "0",
        "ema": "0",
        "keep_checkpoints": "1",
        "accelerator": "cpu",
        **row,
    }


def add(table: Path, row: dict[str, str], curve: dict[int, float]) -> None:
    """Append a row; its curve is written as "6:0.0123 12:0.0456"."""
    fresh = not table.exists()
    with open(table, "a", newline="") as file:
        writer = csv.DictWriter(file, [*GRID, "AP"])
        if fresh:
            writer.writeheader()
        writer.writerow({**row, "AP": " ".join(f"{step}:{value:.5f}" for step, value in curve.items())})


if __name__ == "__main__":
    main()
