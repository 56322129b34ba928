"""How fast one trained detector answers: the engine, PyTorch, TensorFlow, and the server with 1 and 16 clients.

All take the same JPEG picture and end with finished detections in its pixels, and they take turns, so that other load
on the machine meets all of them.

    python benchmarks/serving_speed.py MODEL PICTURE [--size 320] [--seconds 10] [--rounds 3]

MODEL is a trained model's folder; its weights are exported once more for a square input of SIZE pixels. Needs torch and
TensorFlow, which the server does without.
"""

import argparse
import contextlib
import http.client
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tensorflow
import torch
from onnx_speed import milliseconds
from safetensors.torch import load_file
from serving_process import Serving

from boxwright import imaging, modeldir
from boxwright.engine import Engine
from boxwright.export.onnx import export_onnx
from boxwright.export.savedmodel import export_savedmodel
from boxwright.models.build import build_model
from boxwright.models.detector import Detector


def at_size(source: Path, folder: Path, side: int) -> Detector:
    """Write a model's ONNX file, SavedModel and card for a square input; gives the network."""
    card = modeldir.read_card(str(source))
    model = build_model(card.spec.model, card.spec.loss, len(card.classes)).eval()
    model.load_state_dict(load_file(source / modeldir.WEIGHTS))
    ids, size = [one.id for one in card.classes], (side, side)
    export_onnx(model, folder / modeldir.ONNX, size=size, class_ids=ids)
    export_savedmodel(model, folder, size=size, class_ids=ids)
    modeldir.write_card(str(folder), card.model_copy(update={"input_size": size, "digests": {}}))
    return model


def eager(model: Detector, encoded: bytes, side: int) -> Callable[[], int]:
    """A call of PyTorch in float32, in its default memory layout; gives the number of detections."""

    def call() -> int:
        canvas, _ = imaging.letterbox(imaging.decode(encoded), (side, side))
        with torch.inference_mode():
            images = torch.from_numpy(canvas)[None].permute(0, 3, 1, 2).float().contiguous()
            return int((model.decode(model(images), (side, side)).scores > 0).sum())

    return call


@contextlib.contextmanager
def savedmodel(folder: Path, encoded: bytes) -> Iterator[Callable[[], int]]:
    """A call of the SavedModel's signature in TensorFlow."""
    function = tensorflow.saved_model.load(str(folder)).signatures["serving_default"]
    pictures, keys = tensorflow.constant([encoded]), tensorflow.constant([b""])
    yield lambda: int(function(encoded_image=pictures, key=keys)["num_detections"].numpy()[0])


class Client(threading.Thread):
    """Sends one picture after another over one connection until a time; keeps the milliseconds of each."""

    def __init__(self, address: str, encoded: bytes, end: float) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.encoded, self.end, self.times = encoded, end, list[float]()

    def ask(self) -> int:
        self.connection.request("POST", "/invocations", self.encoded, {"Content-Type": "image/jpeg"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return len(body)

    def run(self) -> None:
        while (begin := time.perf_counter()) < self.end:
            self.ask()
            self.times.append(1000 * (time.perf_counter() - begin))
        self.connection.close()


def load(address: str, encoded: bytes, clients: int, seconds: float) -> list[float]:
    """Milliseconds of all requests of so many clients in so many seconds."""
    end = time.perf_counter() + seconds
    threads = [Client(address, encoded, end) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for thread in threads for one in thread.times]


def quantile(times: Sequence[float], share: float) -> float:
    """The value below which a share of the times lies."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def under_load(address: str, encoded: bytes, given: Any) -> list[str]:
    """Throughput and latency of 1 and 16 clients, which take turns."""
    rounds: dict[int, list[list[float]]] = {1: [], 16: []}
    for _ in range(given.rounds):
        for clients, times in rounds.items():
            times.append(load(address, encoded, clients, given.seconds))
    lines, rates = [], {}
    for clients, runs in rounds.items():
        times = [one for run in runs for one in run]
        rates[clients] = len(times) / (given.rounds * given.seconds)
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        lines.append(
            f"{clients:2} clients: {rates[clients]:6.1f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
            f"p99/p50 {p99 / p50:.2f}"
        )
    return [*lines, f"throughput of 16 clients / of 1: {rates[16] / rates[1]:.2f}"]


def compare(times: dict[str, list[float]]) -> list[str]:
    """Medians, and how they stand to the engine's."""
    base = statistics.median(times["engine"])
    lines = []
    for name, values in times.items():
        median = statistics.median(values)
        lines.append(f"{name:24} median {median:6.1f} ms, fastest {min(values):6.1f} ms, {median / base:.2f} x engine")
    return lines


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--options", default="", help="of boxwright serve, separated by blanks")
    given = parser.parse_args()
    encoded = given.picture.read_bytes()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", end="")
    print("".join(f", {name} {version(name)}" for name in ("torch", "tensorflow-cpu", "onnxruntime", "uvicorn")))
    with tempfile.TemporaryDirectory() as folder:
        model = at_size(given.model, Path(folder), given.size)
        engine, sleeping = Engine.load(folder), Engine.load(folder, spin=False)
        served = ["--access-log=", *given.options.split()]
        with Serving(folder, served) as serving, savedmodel(Path(folder), encoded) as tensorflow:
            client = Client(serving.address, encoded, 0)
            calls = {
                "engine": lambda: len(engine.predict(encoded).scores),
                "engine, threads sleep": lambda: len(sleeping.predict(encoded).scores),
                "PyTorch float32": eager(model, encoded, given.size),
                "SavedModel, TensorFlow": tensorflow,
                "server, one client": client.ask,
            }
            print("\n".join(compare(milliseconds(calls, given.repeats))))
            print("\n".join(under_load(serving.address, encoded, given)))


if __name__ == "__main__":
    main()
