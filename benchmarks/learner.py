"""Can a detector learn a handful of photographs by heart? One that cannot has a bug.

Trains on the first pictures of COCO128 and measures the same pictures with the evaluation of every run; the loop is
that of every run, too, with augmentation off. Prints a line at each evaluation and stops at the goal.

    python benchmarks/learner.py DATA --model=ssd300_vgg16 [--pictures 8] [--steps 600] [--goal 0.9]

DATA is COCO128 in YOLO layout. Training begins at ImageNet weights where `--pretrained` is given, else at random ones.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boxwright import formats
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.summary import known_classes, summarise
from boxwright.jobdir import Event, JobDir
from boxwright.spec.training import TrainSpec
from boxwright.train.loop import Stop, fit
from boxwright.train.machine import keep_freed_memory, this_machine
from boxwright.train.run import LabelledData, prepare

SSD: Mapping[str, object] = {
    "architecture": "ssd",
    "image_size": (300, 300),
    "nms_iou_threshold": 0.45,
    "nms_score_threshold": 0.01,
    "max_num_bboxes_in_prediction": 200,
}
MODELS: dict[str, Mapping[str, object]] = {
    "ssd300_vgg16": {**SSD, "backbone": "vgg16"},
    "ssd300_resnet50": {**SSD, "backbone": "resnet50"},
    "ssd300_lite0": {**SSD, "backbone": "efficientnet_lite0"},
    "retinanet_lite0": {"backbone": "efficientnet_lite0", "image_size": (320, 320), "fpn_channels": 64},
    "nasfpn_lite0": {
        "backbone": "efficientnet_lite0",
        "image_size": (384, 384),
        "fpn_type": "nasfpn",
        "fpn_channels": 64,
        "anchor_size": 3.0,
    },
}
"""Settings of the detectors that can be chosen."""


@dataclass
class Watch:
    """Prints evaluations and stops at the goal."""

    goal: float
    start: float = field(default_factory=time.perf_counter)
    best: float = 0.0
    losses: str = ""

    def __call__(self, event: Event) -> Stop | None:
        """Take note of one event of the run."""
        if event.kind == "train":
            self.losses = f"loss {event.values['class_loss']:.3f} + {event.values['box_loss']:.3f}"
        if event.kind != "evaluation":
            return None
        found = float(event.values["AP50"])
        self.best = max(self.best, found)
        print(
            f"step {event.step}: {self.losses}, AP50 {found:.4f}, AP {float(event.values['AP']):.4f}, "
            f"{time.perf_counter() - self.start:.0f} s",
            flush=True,
        )
        return Stop.EARLY if found >= self.goal else None


def read(path: str, split: str, count: int) -> LabelledData:
    """The first pictures of a split that have a box, as training and as validation data."""
    dataset = formats.read(path, split=split)
    classes = len(dataset.classes)
    checked, _ = summarise(dataset, classes)
    usable = [index for index, sample in enumerate(checked) if sample.usable and len(sample.boxes)]
    pictures = CheckedPictures(dataset, checked, tuple(usable[:count]))
    return LabelledData(pictures, pictures, known_classes(dataset.classes, classes), "")


def spec_of(given: argparse.Namespace, data: LabelledData) -> TrainSpec:
    """The run: no augmentation, adam, a short warm-up, then a cosine."""
    machine = this_machine(given.accelerator)
    path = "imagenet" if given.pretrained else "none"
    return TrainSpec.model_validate(
        {
            "data": {
                "training_data_path": given.data,
                "validation_data_path": given.data,
                "num_classes": len(data.classes),
            },
            "model": {**MODELS[given.model], "pretrained_checkpoint_path": path},
            "augmentation": {"aug_rand_hflip": False},
            "optimization": {
                "train_batch_size": given.batch,
                "max_steps": given.steps,
                "warmup_steps": min(50, given.steps - 1),
                "warmup_learning_rate": given.rate / 50,
                "initial_learning_rate": given.rate,
                "learning_rate_decay_type": "cosine",
                "optimizer_type": "adam",
                "weight_decay": 0.0,
                "gradient_clip": 10.0,
            },
            "evaluation": {"train_steps_per_eval": given.every},
            "machine": {
                "accelerator": machine.accelerator,
                "precision": "bfloat16" if machine.bfloat16 else "float32",
            },
        }
    )


def main() -> None:
    """Train until the goal or the last step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--accelerator")
    parser.add_argument("--pretrained", action="store_true")
    given = parser.parse_args()
    keep_freed_memory()
    data = read(given.data, given.split, given.pictures)
    watch = Watch(given.goal)
    with tempfile.TemporaryDirectory() as folder:
        fit(prepare(spec_of(given, data), data, JobDir(Path(folder) / "job"), watch))
    verdict = "is reached" if watch.best >= given.goal else "is NOT reached"
    print(f"{given.model}: AP50 {watch.best:.4f} on {len(data.training)} pictures; the goal of {given.goal} {verdict}")


if __name__ == "__main__":
    main()
