"""The int8 model of a folder against its float32 model, in one run: time of a picture, and AP on labelled pictures.

Both take the same letterboxed picture and end with finished detections; they take turns, so that other load on the
machine meets both. Where the folder has no int8 model that its card describes, one is exported into a temporary copy.

    python benchmarks/int8.py MODEL DATA [--threads 2] [--repeats 50]

MODEL is a model's folder such as JOB_DIR/model, DATA labelled pictures that it was not trained on.
"""

import argparse
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boxwright import formats, imaging, modeldir
from boxwright.engine import Engine
from boxwright.export.again import export_again
from boxwright.measure import measure

GOAL_RATIO = 1.5
GOAL_DROP = 0.01
PAUSE = 0.02
"""Seconds before each pair of calls, in which the other engine's threads fall asleep."""


@contextmanager
def folder_with_int8(folder: str, data: str) -> Iterator[str]:
    """The folder itself, or a copy with a new ONNX file and an int8 one, whatever AP that loses."""
    card = modeldir.read_card(folder)
    if "int8" in card.variants and card.digests:
        yield folder
        return
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "model"
        copy.mkdir()
        for name in (modeldir.CARD, modeldir.WEIGHTS):
            shutil.copy(Path(folder) / name, copy / name)
        export_again(str(copy), ["onnx", "onnx-int8"], data=data, max_ap_drop=1.0)
        yield str(copy)


def paired(engines: dict[str, Engine], canvas: NDArray[np.uint8], repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each engine's calls in turn; the first three rounds warm up."""
    times: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(repeats + 3):
        for name, engine in engines.items():
            time.sleep(PAUSE)
            engine.detect(canvas)
            begin = time.perf_counter()
            engine.detect(canvas)
            if turn >= 3:
                times[name].append(1000 * (time.perf_counter() - begin))
    return times


def main() -> None:
    """Print times, ratios and AP."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("data")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeats", type=int, default=50)
    given = options.parse_args()
    picture = imaging.decode(next(iter(formats.read(given.data))).encoded)
    with folder_with_int8(given.model, given.data) as folder:
        card = modeldir.read_card(folder)
        variants = {"float32": "", "int8": "int8"}
        engines = {name: Engine.load(folder, threads=given.threads, variant=key) for name, key in variants.items()}
        canvas, _ = imaging.letterbox(picture, card.input_size)
        times = paired(engines, canvas[None], given.repeats)
        found = {name: measure(folder, given.data, variant=key).metrics for name, key in variants.items()}
    model = card.spec.model
    print(
        f"{platform.machine()}, {given.threads} threads, Python {platform.python_version()}, "
        f"onnxruntime {version('onnxruntime')}"
    )
    print(
        f"{model.architecture}, {model.backbone}, {model.fpn_type}, {card.input_size[0]} x {card.input_size[1]} pixels"
    )
    for name, values in times.items():
        print(
            f"{name:8} median {statistics.median(values):6.1f} ms, fastest {min(values):6.1f} ms, "
            f"AP {found[name].AP:.4f}, AP50 {found[name].AP50:.4f} on {found[name].pictures} pictures"
        )
    pairs = [slow / fast for slow, fast in zip(times["float32"], times["int8"], strict=True)]
    ratio, best = statistics.median(pairs), min(times["float32"]) / min(times["int8"])
    drop = found["float32"].AP - found["int8"].AP
    print(f"float32 / int8: {ratio:.2f} by the median of pairs, {best:.2f} by fastest; goal {GOAL_RATIO}")
    print(f"AP lost: {drop:.4f}; goal at most {GOAL_DROP}")


if __name__ == "__main__":
    main()
