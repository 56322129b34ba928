"""The two pictures of the first real run: its accuracy over the steps, and what it finds in one test picture.

    python benchmarks/bccd_pictures.py RUN PHOTOGRAPH FOLDER

RUN is the job's folder, PHOTOGRAPH a test picture, FOLDER gets curves.png and boxes.png. The boxes are drawn on plain
grey: the data set's photographs are not part of this project.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from boxwright import imaging
from boxwright.engine import Engine
from boxwright.jobdir import JobDir
from boxwright.page import COLOURS, DrawnBox, draw_boxes

GREY = 244
SIZE = (360, 720)
MARGIN = 48
THRESHOLD = 0.3


def curves(run: JobDir, path: Path) -> None:
    """Draw AP and AP50 of every evaluation."""
    points = [(event.step, event.values) for event in run.events() if event.kind == "evaluation"]
    picture = np.full((*SIZE, 3), 255, np.uint8)
    height, width = SIZE
    last = points[-1][0]

    def place(step: float, value: float) -> tuple[int, int]:
        return (
            int(MARGIN + step / last * (width - 2 * MARGIN)),
            int(height - MARGIN - value * (height - 2 * MARGIN)),
        )

    for value in (0, 0.2, 0.4, 0.6, 0.8, 1.0):
        cv2.line(picture, place(0, value), place(last, value), (225, 225, 225), 1)
        write(picture, f"{value:.1f}", (12, place(0, value)[1] + 5))
    for step, _ in points[1::2]:
        write(picture, str(step), (place(step, 0)[0] - 12, height - MARGIN + 22))
    write(picture, "steps of 16 pictures", (width // 2 - 70, height - 8))
    for name, colour in (("AP50", COLOURS[1]), ("AP", COLOURS[0])):
        rgb = tuple(int(colour[first : first + 2], 16) for first in (1, 3, 5))
        line = [place(step, values[name]) for step, values in points]
        for start, end in zip(line, line[1:], strict=False):
            cv2.line(picture, start, end, rgb, 2, cv2.LINE_AA)
        write(picture, f"{name} {points[-1][1][name]:.3f}", (line[-1][0] - 90, line[-1][1] - 10))
    save(picture, path)


def write(picture: imaging.Picture, text: str, at: tuple[int, int]) -> None:
    """Write small grey text."""
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (90, 90, 90), 1, cv2.LINE_AA)


def boxes(run: JobDir, photograph: Path, path: Path) -> None:
    """Draw what the exported model finds, without the photograph."""
    encoded = photograph.read_bytes()
    found = Engine.load(str(run.model)).predict(encoded)
    height, width = imaging.decode(encoded).shape[:2]
    drawn = [
        DrawnBox(
            (float(box[0]), float(box[1]), float(box[2]), float(box[3])), COLOURS[label], f"{one.name} {score:.2f}"
        )
        for box, score, label, one in zip(found.boxes, found.scores, found.labels, found.classes, strict=True)
        if score >= THRESHOLD
    ]
    save(draw_boxes(np.full((height, width, 3), GREY, np.uint8), drawn), path)


def save(picture: imaging.Picture, path: Path) -> None:
    """Write a PNG."""
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("photograph", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    curves(JobDir(given.run), given.folder / "curves.png")
    boxes(JobDir(given.run), given.photograph, given.folder / "boxes.png")


if __name__ == "__main__":
    main()
