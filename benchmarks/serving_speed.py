"""How fast one trained detector answers: the engine, PyTorch, TensorFlow, and the server with 1 and 16 clients.

All take the same JPEG picture and end with finished detections in its pixels, and they take turns in blocks of ten
calls, so that other load on the machine meets all of them.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tensorflow
import torch
from safetensors.torch import load_file
from serving_process import Serving

from boxwright import imaging, modeldir
from boxwright.engine import Engine
from boxwright.export.onnx import export_onnx
from boxwright.export.savedmodel import export_savedmodel
from boxwright.models.build import build_model
from boxwright.models.detector import Detector

PATH = "/invocations"


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


def in_blocks(calls: dict[str, Callable[[], int]], blocks: int, length: int = 10) -> dict[str, list[float]]:
    """Milliseconds of each call.

    One after another makes a block of calls, after a pause in which the others' threads fall asleep, and three calls
    that are not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(blocks):
        for name, call in calls.items():
            time.sleep(0.1)
            for turn in range(3 + length):
                begin = time.perf_counter()
                call()
                if turn >= 3:
                    times[name].append(1000 * (time.perf_counter() - begin))
    return times


class Client(threading.Thread):
    """Sends one picture after another over one connection until a time; keeps the milliseconds of each."""

    def __init__(self, address: str, encoded: bytes, end: float, path: str, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.encoded, self.end, self.times = encoded, end, list[float]()
        self.path, self.headers = path, {"Content-Type": "image/jpeg", **headers}

    def ask(self) -> int:
        self.connection.request("POST", self.path, self.encoded, self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return len(body)

    def run(self) -> None:
        while (begin := time.perf_counter()) < self.end:
            self.ask()
            self.times.append(1000 * (time.perf_counter() - begin))
        self.connection.close()


def load(
    address: str,
    encoded: bytes,
    clients: int,
    seconds: float,
    path: str = PATH,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> list[float]:
    """Milliseconds of all requests of so many clients in so many seconds."""
    end = time.perf_counter() + seconds
    threads = [Client(address, encoded, end, path, headers) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for thread in threads for one in thread.times]


def quantile(times: Sequence[float], share: float) -> float:
    """The value below which a share of the times lies."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def alone(call: Callable[[], int], seconds: float) -> list[float]:
    """Milliseconds of calls that follow each other for so many seconds."""
    times, end = [], time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def under_load(address: str, encoded: bytes, engine: Engine, given: Any) -> list[str]:
    """Rate and latency of the engine in this process, of 1 client and of 16, which take turns of some seconds."""
    ways: dict[str, Callable[[], list[float]]] = {
        "engine as it is served": lambda: alone(lambda: len(engine.predict(encoded).scores), given.seconds),
        "1 client": lambda: load(address, encoded, 1, given.seconds),
        "16 clients": lambda: load(address, encoded, 16, given.seconds),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            time.sleep(0.5)
            times[name] += way()
    lines, rates, medians = [], {}, {}
    for name, all_times in times.items():
        rates[name] = len(all_times) / (given.rounds * given.seconds)
        medians[name], p99 = quantile(all_times, 0.5), quantile(all_times, 0.99)
        lines.append(
            f"{name:24} {rates[name]:6.1f} /s, p50 {medians[name]:.1f} ms, p99 {p99:.1f} ms, "
            f"p99/p50 {p99 / medians[name]:.2f}"
        )
    added = medians["1 client"] / medians["engine as it is served"] - 1
    return [
        *lines,
        f"HTTP adds {added:.1%} to p50; throughput of 16 clients / of 1: {rates['16 clients'] / rates['1 client']:.2f}",
    ]


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
    parser.add_argument("--blocks", type=int, default=20)
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
            client = Client(serving.address, encoded, 0, PATH, {})
            calls = {
                "engine": lambda: len(engine.predict(encoded).scores),
                "engine, threads sleep": lambda: len(sleeping.predict(encoded).scores),
                "PyTorch float32": eager(model, encoded, given.size),
                "SavedModel, TensorFlow": tensorflow,
                "server, one client": client.ask,
            }
            print("\n".join(compare(in_blocks(calls, given.blocks))))
            print("\n".join(under_load(serving.address, encoded, sleeping, given)))


if __name__ == "__main__":
    main()
