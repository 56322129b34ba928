"""Decode, augment and batch training pictures on one core, against Pillow and torchvision's transforms.v2, in one run.

All get the same encoded pictures and boxes from memory and end with a normalised float32 batch and its boxes: decoded,
flipped left to right half of the time, scaled by 0.8 to 1.2 times the fit into the canvas, randomly cropped or padded,
with random brightness, contrast and saturation. They take turns batch by batch; processor seconds are compared, which
are those of the clock on a free core, and medians count. torchvision is timed in three ways, and the ratio is to the
fastest of them.

    pip install --no-deps --target PEERS torchvision==0.28.0
    PYTHONPATH=PEERS python benchmarks/input_speed.py ../shared/data/bccd [--batch 8] [--batches 30]
"""

import argparse
import io
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision_peer import load_torchvision

from boxwright import formats, imaging
from boxwright.data.batches import TrainingBatches
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.summary import summarise
from boxwright.spec.training import AugmentationSpec
from boxwright.train.evaluate import as_input
from boxwright.train.machine import keep_freed_memory

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OURS = "boxwright"
SCALE = (0.8, 1.2)
COLOUR = 0.3

Labelled = tuple[bytes, NDArray[np.float32], NDArray[np.int64]]
MakeBatch = Callable[[int], Any]
"""Makes the batch of a step: the images, float32 (N, 3, H, W), and their boxes and labels."""


def loader(pictures: Sequence[Labelled], size: tuple[int, int], batch_size: int, colour: float) -> TrainingBatches:
    """Our uint8 batches, as they are handed to the training step."""
    spec = AugmentationSpec(aug_scale_min=SCALE[0], aug_scale_max=SCALE[1], aug_color=colour)
    return TrainingBatches(pictures, size, batch_size, spec, 0, 100)


def normalised(batches: TrainingBatches) -> MakeBatch:
    """Our batches, up to what the model's backbone sees: it normalises them itself."""
    mean, std = (255 * torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))

    def make(step: int) -> Any:
        batch = batches[step]
        return as_input(batch, torch.device("cpu")).sub_(mean).div_(std), batch.boxes, batch.labels

    return make


def theirs(pictures: Sequence[Labelled], batch_size: int, transform: Callable[..., Any]) -> MakeBatch:
    """Pillow's pictures through a torchvision transform."""
    tv_tensors = load_torchvision().tv_tensors
    orders = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0)).tolist()

    def make(step: int) -> Any:
        images, targets = [], []
        for position in range(step * batch_size, (step + 1) * batch_size):
            encoded, boxes, labels = pictures[orders[position % len(orders)]]
            image = Image.open(io.BytesIO(encoded)).convert("RGB")
            around = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(image.height, image.width))
            image, target = transform(image, {"boxes": around, "labels": torch.from_numpy(labels)})
            images.append(image)
            targets.append(target)
        return torch.stack(images), targets

    return make


def transforms(torchvision: ModuleType, size: tuple[int, int], colour: float, *, pil: bool, smooth: bool) -> Any:
    """The same changes by transforms.v2: on Pillow's pictures (`pil`) or on tensors, `smooth` with antialiasing."""
    v2 = torchvision.transforms.v2
    changes = [
        v2.RandomHorizontalFlip(0.5),
        v2.ScaleJitter(size, SCALE, antialias=smooth),
        v2.RandomCrop(size, pad_if_needed=True, fill=imaging.PAD_COLOUR),
    ]
    if colour:
        changes.append(v2.ColorJitter(brightness=colour, contrast=colour, saturation=colour))
    ending = [
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, STD, inplace=True),
        v2.ClampBoundingBoxes(),
        v2.SanitizeBoundingBoxes(),
    ]
    order = [*changes, v2.ToImage(), *ending] if pil else [v2.ToImage(), *changes, *ending]
    return v2.Compose(order)


def contenders(pictures: Sequence[Labelled], size: tuple[int, int], batch: int, colour: float) -> dict[str, MakeBatch]:
    """Ours, and torchvision's three ways."""
    torchvision = load_torchvision()
    ways = {
        "torchvision on tensors": {"pil": False, "smooth": True},
        "torchvision on tensors, not antialiased": {"pil": False, "smooth": False},
        "torchvision on Pillow pictures": {"pil": True, "smooth": True},
    }
    peers = {name: theirs(pictures, batch, transforms(torchvision, size, colour, **way)) for name, way in ways.items()}
    own = loader(pictures, size, batch, colour)
    return {OURS: normalised(own), "boxwright, up to its uint8 batch": own.__getitem__, **peers}


def take_turns(makers: dict[str, MakeBatch], batches: int) -> dict[str, float]:
    """Median processor seconds of a batch, after one to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    for step in range(batches + 1):
        for name, make in makers.items():
            start = time.process_time()
            make(step)
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def use_one_core() -> None:
    """Keep this process and its libraries to one core and one thread."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def main() -> None:
    """Print a table with and without the random colours, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--split", default="trainval")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--size", type=int, nargs=2, default=(288, 384), metavar=("HEIGHT", "WIDTH"))
    given = parser.parse_args()
    use_one_core()
    keep_freed_memory()
    dataset = formats.read(given.data, split=given.split)
    checked, _ = summarise(dataset, len(dataset.classes))
    stored = CheckedPictures.of(dataset, checked)
    pictures = [stored[index] for index in range(len(stored))]
    size = (given.size[0], given.size[1])
    versions = f"OpenCV {cv2.__version__}, Pillow {PIL.__version__}, torchvision {load_torchvision().__version__}"
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {versions}")
    print(f"{len(pictures)} pictures on a canvas of {size[0]} x {size[1]}, batches of {given.batch}")
    for title, colour in (("with random colours", COLOUR), ("without", 0.0)):
        seconds = take_turns(contenders(pictures, size, given.batch, colour), given.batches)
        print(f"\n| {title} | ms a picture | pictures a second | times slower |\n|---|---:|---:|---:|")
        for name, each in seconds.items():
            times = each / seconds[OURS]
            print(f"| {name} | {1e3 * each / given.batch:.2f} | {given.batch / each:.0f} | {times:.2f} |")
        fastest = min(each for name, each in seconds.items() if not name.startswith(OURS))
        print(f"\nratio to the fastest of torchvision: {fastest / seconds[OURS]:.2f}")


if __name__ == "__main__":
    main()
