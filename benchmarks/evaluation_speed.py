"""Time the evaluation of one drawn set of predictions against pycocotools, end to end, in one run.

Both start from the same arrays in memory and end with COCO's twelve numbers. Ours also computes both VOC means and the
table of classes. Run as `python benchmarks/evaluation_speed.py`; it needs pycocotools.
"""

import argparse
import contextlib
import io
import platform
import time
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import COCO_NAMES, evaluate_detections


def drawn_set(pictures: int, classes: int, seed: int = 0) -> tuple[list[GroundTruth], list[Predictions]]:
    """Pictures of 640 x 480 with 0 to 14 boxes each, most of them found, some moved, doubled, confused or invented."""
    random = np.random.default_rng(seed)
    truth, predictions = [], []
    for _ in range(pictures):
        boxes = drawn_boxes(random, int(random.integers(0, 15)))
        labels = random.integers(0, classes, len(boxes))
        truth.append(GroundTruth(boxes, labels, random.random(len(boxes)) < 0.02))
        found = np.flatnonzero(random.random(len(boxes)) < 0.85)
        found = np.concatenate([found, found[random.random(len(found)) < 0.2]])
        sides = np.tile(boxes[found, 2:] - boxes[found, :2], 2)
        moved = boxes[found] + random.normal(0, 0.07, (len(found), 4)) * sides
        confused = np.where(random.random(len(found)) < 0.9, labels[found], random.integers(0, classes, len(found)))
        invented = drawn_boxes(random, int(random.integers(0, 6)))
        predictions.append(
            Predictions(
                np.concatenate([moved, invented]).astype(np.float32),
                random.random(len(moved) + len(invented)).astype(np.float32),
                np.concatenate([confused, random.integers(0, classes, len(invented))]),
            )
        )
    return truth, predictions


def drawn_boxes(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Boxes with sides from 8 to 300 pixels inside 640 x 480, float32 (count, 4) xyxy."""
    sides = np.exp(random.uniform(np.log(8), np.log(300), (count, 2)))
    corner = random.random((count, 2)) * (np.array([640, 480]) - sides)
    return np.concatenate([corner, corner + sides], axis=1).astype(np.float32)


def reference(truth: list[GroundTruth], predictions: list[Predictions], classes: int) -> NDArray[np.float64]:
    """The twelve numbers by pycocotools, from arrays."""
    with contextlib.redirect_stdout(io.StringIO()):
        labelled = COCO()
        labelled.dataset = {
            "images": [{"id": number} for number in range(1, len(truth) + 1)],
            "categories": [{"id": number} for number in range(1, classes + 1)],
            "annotations": annotations(truth),
        }
        labelled.createIndex()
        rows = np.concatenate([result_rows(number, one) for number, one in enumerate(predictions, 1)])
        evaluation = COCOeval(labelled, labelled.loadRes(rows) if len(rows) else COCO(), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.asarray(evaluation.stats, np.float64)


def annotations(truth: list[GroundTruth]) -> list[dict[str, object]]:
    """COCO's ground-truth dictionaries."""
    found: list[dict[str, object]] = []
    for number, one in enumerate(truth, 1):
        for box, label, crowd in zip(xywh(one.boxes).tolist(), one.labels.tolist(), one.crowd.tolist(), strict=True):
            place = {"id": len(found) + 1, "image_id": number, "bbox": box, "area": box[2] * box[3]}
            found.append({**place, "category_id": label + 1, "iscrowd": int(crowd)})
    return found


def result_rows(number: int, one: Predictions) -> NDArray[np.float64]:
    """One picture's predictions as pycocotools takes them: picture, x, y, width, height, score, category."""
    columns = [np.full(len(one.scores), number), xywh(one.boxes), one.scores, one.labels + 1]
    return np.column_stack(columns).astype(np.float64)


def xywh(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Corner form to x, y, width, height."""
    wide = np.asarray(boxes, np.float64)
    return np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1)


def processor() -> str:
    """The processor's name where the system tells it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Print both times, their ratio and the largest difference of the twelve numbers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=2000)
    options.add_argument("--classes", type=int, default=80)
    options.add_argument("--repeats", type=int, default=3, help="the fastest of so many is taken, of both")
    given = options.parse_args()
    truth, predictions = drawn_set(given.pictures, given.classes)
    our_seconds, their_seconds = [], []
    for _ in range(given.repeats):
        begin = time.perf_counter()
        ours = evaluate_detections(truth, predictions, given.classes)
        middle = time.perf_counter()
        theirs = reference(truth, predictions, given.classes)
        our_seconds.append(middle - begin)
        their_seconds.append(time.perf_counter() - middle)
    difference = max(abs(ours.values()[name] - value) for name, value in zip(COCO_NAMES, theirs, strict=True))
    boxes = sum(len(one.boxes) for one in truth)
    lines = [
        f"{processor()}, Python {platform.python_version()}, numpy {np.__version__}, hotcoco {version('hotcoco')}, "
        f"pycocotools {version('pycocotools')}",
        f"{given.pictures} pictures, {given.classes} classes, {boxes} labelled and {ours.predictions} predicted boxes",
        f"pycocotools {min(their_seconds):8.3f} s",
        f"boxwright   {min(our_seconds):8.3f} s",
        f"ratio       {min(their_seconds) / min(our_seconds):8.1f}",
        f"largest difference of the twelve numbers {difference:.1e}",
    ]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
