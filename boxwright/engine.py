"""A trained detector run by ONNX Runtime: the one place that imports it. No training framework is needed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from boxwright import imaging, modeldir
from boxwright.formats.sample import ClassName
from boxwright.tiling import WHOLE, Boxes, Prepared, Tiling, Window

LOAD_FAULTS = (faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf, faults.NotImplemented)

MOST_CANVASES = 8
"""Canvases of one call within `Engine.detect_in_parts`, which bounds its memory."""


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
        tiling: how pictures are cut; by default they are not.

    Attributes:
        size: (height, width) of the canvas in pixels.
        limit: most detections of a picture.

    Raises:
        ValueError: not such a model; says what is wrong.
    """

    def __init__(
        self,
        model: bytes,
        classes: Sequence[ClassName],
        *,
        threads: int | None = None,
        spin: bool = True,
        tiling: Tiling = WHOLE,
    ) -> None:
        self.classes = tuple(classes)
        self.tiling = tiling
        self.session = _session(model, threads or cores(), spin)
        image = self.session.get_inputs()[0]
        if image.name != "image" or image.type != "tensor(uint8)" or len(image.shape) != 4:
            raise ValueError(
                f"the model's first input is {image.name!r} {image.type} {image.shape}, not 'image' tensor(uint8) "
                "(N, height, width, 3); export it again with 'boxwright export MODEL --to=onnx'"
            )
        self.size: tuple[int, int] = (image.shape[1], image.shape[2])
        self.limit: int = self.session.get_outputs()[0].shape[1]
        self._labels = {one.id: label for label, one in enumerate(self.classes)}

    @classmethod
    def load(
        cls,
        folder: str,
        *,
        threads: int | None = None,
        spin: bool = True,
        tile: int | None = None,
        overlap: float | None = None,
        variant: str = "",
    ) -> Self:
        """The engine of a model's folder, local or remote; `threads` and `spin` as above.

        Args:
            variant: "int8" or "fp16" for the model that computes with fewer bits; float32 where empty.
            tile, overlap: side of the tiles in pixels (0 for whole pictures) and the share that they have in common;
                those that the model was trained with when None.

        Raises:
            FileNotFoundError: no model there, or no such variant.
            ValueError: a card or model that cannot be used, or is not the one that the card describes; no variant of
                that name; a tile or overlap out of range.
        """
        card = modeldir.read_card(folder)
        model = modeldir.read_file(folder, card, modeldir.onnx_file(variant))
        tiling = Tiling.of(card.spec, tile, overlap)
        return cls(model, card.classes, threads=threads, spin=spin, tiling=tiling)

    def predict(self, encoded: bytes) -> Prediction:
        """Detections of one JPEG, PNG, GIF or BMP picture. Raises: ValueError where it cannot be decoded."""
        return self.predict_batch([encoded])[0]

    def predict_batch(self, encoded: Sequence[bytes]) -> list[Prediction]:
        """Detections of several pictures of any sizes, computed in one call. Raises: see `predict`."""
        return self.predict_pictures([imaging.decode(one) for one in encoded])

    def predict_pictures(self, pictures: Sequence[imaging.Picture]) -> list[Prediction]:
        """Detections of several decoded pictures, uint8 (H, W, 3) RGB, computed in one call where they are few.

        A call takes at most `MOST_CANVASES`, so that hundreds of tiles need no more memory than that.
        """
        found: list[Prediction] = []
        waiting: list[Prepared] = []
        for picture in pictures:
            waiting.append(self.prepare(picture))
            if sum(len(one.canvases) for one in waiting) >= MOST_CANVASES:
                found += self._run(waiting)
                waiting = []
        return found + self._run(waiting)

    def _run(self, waiting: Sequence[Prepared]) -> list[Prediction]:
        if not waiting:
            return []
        outputs = self.detect_in_parts(np.concatenate([one.canvases for one in waiting]))
        found, first = [], 0
        for one in waiting:
            rows = slice(first, first + len(one.canvases))
            found.append(self.finish(one, {name: value[rows] for name, value in outputs.items()}))
            first = rows.stop
        return found

    def prepare(self, picture: imaging.Picture) -> Prepared:
        """A decoded picture, uint8 (H, W, 3) RGB, on the canvases that `detect` takes: one, or one for each tile."""
        return self.tiling.prepare(picture, self.size)

    def finish(self, prepared: Prepared, outputs: Mapping[str, NDArray[np.float32]]) -> Prediction:
        """Detections of a picture from what `detect` gave for its canvases, row by row in their order."""
        found = [
            self._boxes({name: value[row] for name, value in outputs.items()}, window, placement)
            for row, (window, placement) in enumerate(zip(prepared.windows, prepared.placements, strict=True))
        ]
        boxes, scores, labels = self.tiling.merge(prepared.windows, found)
        return Prediction(boxes, scores, labels, tuple(self.classes[label] for label in labels))

    def detect_in_parts(self, canvases: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """As `detect`, for one canvas or more, in calls of at most `MOST_CANVASES`: memory for no more is needed."""
        calls = [self.detect(canvases[row : row + MOST_CANVASES]) for row in range(0, len(canvases), MOST_CANVASES)]
        return {name: np.concatenate([call[name] for call in calls]) for name in calls[0]}

    def detect(self, canvases: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The model's named outputs, without `key`, for letterboxed pictures uint8 (N, height, width, 3)."""
        names = ["detection_boxes", "detection_classes", "detection_scores", "num_detections"]
        return dict(zip(names, self.session.run(names, {"image": canvases}), strict=True))

    def _boxes(self, row: Mapping[str, NDArray[np.float32]], window: Window, placement: imaging.Placement) -> Boxes:
        """What a canvas shows, in pixels of its window, inside it."""
        count = int(row["num_detections"])
        canvas = row["detection_boxes"][:count, [1, 0, 3, 2]] * np.array([*self.size[::-1]] * 2, np.float32)
        boxes = placement.to_picture(canvas).clip(0, np.array([*window.shape[::-1]] * 2, np.float32))
        labels = np.array([self._labels[int(outer)] for outer in row["detection_classes"][:count]], np.int64)
        return Boxes(boxes, row["detection_scores"][:count], labels)


def cores() -> int:
    """Processor cores that this process may use."""
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
