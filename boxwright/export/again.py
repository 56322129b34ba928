"""Exporting the weights of a trained model's folder once more, checked like the first time."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors.torch import load

from boxwright import files, formats, imaging, modeldir
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.sets import open_sets
from boxwright.engine import Engine
from boxwright.export.onnx import export_onnx
from boxwright.export.parity import Agreement, Run, check_export, eager_predictions
from boxwright.export.savedmodel import export_savedmodel, run_savedmodel
from boxwright.formats.sample import Dataset
from boxwright.models.build import build_model
from boxwright.models.detector import Detector
from boxwright.spec.training import DataSpec

PICTURES = 16
"""Pictures on which the new files are compared with the weights."""


def export_again(
    folder: str, to: Sequence[str], output: Path | None = None, data: str | None = None
) -> tuple[list[Path], dict[str, Agreement]]:
    """Export the weights of a model's folder in the named formats.

    Nothing is replaced before all new files have passed their check.

    Args:
        folder: the model's folder.
        to: what to write, each "savedmodel" or "onnx".
        output: folder to write to; the model's own where left out.
        data: labelled data whose pictures are used for the check; the validation data of the run where left out, and
            drawn pictures where that is gone.

    Returns:
        the files written, and how well each export agrees with the weights.

    Raises:
        ValueError: an unknown format.
        ExportMismatch: an export does not reproduce the detections of the weights.
        OSError: no model in the folder, no such data, or the output cannot be written.
    """
    unknown = sorted(set(to) - set(WRITERS))
    if unknown:
        raise ValueError(f"unknown format {', '.join(unknown)}; there is {' and '.join(WRITERS)}")
    card = modeldir.read_card(folder)
    model = build_model(card.spec.model, card.spec.loss, len(card.classes)).eval()
    model.load_state_dict(load(files.read_bytes(files.join(folder, modeldir.WEIGHTS))))
    target = output or Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".writing-", dir=target) as staged:
        runs = {name: WRITERS[name](model, card, Path(staged)) for name in dict.fromkeys(to)}
        pictures = check_pictures(card, data)
        reference = eager_predictions(model, pictures, card.input_size)
        agreements = check_export(reference, pictures, runs, model.post)
        return [target / path for path in _publish(Path(staged), target)], agreements


def check_pictures(card: modeldir.ModelCard, data: str | None) -> list[bytes]:
    """Encoded pictures for the check: of `data`, of the run's validation data, or drawn."""
    try:
        source = formats.read(data, labels_file=card.spec.data.labels_file) if data else _validation(card.spec.data)
    except (OSError, ValueError):
        if data:
            raise
        source = draw_shapes(PICTURES, card.input_size)
    encoded = (source[index].encoded for index in range(len(source)))
    return list(islice(filter(_readable, encoded), PICTURES))


def _validation(spec: DataSpec) -> Dataset:
    return open_sets(spec.training_data_path, spec.validation_data_path, spec.labels_file).validation


def _readable(encoded: bytes) -> bool:
    try:
        imaging.decode(encoded)
    except ValueError:
        return False
    return True


def _publish(staged: Path, target: Path) -> list[Path]:
    """Move every file to its place; the variables before the SavedModel that reads them."""
    paths = sorted(path.relative_to(staged) for path in staged.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name == modeldir.SAVED_MODEL):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        files.publish(str(staged / path), str(target / path))
    return [path for path in paths if len(path.parts) == 1]


def _onnx(model: Detector, card: modeldir.ModelCard, folder: Path) -> Run:
    export_onnx(model, folder / modeldir.ONNX, size=card.input_size, class_ids=[one.id for one in card.classes])
    return Engine((folder / modeldir.ONNX).read_bytes(), card.classes).predict_batch


def _savedmodel(model: Detector, card: modeldir.ModelCard, folder: Path) -> Run:
    ids, names = [one.id for one in card.classes], [one.name for one in card.classes]
    export_savedmodel(model, folder, size=card.input_size, class_ids=ids, class_names=names)
    return lambda pictures: run_savedmodel(folder, list(pictures), class_ids=ids)


WRITERS: dict[str, Callable[[Detector, modeldir.ModelCard, Path], Run]] = {
    "savedmodel": _savedmodel,
    "onnx": _onnx,
}
"""Format to what writes it into a folder and returns how to run it."""
