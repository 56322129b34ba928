"""Running a trained model over picture files: boxes as JSON lines, and pictures with the boxes drawn."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import cv2

from boxwright import files, imaging
from boxwright.engine import Engine, Prediction
from boxwright.page import COLOURS, DrawnBox, draw_boxes

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")


def picture_paths(patterns: Sequence[str]) -> list[str]:
    """Pictures that files, wildcards and folders name.

    Raises:
        FileNotFoundError: a pattern that matches nothing.
    """
    paths: list[str] = []
    for pattern in patterns:
        if files.is_folder(pattern):
            inside = [path for path in files.entries(pattern) if path.lower().endswith(SUFFIXES)]
            if not inside:
                raise FileNotFoundError(f"no picture ({', '.join(SUFFIXES)}) in the folder {pattern}")
            paths += [files.join(pattern, path) for path in inside]
        else:
            paths += files.expand(pattern)
    return paths


def drawing_names(paths: Sequence[str]) -> list[str]:
    """A PNG file's name for each picture: its own, with a number where an earlier one took it."""
    taken: dict[str, None] = {}
    for path in paths:
        stem = Path(path).stem
        free = (f"{stem}_{number}.png" for number in count(2))
        taken[next(name for name in chain([f"{stem}.png"], free) if name not in taken)] = None
    return list(taken)


@dataclass(frozen=True)
class Predicted:
    """A picture and what was found in it."""

    path: str
    encoded: bytes
    found: Prediction


@dataclass(frozen=True)
class Unread:
    """A picture that could not be read, and why."""

    path: str
    reason: str


def predict_files(folder: str, paths: Sequence[str]) -> Iterator[Predicted | Unread]:
    """The detections of each picture by the model of a folder; one bad picture does not end the rest.

    Raises:
        OSError, ValueError: a model that cannot be read.
    """
    engine = Engine.load(folder)
    for path in paths:
        try:
            encoded = files.read_bytes(path)
            one = Predicted(path, encoded, engine.predict(encoded))
        except (OSError, ValueError) as error:
            yield Unread(path, getattr(error, "strerror", None) or str(error))
            continue
        yield one


def as_json(one: Predicted, threshold: float = 0.0) -> str:
    """One line: the picture, its stored size in pixels, and its boxes, best first, xyxy in pixels of it."""
    header, found = imaging.header(one.encoded), one.found
    boxes: list[dict[str, Any]] = [
        {
            "class_id": kind.id,
            "class": kind.name,
            "score": round(float(score), 5),
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), (round(float(v), 2) for v in box), strict=True)),
        }
        for box, score, kind in zip(found.boxes, found.scores, found.classes, strict=True)
        if score >= threshold
    ]
    return json.dumps({"image": one.path, "width": header.width, "height": header.height, "boxes": boxes})


def draw(one: Predicted, path: Path, threshold: float = 0.3) -> None:
    """Write the picture as PNG with a coloured box and caption for each detection from `threshold` on."""
    boxes, found = [], one.found
    for box, score, label, kind in zip(found.boxes, found.scores, found.labels, found.classes, strict=True):
        if score >= threshold:
            xmin, ymin, xmax, ymax = (float(value) for value in box)
            colour = COLOURS[int(label) % len(COLOURS)]
            boxes.append(DrawnBox((xmin, ymin, xmax, ymax), colour, f"{kind.name} {score:.2f}"))
    picture = draw_boxes(imaging.decode(one.encoded), boxes)
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done, "PNG holds any uint8 RGB picture"
    files.write_bytes(str(path), data.tobytes())
