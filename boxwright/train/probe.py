"""What a run will cost, from a few of its own steps and a part of one evaluation, on this machine and its data."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Any

import torch
from torch import Tensor

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.data.batches import prefetch
from boxwright.data.pictures import CheckedPictures
from boxwright.jobdir import Event, JobDir
from boxwright.models.detector import Detector
from boxwright.spec.training import TrainSpec
from boxwright.tiling import Tiling
from boxwright.train import loop
from boxwright.train.averaging import recompute_batch_norm
from boxwright.train.checkpoint import BEST
from boxwright.train.evaluate import ValidationLosses, as_input, count_of, evaluate, predict
from boxwright.train.loop import Run, next_batch, train_step
from boxwright.train.machine import (
    MEMORY_SHARE,
    keep_freed_memory,
    peak_device_memory,
    peak_memory,
    pictures_that_fit,
    seconds_since_start,
    this_machine,
)
from boxwright.train.run import derive_spec, prepare, read_data

WARM_UP = 2
"""Steps that are not counted: the first ones choose their kernels and fill their caches."""

STEPS = (3, 20)
"""Fewest and most steps that are measured."""

STEP_SECONDS = 10.0
"""After which no further step is measured, once there are the fewest."""

EVALUATION_SECONDS = 6.0
"""After which no further batch of an evaluation is measured, once there is one."""

EXPORT_SECONDS = 15.0
"""Allowance for the export: loading TensorFlow, tracing the network, writing its files."""

EXPORT_PICTURES = 64
"""Allowance for checking the export, in pictures of an evaluation: 16 pictures through each of its forms."""

UNSURE = 0.1
"""Share by which a run may differ from its estimate, beside the spread of its steps."""


@dataclass(frozen=True)
class Measured:
    """What was measured, in seconds.

    Attributes:
        preparation: from the start of the process until the first step.
        steps: of each step.
        evaluation: of one evaluation with its checkpoint.
        last: of the evaluation of the best weights at the end.
    """

    preparation: float
    steps: Sequence[float]
    evaluation: float
    last: float


Tell = Callable[[str, int], None]
"""Is told what is being done, and how many steps are."""


def estimate(jobdir: JobDir, report: Callable[[Event], None]) -> dict[str, Any]:
    """Measure a job that is described in a folder of its own, which is thrown away afterwards.

    Returns:
        `total_seconds` with `low_seconds` and `high_seconds`, and what they come from: seconds, counts and bytes.

    Raises:
        ValueError, OSError: what training itself would refuse, and a step that does not fit into memory.
    """
    keep_freed_memory()
    job = jobdir.read_job()
    assert job is not None, "whoever starts an estimate has described it"

    def tell(phase: str, step: int = 0) -> None:
        report(Event(kind="estimate", step=step, values={"phase": phase}))

    tell("data")
    data = read_data(parse(ALGORITHMS[job.algorithm], job.arguments).spec, lambda _: None)
    tell("model")
    spec = derive_spec(jobdir, job, data, lambda _: None)
    require_memory(spec)
    torch.set_num_threads(this_machine(spec.machine.accelerator).cores)
    run = prepare(spec, data, jobdir, lambda _: None)
    preparation = seconds_since_start()
    tell("steps")
    steps = step_seconds(run, tell)
    tell("evaluation", len(steps))
    return result(run, Measured(preparation, steps, *evaluation_seconds(run)))


def require_memory(spec: TrainSpec) -> None:
    """Raise ValueError where a step cannot be expected to fit into the memory that is free, without trying it."""
    batch, fits = spec.optimization.train_batch_size, pictures_that_fit(spec)
    if batch * MEMORY_SHARE > fits:
        height, width = spec.model.image_size
        raise ValueError(
            f"a step of {batch} pictures of {height} x {width} pixels does not fit into the memory that is free; about "
            f"{fits} would: choose a smaller batch, smaller pictures or a smaller backbone"
        )


def step_seconds(run: Run, tell: Tell) -> list[float]:
    """Seconds of training steps, the waiting for pictures included."""
    makers = ((lambda step=step: run.batches[step]) for step in range(WARM_UP + STEPS[1]))
    batches = prefetch(makers, workers=run.spec.machine.loader_workers)
    found: list[float] = []
    start = time.perf_counter()
    for number in range(WARM_UP + STEPS[1]):
        begin = time.perf_counter()
        losses = train_step(run, next_batch(run, batches))
        float(losses["loss"])  # waits for the device
        run.state.progress.step += 1
        if number < WARM_UP:
            start = time.perf_counter()
            continue
        found.append(time.perf_counter() - begin)
        tell("steps", len(found))
        if len(found) >= STEPS[0] and time.perf_counter() - start > STEP_SECONDS:
            break
    return found


def evaluation_seconds(run: Run) -> tuple[float, float]:
    """Seconds of one evaluation with its checkpoint, and of the last one, which has neither statistics nor checkpoint.

    A part of the pictures is measured, and the rest taken to cost alike.
    """
    count = count_of(run.spec.evaluation.num_eval_images, run.validation)
    statistics = _statistics_seconds(run)
    _evaluate(run, 1)  # chooses its kernels
    done, seconds, size = 0, 0.0, run.spec.evaluation.eval_batch_size
    while done < count and seconds < EVALUATION_SECONDS:
        part = min(count, max(size, 2 * done))  # always the first pictures: each part is measured afresh
        seconds, done = _evaluate(run, part), part
    every = seconds / done * count
    return statistics + every + _save_seconds(run), every


def _statistics_seconds(run: Run) -> float:
    model: Detector = run.state.average  # type: ignore[assignment]  # the state holds any module
    batches = math.ceil(loop.STATISTICS_IMAGES / run.batches.batch_size)

    def first() -> Iterator[Tensor]:
        yield as_input(run.batches[0], run.fabric.device)

    start = time.perf_counter()
    with run.fabric.autocast():
        recompute_batch_norm(model, first())
    return batches * (time.perf_counter() - start)


def _evaluate(run: Run, count: int) -> float:
    """Seconds of an evaluation on the first `count` pictures."""
    model: Detector = run.state.average  # type: ignore[assignment]  # the state holds any module
    pictures: CheckedPictures = run.validation
    start = time.perf_counter()
    evaluate(
        lambda first: predict(
            model,
            pictures,
            count=first,
            size=run.batches.size,
            batch_size=run.spec.evaluation.eval_batch_size,
            losses=ValidationLosses(),
            tiling=Tiling.of(run.spec),
        ),
        pictures,
        count=count,
        num_classes=run.spec.data.num_classes,
        overlap_threshold=run.spec.evaluation.overlap_threshold,
    )
    return time.perf_counter() - start


def _save_seconds(run: Run) -> float:
    start = time.perf_counter()
    run.state.save_best(run.jobdir.checkpoints)
    run.state.save(run.jobdir.checkpoints, keep=1)
    return time.perf_counter() - start


def result(run: Run, measured: Measured) -> dict[str, Any]:
    """What a whole run costs, by name: seconds, counts and bytes."""
    spec, step = run.spec, fmean(measured.steps)
    steps = spec.optimization.max_steps
    evaluations = math.ceil(steps / spec.evaluation.train_steps_per_eval)
    count = count_of(spec.evaluation.num_eval_images, run.validation)
    export = EXPORT_SECONDS + EXPORT_PICTURES * measured.last / count
    total = measured.preparation + steps * step + evaluations * measured.evaluation + measured.last + export
    share = UNSURE + _spread(measured.steps)
    return {
        "total_seconds": total,
        "low_seconds": total * (1 - share),
        "high_seconds": total * (1 + share),
        "preparation_seconds": measured.preparation,
        "step_seconds": step,
        "steps": steps,
        "measured_steps": len(measured.steps),
        "evaluation_seconds": measured.evaluation,
        "evaluations": evaluations,
        "export_seconds": export,
        "batch_size": run.batches.batch_size,
        "image_size": list(spec.model.image_size),
        "training_pictures": len(run.batches.pictures),
        "accelerator": spec.machine.accelerator,
        "may_end_early": bool(spec.evaluation.early_stopping and spec.evaluation.early_stopping_patience),
        "memory_bytes": peak_memory(),
        "device_memory_bytes": peak_device_memory(spec.machine.accelerator),
        "disk_bytes": _disk_bytes(run),
    }


def _spread(steps: Sequence[float]) -> float:
    """Half of the range that the middle half of the steps lies in, as a share of their mean; at most a half."""
    first, _, third = quantiles(steps, n=4)
    return min(0.5, (third - first) / 2 / fmean(steps))


def _disk_bytes(run: Run) -> int:
    """Of the checkpoints that are kept, the best weights, and the model: its weights, SavedModel and ONNX file."""
    weights = (run.jobdir.checkpoints / BEST).stat().st_size
    (checkpoint,) = run.jobdir.checkpoints.glob("step_*")
    return run.spec.machine.keep_checkpoints * checkpoint.stat().st_size + 4 * weights
