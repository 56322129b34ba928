"""One training run from its job folder: read the data, derive the spec, build, resume, fit."""

import copy
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.data.batches import TrainingBatches
from boxwright.data.pictures import CheckedPictures
from boxwright.data.tiles import require_tiles_that_show_objects, shown
from boxwright.dataset.rules import Checked
from boxwright.dataset.sets import open_sets
from boxwright.dataset.stated import check_label_width, check_number
from boxwright.dataset.summary import Summary, known_classes, require_usable, summarise
from boxwright.evaluation.samples import Samples, forget_after
from boxwright.evaluation.write import write_evaluation
from boxwright.formats.sample import ClassName, Dataset
from boxwright.jobdir import Event, Job, JobDir
from boxwright.metrics.boxes import Predictions
from boxwright.metrics.detection import DetectionMetrics
from boxwright.models.build import build_model
from boxwright.models.detector import Detector
from boxwright.spec.training import TrainSpec
from boxwright.tiling import Tiling
from boxwright.train.auto import derive
from boxwright.train.checkpoint import BEST, Progress, TrainState, checkpoints, last_step
from boxwright.train.earlier import ClassMap, class_map, earlier_model, inherit, load_weights
from boxwright.train.evaluate import count_of, evaluate, evaluated_pictures, labelled_pictures, predict
from boxwright.train.facts import Facts, data_facts
from boxwright.train.freezing import frozen_among, training_mode
from boxwright.train.loop import Report, Run, Stop, fit
from boxwright.train.machine import keep_freed_memory, pictures_that_fit, this_machine
from boxwright.train.optimizer import make_optimizer

# Fabric would announce the precision that we print ourselves.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}


@dataclass(frozen=True)
class LabelledData:
    """Training and validation data after the rules, with the class map that both share.

    Attributes:
        earlier: where the class map comes from, and the one of the model that is trained on.
    """

    training: CheckedPictures
    validation: CheckedPictures
    classes: tuple[ClassName, ...]
    digest: str
    earlier: ClassMap = ClassMap(())


@dataclass(frozen=True)
class Paused:
    """A run that was asked to stop and saved its place at `step`."""

    step: int


@dataclass(frozen=True)
class Trained:
    """The best model of a run, and what is known of it.

    Attributes:
        step: of its weights.
        metrics, predictions: of all pictures of an evaluation, in float32.
        stop: why the run ended early, if it did.
    """

    model: Detector
    spec: TrainSpec
    data: LabelledData
    step: int
    metrics: DetectionMetrics
    predictions: list[Predictions]
    stop: Stop | None


def train(jobdir: JobDir, report: Report) -> Trained | Paused:
    """Run the training job of a folder, from its last checkpoint if it has one.

    Raises:
        ValueError, OSError: what a user can mend, each saying how.
        FloatingPointError: the loss is no longer finite.
    """
    keep_freed_memory()
    job = jobdir.read_job()
    if job is None:
        raise FileNotFoundError(f"{jobdir.job_file} is missing; `boxwright train ALGORITHM --job-dir=DIR` writes it")
    step = last_step(jobdir.checkpoints)
    jobdir.forget_after(step)
    forget_after(str(jobdir.samples), step)
    given = parse(ALGORITHMS[job.algorithm], job.arguments)
    data = read_data(given.spec, report)
    count_of(given.spec.evaluation.num_eval_images, data.validation)
    spec = job.spec or derive_spec(jobdir, job, data, report)
    torch.set_num_threads(this_machine(spec.machine.accelerator).cores)
    run = prepare(spec, data, jobdir, report)
    stop = fit(run)
    if stop is Stop.CANCELLED:
        return Paused(run.state.progress.step)
    return best_of(run, data, stop)


def read_data(spec: TrainSpec, report: Report) -> LabelledData:
    """Open both data sets, apply the rules to every box, and stop if too much is lost.

    Raises:
        ValueError: too much is lost, or the data is not what the spec states of it.
        OSError: a file that is not there.
    """
    paths = {"training": spec.data.training_data_path, "validation": spec.data.validation_data_path}
    sets = open_sets(paths["training"], paths["validation"], spec.data.labels_file)
    _same_classes(sets.training, sets.validation)
    check_number(spec.data, sets)
    stated = sets.training.classes or sets.validation.classes
    earlier = class_map(spec.model, earlier_model(spec.model), stated, spec.data.num_classes)
    parts = {"training": sets.training, "validation": sets.validation}
    opened = {name: earlier.apply(part, stated) for name, part in parts.items()}
    num_classes = spec.data.num_classes or count_classes(opened["training"])
    checked = {}
    for name, dataset in opened.items():
        checked[name], summary = summarise(dataset, num_classes)
        require_usable(summary, spec.data.max_rejected_share, paths[name] or paths["training"])
        origin = {"split": sets.split} if sets.split and name == "validation" else {}
        report(Event(kind="data", step=0, values={"set": name, **origin, **_counts(dataset, summary)}))
    check_label_width(spec.data, checked.values())
    pictures = {name: CheckedPictures.of(dataset, checked[name]) for name, dataset in opened.items()}
    classes = known_classes(opened["training"].classes, num_classes)
    return LabelledData(pictures["training"], pictures["validation"], classes, digest(checked.values()), earlier)


def count_classes(dataset: Dataset) -> int:
    """Classes that the data set names, or else its highest label."""
    if dataset.classes:
        return len(dataset.classes)
    return max((int(sample.labels.max()) + 1 for sample in dataset if len(sample.labels)), default=1)


def _same_classes(training: Dataset, validation: Dataset) -> None:
    if training.classes and validation.classes and training.classes != validation.classes:
        named = [", ".join(f"{one.id} {one.name}" for one in d.classes) for d in (training, validation)]
        raise ValueError(f"training and validation data must have the same classes, got {named[0]} and {named[1]}")


def _counts(dataset: Dataset, summary: Summary) -> dict[str, object]:
    return {
        "pictures": summary.num_pictures,
        "boxes": summary.num_boxes,
        "empty": summary.num_empty,
        "clipped": summary.num_clipped,
        "rejected": [box.line for box in summary.faulty_boxes],
        "unlabelled": len(dataset.unlabelled),
        "unreadable": [f"{picture.source}: {picture.reason}" for picture in summary.faulty_pictures],
        "classes": {count.name: count.kept for count in summary.classes},
    }


def digest(sets: Iterable[Sequence[Checked]]) -> str:
    """SHA-256 over names, sizes, boxes and labels of all samples (not over their pixels)."""
    total = hashlib.sha256()
    for samples in sets:
        for sample in samples:
            total.update(f"{sample.source}\0{sample.width}\0{sample.height}\0".encode())
            total.update(sample.boxes.tobytes() + sample.labels.tobytes())
    return total.hexdigest()


def derive_spec(jobdir: JobDir, job: Job, data: LabelledData, report: Report) -> TrainSpec:
    """Complete the spec of a new job and write it into its folder."""
    request = parse(ALGORITHMS[job.algorithm], job.arguments)
    chosen = request.spec.machine.accelerator if "machine.accelerator" in request.given else None
    card = earlier_model(request.spec.model)
    start, inherited = inherit(request, ALGORITHMS[job.algorithm], card) if card else (request.spec, [])
    facts = Facts(
        data=data_facts(training_samples(data, Tiling.of(start)), data.validation.checked, len(data.classes)),
        machine=this_machine(chosen),
        fits=pictures_that_fit,
    )
    kept = request.kept | {one.name for one in inherited}
    spec, others = derive(start, kept, facts)
    derived = (*inherited, *others)
    jobdir.write_job(job.model_copy(update={"spec": spec, "derived": derived}))
    for one in derived:
        report(Event(kind="derived", step=0, values=one.model_dump()))
    return spec


def training_samples(data: LabelledData, tiling: Tiling) -> list[Checked]:
    """What training sees of each usable picture, or of each tile of one.

    Raises:
        ValueError: tiles lose a class.
    """
    tiles = shown(data.training.checked, tiling)
    require_tiles_that_show_objects(data.training.checked, tiles, tiling, data.classes)
    return tiles


def prepare(spec: TrainSpec, data: LabelledData, jobdir: JobDir, report: Report) -> Run:
    """Build model, average and optimizer, load pretrained weights or the last checkpoint."""
    machine = spec.machine
    fabric = Fabric(accelerator=machine.accelerator, devices=1, precision=PRECISIONS[machine.precision])
    fabric.seed_everything(machine.seed, verbose=False)
    model = build_model(spec.model, spec.loss, spec.data.num_classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    there = checkpoints(jobdir.checkpoints)
    loaded = {} if there else load_weights(model, spec.model, data.earlier, data.classes)
    training_mode(model, spec.optimization)
    if loaded:
        frozen = frozen_among(model, loaded["fresh"])
        report(Event(kind="weights", step=0, values={**loaded, "frozen_fresh": frozen}))
    average = copy.deepcopy(model).to(fabric.device)
    optimizer = make_optimizer(model, spec.optimization)
    forward, optimizer = fabric.setup(model, optimizer)
    state = TrainState(model, average, optimizer, Progress())
    if there:
        state.load(there[-1])
        values = {"file": there[-1].name, "max_steps": spec.optimization.max_steps}
        report(Event(kind="resumed", step=state.progress.step, values=values))
    batches = TrainingBatches(
        data.training,
        spec.model.image_size,
        spec.optimization.train_batch_size,
        spec.augmentation,
        machine.seed,
        spec.loss.max_num_bboxes_in_training,
        data.training.tiles(Tiling.of(spec)),
    )
    evaluated = labelled_pictures(data.validation, count_of(spec.evaluation.num_eval_images, data.validation))
    kept = Samples.of(str(jobdir.samples), data.classes, evaluated)
    return Run(spec, state, forward, fabric, batches, data.validation, jobdir, report, kept)


def best_of(run: Run, data: LabelledData, stop: Stop | None) -> Trained:
    """Load the best weights of a run and measure them once more.

    Raises:
        ValueError: the run was stopped before its first evaluation.
    """
    progress, spec = run.state.progress, run.spec
    path = run.jobdir.checkpoints / BEST
    if not path.exists():
        raise ValueError(
            f"the run was stopped at step {progress.step}, before its first evaluation at step "
            f"{spec.evaluation.train_steps_per_eval}; repeat the command to continue it"
        )
    model: Detector = run.state.average  # type: ignore[assignment]  # the state holds any module
    model.load_state_dict(load_file(str(path)))
    start = time.perf_counter()
    metrics, predictions = evaluate(
        lambda count: predict(
            model,
            data.validation,
            count=count,
            size=spec.model.image_size,
            batch_size=spec.evaluation.eval_batch_size,
            tiling=Tiling.of(spec),
        ),
        data.validation,
        count=count_of(spec.evaluation.num_eval_images, data.validation),
        num_classes=spec.data.num_classes,
        overlap_threshold=spec.evaluation.overlap_threshold,
    )
    values = {"AP": metrics.AP, "AP50": metrics.AP50, "seconds": time.perf_counter() - start}
    run.report(Event(kind="best", step=progress.best_step, values=values))
    return Trained(model.eval(), spec, data, progress.best_step, metrics, predictions, stop)


def keep_evaluation(trained: Trained, jobdir: JobDir) -> None:
    """Write the figures and errors of a run's best model into its folder. Raises: OSError."""
    pictures = evaluated_pictures(trained.data.validation, trained.predictions)
    data = trained.spec.data.validation_data_path or trained.spec.data.training_data_path
    folder, classes = str(jobdir.evaluation), trained.data.classes
    write_evaluation(folder, pictures, classes, trained.metrics, step=trained.step, data=data)
