"""Time one picture through the exported ONNX file against eager float32 PyTorch, in one run.

Both take the same letterboxed uint8 canvas and end with finished detections (network, decoding and suppression). Eager
PyTorch runs in inference mode, in its default memory layout and with pictures and weights turned to channels last. They
take turns, so that other load on the machine meets all of them. Run as `python benchmarks/onnx_speed.py`.
"""

import argparse
import copy
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from boxwright.engine import Engine
from boxwright.export.onnx import export_onnx
from boxwright.formats.sample import numbered_classes
from boxwright.models.build import BACKBONES
from boxwright.models.retinanet import RetinaNet, retinanet


def drawn_canvas(side: int) -> NDArray[np.uint8]:
    """uint8 (1, side, side, 3) with detail at several scales."""
    coarse = np.random.default_rng(0).integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)[None]


def drawn_detector(given: argparse.Namespace) -> RetinaNet:
    """A detector with random weights whose layers see numbers of ordinary size and which finds about 100 boxes."""
    torch.manual_seed(0)
    model = retinanet(BACKBONES[given.backbone](), given.classes, channels=given.channels, head_convs=given.head_convs)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        for head, bias in ((model.class_head, -4.0), (model.box_head, 0.0)):
            head.predictor.weight.normal_(std=(9 * given.channels) ** -0.5)
            head.load_state_dict({"predictor.bias": torch.full((len(head.predictor.weight),), bias)}, strict=False)
        model.train()(torch.from_numpy(drawn_canvas(given.size)).permute(0, 3, 1, 2).float().repeat(2, 1, 1, 1))
    return model.eval()


def eager(model: RetinaNet, canvas: NDArray[np.uint8], layout: torch.memory_format) -> Callable[[], int]:
    """A call that runs a copy of the model and gives the number of detections."""
    size, model = (canvas.shape[1], canvas.shape[2]), copy.deepcopy(model)
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)

    def call() -> int:
        with torch.inference_mode():
            images = torch.from_numpy(canvas).permute(0, 3, 1, 2).to(torch.float32, memory_format=layout)
            return int((model.decode(model(images), size).scores > 0).sum())

    return call


def milliseconds(calls: dict[str, Callable[[], int]], repeats: int) -> dict[str, list[float]]:
    """Times of each call, which take turns; each after a pause, in which the other's threads fall asleep."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 3):
        for name, call in calls.items():
            time.sleep(0.05)
            call()
            begin = time.perf_counter()
            call()
            if turn >= 3:
                times[name].append(1000 * (time.perf_counter() - begin))
    return times


def main() -> None:
    """Print the median times, their ratio and the number of detections of each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--backbone", default="efficientnet_lite0", choices=sorted(BACKBONES))
    options.add_argument("--size", type=int, default=320)
    options.add_argument("--channels", type=int, default=64)
    options.add_argument("--head-convs", type=int, default=3)
    options.add_argument("--classes", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeats", type=int, default=50)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    canvas, model = drawn_canvas(given.size), drawn_detector(given)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        ids = range(1, given.classes + 1)
        export_onnx(model, path, size=(given.size, given.size), class_ids=list(ids))
        with open(path, "rb") as file:
            stored, classes = file.read(), numbered_classes(given.classes)
    spinning = Engine(stored, classes, threads=given.threads)
    sleeping = Engine(stored, classes, threads=given.threads, spin=False)
    calls: dict[str, Callable[[], int]] = {
        "PyTorch, contiguous": eager(model, canvas, torch.contiguous_format),
        "PyTorch, channels last": eager(model, canvas, torch.channels_last),
        "ONNX Runtime": lambda: int(spinning.detect(canvas)["num_detections"][0]),
        "ONNX Runtime, no spinning": lambda: int(sleeping.detect(canvas)["num_detections"][0]),
    }
    times = milliseconds(calls, given.repeats)
    medians = {name: statistics.median(values) for name, values in times.items()}
    best = {name: min(values) for name, values in times.items()}
    lines = [
        f"{platform.machine()}, {given.threads} threads, Python {platform.python_version()}, torch {version('torch')}, "
        f"onnxruntime {version('onnxruntime')}",
        f"{given.backbone}, {given.channels} channels, {given.head_convs} head convolutions, {given.size} pixels",
        *(
            f"{name:25} median {medians[name]:7.1f} ms, fastest {best[name]:7.1f} ms, {calls[name]()} boxes"
            for name in calls
        ),
    ]
    eager_ones, runtimes = list(calls)[:2], list(calls)[2:]
    for name in eager_ones:
        for runtime in runtimes:
            ratios = medians[name] / medians[runtime], best[name] / best[runtime]
            lines.append(f"{name} / {runtime}: {ratios[0]:.2f} by medians, {ratios[1]:.2f} by fastest")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
