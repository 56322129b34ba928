"""Models that compute with fewer bits: they count only if they are nearly as accurate as the float32 model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from boxwright import formats, imaging, modeldir
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.sets import open_sets
from boxwright.engine import Engine
from boxwright.export.graph import trace
from boxwright.export.onnx import export_onnx
from boxwright.export.quantise import Canvas, quantise_onnx
from boxwright.measure import run_over, usable_pictures
from boxwright.models.detector import Detector
from boxwright.tiling import Tiling

MAX_AP_DROP = 0.01
"""What a variant may lose of COCO's AP unless told otherwise."""

CALIBRATION = 64
"""Canvases that the ranges of an int8 model are taken from, at most."""

Export = partial[None]
"""Writes a model's ONNX file to a path; with `half`, that of float16."""


class AccuracyLoss(ValueError):
    """A model with fewer bits loses more AP than is allowed."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What variants are held to.

    Attributes:
        card: of the model.
        pictures: labelled ones, on which float32 and variant are measured; int8 is calibrated on some of them.
        max_ap_drop: what a variant may lose of COCO's AP.
    """

    card: modeldir.ModelCard
    pictures: CheckedPictures
    max_ap_drop: float = MAX_AP_DROP

    @classmethod
    def of(cls, card: modeldir.ModelCard, data: str | None, max_ap_drop: float) -> "Yardstick":
        """With the pictures of `data`, or the validation pictures of the run where left out.

        Raises:
            ValueError: a drop outside 0..1, or data that the model does not fit.
            OSError: the data cannot be read; where that is the run's, says how to name other data.
        """
        if not 0 <= max_ap_drop <= 1:
            raise ValueError(f"the largest drop of AP must be a number in 0..1, got {max_ap_drop}")
        spec = card.spec.data
        if data:
            dataset = formats.read(data, labels_file=spec.labels_file)
        else:
            try:
                dataset = open_sets(spec.training_data_path, spec.validation_data_path, spec.labels_file).validation
            except (OSError, ValueError) as error:
                raise FileNotFoundError(
                    f"the validation pictures of the run cannot be read ({error}), and a model with fewer bits is "
                    "measured on labelled pictures; name some with --data=PATH"
                ) from error
        return cls(card, usable_pictures(dataset, card)[0], max_ap_drop)

    def engine(self, model: Path) -> Engine:
        """The engine of a file, which cuts pictures as the model was trained to see them."""
        return Engine(model.read_bytes(), self.card.classes, tiling=Tiling.of(self.card.spec))

    def ap(self, model: Path) -> float:
        """COCO's AP of a file. Raises: ValueError: no labelled picture."""
        found = run_over(self.engine(model), self.pictures, self.card)[1].AP
        if found < 0:
            raise ValueError(
                f"AP is measured on labelled pictures, and the {len(self.pictures)} that can be used show no box; name "
                "others with --data=PATH"
            )
        return found

    def canvases(self, model: Path) -> Iterator[Canvas]:
        """At most `CALIBRATION` of what the model sees of pictures from the whole of the data."""
        engine, count = self.engine(model), min(len(self.pictures), CALIBRATION)
        chosen = np.linspace(0, len(self.pictures) - 1, count).round().astype(int).tolist()
        prepared = (engine.prepare(imaging.decode(self.pictures.encoded(index))) for index in chosen)
        return islice((canvas for one in prepared for canvas in one.canvases), CALIBRATION)


def write_variants(
    model: Detector, names: Sequence[str], folder: Path, yardstick: Yardstick
) -> dict[str, modeldir.Variant]:
    """Write variants of a model into a folder and measure them.

    Args:
        names: of `boxwright.modeldir.VARIANTS`.

    Returns:
        what was measured, by name.

    Raises:
        AccuracyLoss: a variant loses too much; says how much.
        ValueError: no labelled picture.
        OSError: a picture cannot be read, or a file cannot be written.
    """
    with TemporaryDirectory() as place:
        exact = Path(place) / modeldir.ONNX
        export = _export(model, yardstick.card)
        export(exact)
        float32 = yardstick.ap(exact)
        measured = {}
        for name in names:
            file = modeldir.VARIANTS[name]
            WRITERS[name](export, exact, folder / file, yardstick)
            ap, count = yardstick.ap(folder / file), len(yardstick.pictures)
            measured[name] = modeldir.Variant(file=file, AP=ap, AP_drop=float32 - ap, pictures=count)
            _accept(name, measured[name], yardstick.max_ap_drop)
    return measured


def _accept(name: str, variant: modeldir.Variant, most: float) -> None:
    if variant.AP_drop > most:
        raise AccuracyLoss(
            f"the {name} model has {variant}; at most {most:g} is allowed, so it is refused and no file is replaced; "
            "allow more with --max-ap-drop, or use the float32 model"
        )


def _export(model: Detector, card: modeldir.ModelCard) -> Export:
    network, ids = trace(model, card.input_size), [one.id for one in card.classes]
    return partial(export_onnx, model, size=card.input_size, class_ids=ids, network=network)


def _int8(_: Export, exact: Path, path: Path, yardstick: Yardstick) -> None:
    quantise_onnx(exact, path, yardstick.canvases(exact))


def _fp16(export: Export, _exact: Path, path: Path, _yardstick: Yardstick) -> None:
    export(path, half=True)


WRITERS: dict[str, Callable[[Export, Path, Path, Yardstick], None]] = {"int8": _int8, "fp16": _fp16}
"""Variant to what writes it, given what exports the model, its float32 file, the file to write and the yardstick."""
