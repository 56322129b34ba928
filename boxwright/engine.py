"""A trained detector run by ONNX Runtime: the one place that imports it. No training framework is needed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from boxwright import files, imaging, modeldir
from boxwright.formats.sample import ClassName

LOAD_FAULTS = (faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf, faults.NotImplemented)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was found in one picture, best first.

    Attributes:
        boxes: float32 (N, 4), xyxy in absolute pixels of the stored picture, inside it.
        scores: float32 (N,) in [0, 1].
        labels: int64 (N,), 0-based.
        classes: outer id and name of each box's class.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[ClassName, ...]


class Engine:
    """A detector of an ONNX file as `boxwright.export.onnx` writes it.

    Args:
        model: bytes of the file.
        classes: outer id and name of each label.
        threads: of one call; the processor cores that this process may use when None.
        spin: whether threads wait actively for each other within a call: a tenth faster where the cores are free, no
            faster where other calls or programs want them. Between calls threads always sleep.

    Attributes:
        size: (height, width) of the canvas in pixels.

    Raises:
        ValueError: not such a model; says what is wrong.
    """

    def __init__(
        self, model: bytes, classes: Sequence[ClassName], *, threads: int | None = None, spin: bool = True
    ) -> None:
        self.classes = tuple(classes)
        self.session = _session(model, threads or _cores(), spin)
        image = self.session.get_inputs()[0]
        if image.name != "image" or image.type != "tensor(uint8)" or len(image.shape) != 4:
            raise ValueError(
                f"the model's first input is {image.name!r} {image.type} {image.shape}, not 'image' tensor(uint8) "
                "(N, height, width, 3); export it again with 'boxwright export MODEL --to=onnx'"
            )
        self.size: tuple[int, int] = (image.shape[1], image.shape[2])
        self._labels = {one.id: label for label, one in enumerate(self.classes)}

    @classmethod
    def load(cls, folder: str, *, threads: int | None = None, spin: bool = True) -> Self:
        """The engine of a model's folder, local or remote; `threads` and `spin` as above.

        Raises:
            FileNotFoundError: no model there.
            ValueError: a card or model that cannot be used.
        """
        card = modeldir.read_card(folder)
        return cls(files.read_bytes(files.join(folder, modeldir.ONNX)), card.classes, threads=threads, spin=spin)

    def predict(self, encoded: bytes) -> Prediction:
        """Detections of one JPEG, PNG, GIF or BMP picture. Raises: ValueError where it cannot be decoded."""
        return self.predict_batch([encoded])[0]

    def predict_batch(self, encoded: Sequence[bytes]) -> list[Prediction]:
        """Detections of several pictures of any sizes, computed in one call. Raises: see `predict`."""
        return self.predict_pictures([imaging.decode(one) for one in encoded])

    def predict_pictures(self, pictures: Sequence[imaging.Picture]) -> list[Prediction]:
        """Detections of several decoded pictures, uint8 (H, W, 3) RGB, computed in one call."""
        if not pictures:
            return []
        sizes = [(picture.shape[0], picture.shape[1]) for picture in pictures]
        placed = [imaging.letterbox(picture, self.size) for picture in pictures]
        results = self.detect(np.stack([canvas for canvas, _ in placed]))
        return [
            self._prediction({name: value[row] for name, value in results.items()}, placement, size)
            for row, ((_, placement), size) in enumerate(zip(placed, sizes, strict=True))
        ]

    def detect(self, canvases: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The model's named outputs, without `key`, for letterboxed pictures uint8 (N, height, width, 3)."""
        names = ["detection_boxes", "detection_classes", "detection_scores", "num_detections"]
        return dict(zip(names, self.session.run(names, {"image": canvases}), strict=True))

    def _prediction(
        self, found: dict[str, NDArray[np.float32]], placement: imaging.Placement, size: tuple[int, int]
    ) -> Prediction:
        count = int(found["num_detections"])
        canvas = found["detection_boxes"][:count, [1, 0, 3, 2]] * np.array([*self.size[::-1]] * 2, np.float32)
        boxes = placement.to_picture(canvas).clip(0, np.array([*size[::-1]] * 2, np.float32))
        labels = np.array([self._labels[int(outer)] for outer in found["detection_classes"][:count]], np.int64)
        classes = tuple(self.classes[label] for label in labels)
        return Prediction(boxes, found["detection_scores"][:count], labels, classes)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _session(model: bytes, threads: int, spin: bool) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3  # the optional input `key` is warned about otherwise
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except LOAD_FAULTS as error:
        raise ValueError(f"not an ONNX model that this runtime can load: {error}") from error
