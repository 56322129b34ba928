"""The folder of a trained model: every export of the best weights, checked, with card and report."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save

from boxwright import files, modeldir
from boxwright.engine import Engine
from boxwright.export.graph import trace
from boxwright.export.onnx import export_onnx
from boxwright.export.parity import Agreement, Found, Run, check_export, eager_predictions
from boxwright.export.savedmodel import export_savedmodel, run_savedmodel, runtime_version
from boxwright.imaging import PAD_COLOUR
from boxwright.jobdir import Event, JobDir
from boxwright.report import HistoryPoint, write_report
from boxwright.train.evaluate import evaluated_pictures
from boxwright.train.run import Trained

CHECKED_PICTURES = 16
"""Validation pictures on which an export is compared with the evaluated model."""


def write_model(trained: Trained, jobdir: JobDir) -> dict[str, Agreement]:
    """Write the model's folder of a job, in one step: an older model stays until the new one has passed its checks.

    Returns:
        how well each export agrees with the evaluated model.

    Raises:
        ExportMismatch: an export does not reproduce the evaluated model's detections.
        OSError: the folder cannot be written.
    """
    staged = jobdir.path / "model.unfinished"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    write_exports(trained, staged)
    agreements = check(trained, staged)
    folder = str(staged)
    card = card_of(trained).model_copy(update={"digests": modeldir.digests(folder)})
    modeldir.write_card(folder, card)
    history = [point(event) for event in jobdir.events() if event.kind in ("train", "evaluation")]
    pictures = evaluated_pictures(trained.data.validation, trained.predictions)
    report_file = files.join(folder, modeldir.REPORT)
    write_report(report_file, card, history, trained.metrics, pictures)
    shutil.rmtree(jobdir.model, ignore_errors=True)
    staged.rename(jobdir.model)
    modeldir.write_deployment_config(
        str(jobdir.model), job_id=jobdir.path.resolve().name, step=trained.step, runtime_version=runtime_version()
    )
    return agreements


def write_exports(trained: Trained, folder: Path) -> None:
    """Write weights, SavedModel and ONNX."""
    model, size = trained.model, trained.spec.model.image_size
    ids = [one.id for one in trained.data.classes]
    names = [one.name for one in trained.data.classes]
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    files.write_bytes(str(folder / modeldir.WEIGHTS), save(state))
    network = trace(model, size)  # which takes longer than to write either file
    export_onnx(model, folder / modeldir.ONNX, size=size, class_ids=ids, network=network)
    export_savedmodel(model, folder, size=size, class_ids=ids, class_names=names, network=network)


def check(trained: Trained, folder: Path) -> dict[str, Agreement]:
    """Compare both exports with the evaluated detections on the first validation pictures."""
    count = min(CHECKED_PICTURES, len(trained.predictions))
    encoded = [trained.data.validation.encoded(index) for index in range(count)]
    ids = [one.id for one in trained.data.classes]
    engine = Engine((folder / modeldir.ONNX).read_bytes(), trained.data.classes)
    runs: dict[str, Run] = {
        "ONNX": engine.predict_batch,
        "SavedModel": lambda pictures: run_savedmodel(folder, list(pictures), class_ids=ids),
    }
    evaluated: Sequence[Found] = trained.predictions[:count]
    if trained.spec.data.tile:
        # Exported graphs see one canvas; the evaluated detections are merged from those of many.
        evaluated = eager_predictions(trained.model, encoded, trained.spec.model.image_size)
    return check_export(evaluated, encoded, runs, trained.model.post)


def card_of(trained: Trained) -> modeldir.ModelCard:
    """The card of a trained model."""
    return modeldir.ModelCard(
        algorithm=trained.spec.algorithm,
        spec=trained.spec,
        classes=trained.data.classes,
        input_size=trained.spec.model.image_size,
        mean=shares(trained.model.mean.flatten().tolist()),
        std=shares(trained.model.std.flatten().tolist()),
        pad_colour=PAD_COLOUR,
        step=trained.step,
        metrics=trained.metrics.values(),
        data_digest=trained.data.digest,
        versions=modeldir.installed_versions(),
    )


def shares(values: Sequence[float]) -> tuple[float, float, float]:
    """RGB of the 0..255 scale on the 0..1 scale."""
    red, green, blue = (value / 255 for value in values)
    return red, green, blue


def point(event: Event) -> HistoryPoint:
    """The numbers of an event, for the report's curves."""
    numbers = {name: float(value) for name, value in event.values.items() if isinstance(value, int | float)}
    return HistoryPoint(event.step, numbers)
