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
from boxwright.export.graph import Network, trace
from boxwright.export.onnx import export_onnx
from boxwright.export.parity import Agreement, Run, check_export, eager_predictions
from boxwright.export.savedmodel import export_savedmodel, run_savedmodel
from boxwright.export.variants import MAX_AP_DROP, Yardstick, write_variants
from boxwright.formats.sample import Dataset
from boxwright.models.build import build_model
from boxwright.models.detector import Detector
from boxwright.spec.training import DataSpec

PICTURES = 16
"""Pictures on which the new files are compared with the weights."""


def export_again(
    folder: str,
    to: Sequence[str],
    output: Path | None = None,
    data: str | None = None,
    max_ap_drop: float = MAX_AP_DROP,
) -> tuple[list[Path], dict[str, Agreement | modeldir.Variant]]:
    """Export the weights of a model's folder in the named formats.

    Nothing is replaced before all new files have passed their check. The card of the folder that they are written to
    then says their digests, and what variants lose of AP.

    Args:
        folder: the model's folder.
        to: what to write, each "savedmodel", "onnx", "onnx-int8" or "onnx-fp16".
        output: folder to write to; the model's own where left out. It gets a card if it has none.
        data: labelled data whose pictures are used for the check, and to calibrate and measure variants; the
            validation data of the run where left out. Where that is gone, pictures for the check are drawn.
        max_ap_drop: what a variant may lose of COCO's AP.

    Returns:
        the files written; how well each export agrees with the weights, or what a variant was measured to have.

    Raises:
        ValueError: an unknown format, or weights that are not those of the card.
        ExportMismatch: an export does not reproduce the detections of the weights.
        AccuracyLoss: a variant loses too much AP.
        OSError: no model in the folder, no such data, or the output cannot be written.
    """
    unknown = sorted(set(to) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown format {', '.join(unknown)}; there is {', '.join(FORMATS)}")
    card = modeldir.read_card(folder)
    model = build_model(card.spec.model, card.spec.loss, len(card.classes)).eval()
    model.load_state_dict(load(modeldir.read_file(folder, card, modeldir.WEIGHTS)))
    target = output or Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".writing-", dir=target) as place:
        staged = Path(place)
        variants = [VARIANT_FORMATS[name] for name in dict.fromkeys(to) if name in VARIANT_FORMATS]
        agreements = _checked(model, card, staged, [name for name in to if name in WRITERS], data)
        measured = write_variants(model, variants, staged, Yardstick.of(card, data, max_ap_drop)) if variants else {}
        written = _publish(staged, target)
    _record(target, card, written, measured)
    found: dict[str, Agreement | modeldir.Variant] = {**agreements}
    found.update({f"onnx-{name}": variant for name, variant in measured.items()})
    return [target / path for path in written if len(path.parts) == 1], found


def _checked(
    model: Detector, card: modeldir.ModelCard, staged: Path, to: Sequence[str], data: str | None
) -> dict[str, Agreement]:
    """Write the exports that must find what the weights find, and compare them."""
    if not to:
        return {}
    network = trace(model, card.input_size)
    runs = {name: WRITERS[name](model, network, card, staged) for name in dict.fromkeys(to)}
    pictures = check_pictures(card, data)
    return check_export(eager_predictions(model, pictures, card.input_size), pictures, runs, model.post)


def _record(
    target: Path, card: modeldir.ModelCard, written: Sequence[Path], variants: dict[str, modeldir.Variant]
) -> None:
    """Enter new files in the card of their folder, which goes on vouching for the others as before."""
    folder = str(target)
    if files.is_file(files.join(folder, modeldir.CARD)):
        card = modeldir.read_card(folder)
    else:
        card = card.model_copy(update={"digests": {}, "variants": {}})
    new = {path.as_posix() for path in written}
    known = {name: digest for name, digest in card.digests.items() if name not in new}
    changed = {"digests": modeldir.digests(folder) | known, "variants": {**card.variants, **variants}}
    modeldir.write_card(folder, card.model_copy(update=changed))


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
    """Move every file to its place; the variables before the SavedModel that reads them. Gives their relative paths."""
    paths = sorted(path.relative_to(staged) for path in staged.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name == modeldir.SAVED_MODEL):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        files.publish(str(staged / path), str(target / path))
    return paths


def _onnx(model: Detector, network: Network, card: modeldir.ModelCard, folder: Path) -> Run:
    ids = [one.id for one in card.classes]
    export_onnx(model, folder / modeldir.ONNX, size=card.input_size, class_ids=ids, network=network)
    return Engine((folder / modeldir.ONNX).read_bytes(), card.classes).predict_batch


def _savedmodel(model: Detector, network: Network, card: modeldir.ModelCard, folder: Path) -> Run:
    ids, names = [one.id for one in card.classes], [one.name for one in card.classes]
    export_savedmodel(model, folder, size=card.input_size, class_ids=ids, class_names=names, network=network)
    return lambda pictures: run_savedmodel(folder, list(pictures), class_ids=ids)


WRITERS: dict[str, Callable[[Detector, Network, modeldir.ModelCard, Path], Run]] = {
    "savedmodel": _savedmodel,
    "onnx": _onnx,
}
"""Format to what writes it into a folder and returns how to run it."""

VARIANT_FORMATS = {f"onnx-{name}": name for name in modeldir.VARIANTS}
"""Format to variant."""

FORMATS = (*WRITERS, *VARIANT_FORMATS)
