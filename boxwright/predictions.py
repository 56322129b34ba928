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
from boxwright.formats.pictures import picture_paths as picture_paths
from boxwright.page import COLOURS, DrawnBox, draw_boxes


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


def predict_files(
    folder: str, paths: Sequence[str], *, tile: int | None = None, overlap: float | None = None
) -> Iterator[Predicted | Unread]:
    """The detections of each picture by the model of a folder; one bad picture does not end the rest.

    Args:
        tile, overlap: how pictures are cut, as in `Engine.load`.

    Raises:
        OSError, ValueError: a model that cannot be read; a tile or overlap out of range.
    """
    engine = Engine.load(folder, tile=tile, overlap=overlap)
    for path in paths:
        try:
            encoded = files.read_bytes(path)
            one = Predicted(path, encoded, engine.predict(encoded))
        except (OSError, ValueError) as error:
            yield Unread(path, getattr(error, "strerror", None) or str(error))
            continue
        yield one


def boxes_as_json(found: Prediction, threshold: float = 0.0) -> list[dict[str, Any]]:
    """The boxes of a picture with a score from `threshold` on, best first, xyxy in pixels of it, as JSON values."""
    return [
        {
            "class_id": kind.id,
            "class": kind.name,
            "score": round(float(score), 5),
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), (round(float(v), 2) for v in box), strict=True)),
        }
        for box, score, kind in zip(found.boxes, found.scores, found.classes, strict=True)
        if score >= threshold
    ]


def as_json(one: Predicted, threshold: float = 0.0) -> str:
    """One line: the picture, its stored size in pixels, and its boxes, best first, xyxy in pixels of it."""
    header, boxes = imaging.header(one.encoded), boxes_as_json(one.found, threshold)
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
