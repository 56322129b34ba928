"""The Python interface: `boxwright.fit`, and the `boxwright.Model` that it gives.

What only some of it needs is imported when it is asked for: finding objects does without the training framework.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from boxwright import files, imaging, modeldir
from boxwright.algorithms import ALGORITHMS, parse
from boxwright.arguments import as_text
from boxwright.claim import claim
from boxwright.engine import Engine
from boxwright.formats.sample import ClassName
from boxwright.jobdir import Event, Job, JobDir
from boxwright.mirror import mirror

ImageLike = str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image
"""A picture's path or URL, its encoded bytes, its pixels (uint8, (H, W, 3) RGB or (H, W) grey), or PIL's."""


@dataclass(frozen=True)
class Detection:
    """An object that was found.

    Attributes:
        name: of its class.
        class_id: outer id of its class, as the data set numbers it.
        score: in [0, 1].
        box: xmin, ymin, xmax, ymax in pixels of the picture.
    """

    name: str
    class_id: int
    score: float
    box: tuple[float, float, float, float]


class Model:
    """A trained detector.

    Args:
        folder: a model's folder, such as JOB_DIR/model, local or a URL.

    Raises:
        FileNotFoundError: no model there.
        ValueError: a model that cannot be used.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self.card = modeldir.read_card(self.folder)
        self._engine = Engine.load(self.folder)

    def __repr__(self) -> str:
        return f"Model({self.folder!r})"

    @property
    def classes(self) -> tuple[ClassName, ...]:
        """Id and name of each class."""
        return self.card.classes

    def predict(self, image: ImageLike, threshold: float = 0.0) -> list[Detection]:
        """Objects in a picture, the best first.

        Args:
            threshold: weakest score that counts.

        Raises:
            ValueError: not a picture.
            OSError: it cannot be read.
        """
        found = self._engine.predict_pictures([_pixels(image)])[0]
        return [
            Detection(kind.name, kind.id, float(score), (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
            for box, score, kind in zip(found.boxes, found.scores, found.classes, strict=True)
            if score >= threshold
        ]

    def evaluate(self, data: str | os.PathLike[str], split: str = "", labels_file: str = "") -> dict[str, float]:
        """COCO's numbers and VOC mAP on labelled data, by name; -1 where undefined.

        Args:
            split: of the data set, where it has several.
            labels_file: class names, one a line, for formats that state none.

        Raises:
            ValueError: the data set's classes are not the model's.
            OSError: the data cannot be read.
        """
        from boxwright.measure import measure

        return dict(
            measure(self.folder, os.fspath(data), split=split or None, labels_file=labels_file).metrics.values()
        )


def fit(
    data: str | os.PathLike[str],
    job_dir: str | os.PathLike[str],
    algorithm: str = "image_object_detection",
    **arguments: object,
) -> Model:
    """Train a detector, showing its progress; the same call goes on with a run that was interrupted.

    Args:
        data: labelled pictures in any format that is read. Without the argument `validation_data_path`, their own
            validation split, or else a fifth of them, is what the model is measured on.
        job_dir: folder for checkpoints, events and the model, local or a URL.
        algorithm: name of a built-in algorithm.
        arguments: of the algorithm, by published name; what is left out is derived from the data and the machine.

    Returns:
        the best model of the run.

    Raises:
        ValueError: unknown algorithm, or arguments and data at fault, all in one message.
        FileExistsError: `job_dir` holds another run.
        OSError: data or folder cannot be read or written.
        FloatingPointError: the loss is no longer finite.
        KeyboardInterrupt: the run was interrupted, and has saved its place.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {algorithm!r}; there is {', '.join(ALGORITHMS)}")
    given = {"training_data_path": os.fspath(data), **{name: _text(value) for name, value in arguments.items()}}
    parse(ALGORITHMS[algorithm], given)
    folder = os.fspath(job_dir)
    result = _run(folder, Job(algorithm=algorithm, arguments=given))
    if result["status"] == "stopped":
        raise KeyboardInterrupt(f"stopped at step {result['step']}; the same call goes on from there")
    return Model(files.join(folder, JobDir(Path()).model.name))


def _run(folder: str, job: Job) -> dict[str, Any]:
    from rich.console import Console

    from boxwright.progress import JobDisplay
    from boxwright.work import work

    remote = None if files.is_local(folder) else mirror(folder)
    jobdir = JobDir(remote.local if remote else Path(folder.removeprefix("file://")).expanduser())
    if remote:
        remote.fetch()
    claim(jobdir, job)
    with JobDisplay(Console(), jobdir.read_job) as display:

        def listen(event: Event) -> None:
            display(event)
            if remote:
                remote(event)

        return work(jobdir.path, listen)


def _text(value: object) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else as_text(value)


def _pixels(image: ImageLike) -> imaging.Picture:
    if isinstance(image, bytes):
        return imaging.decode(image)
    if isinstance(image, str | os.PathLike):
        return imaging.decode(files.read_bytes(os.fspath(image)))
    array = np.asarray(image.convert("RGB")) if isinstance(image, Image) else np.asarray(image)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,)) or not array.size:
        raise ValueError(f"pixels must be uint8, (H, W, 3) RGB or (H, W) grey, got {array.dtype} {array.shape}")
    grey = array.ndim == 2 or array.shape[2] == 1
    return np.ascontiguousarray(np.repeat(array.reshape(*array.shape[:2], 1), 3, 2) if grey else array)
