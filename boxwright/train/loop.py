"""The one training loop."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import torch
from lightning_fabric import Fabric
from torch import Tensor

from boxwright.data.batches import Batch, TrainingBatches, prefetch
from boxwright.data.pictures import CheckedPictures
from boxwright.evaluation.samples import Samples
from boxwright.jobdir import Event, JobDir
from boxwright.metrics.boxes import Predictions
from boxwright.models.detector import Detector, HeadOutputs, Targets
from boxwright.spec.training import EvaluationSpec, TrainSpec
from boxwright.tiling import Tiling
from boxwright.train.averaging import recompute_batch_norm, update_average
from boxwright.train.checkpoint import Progress, TrainState
from boxwright.train.evaluate import ValidationLosses, as_input, count_of, evaluate, predict
from boxwright.train.machine import memory_held
from boxwright.train.schedule import learning_rate

LOG_EVERY = 10
"""Steps between reports; losses are fetched from the device only then."""

STATISTICS_IMAGES = 128
"""Training pictures over which batch-norm statistics are computed before an evaluation."""


FALLING = ("localization_loss", "validation_loss")
"""Numbers to judge by of which less is better."""


class Stop(StrEnum):
    """Why training ended before `max_steps`."""

    CANCELLED = "cancelled"
    PRUNED = "pruned"
    TIME_LIMIT = "time limit"
    EARLY = "early stopping"


Report = Callable[[Event], Stop | None]
"""Is told of every event; answers with a reason to stop, if there is one."""


@dataclass
class Run:
    """What `fit` works on: the spec, the parts built from it, and what it has measured so far."""

    spec: TrainSpec
    state: TrainState
    forward: Callable[[Tensor], HeadOutputs]
    fabric: Fabric
    batches: TrainingBatches
    validation: CheckedPictures
    jobdir: JobDir
    report: Report
    samples: Samples
    pending: list[dict[str, Tensor]] = field(default_factory=list)
    waited: float = 0.0
    since: float = field(default_factory=time.perf_counter)


def fit(run: Run) -> Stop | None:
    """Train until `max_steps`, or until early stopping or `report` asks to stop.

    Checkpoints are written after each evaluation and before stopping. The run continues from `run.state.progress`,
    with the evaluation of that step if it was stopped before it.

    Returns:
        why it stopped early, or None.

    Raises:
        FloatingPointError: the loss is no longer finite.
        OSError: a checkpoint cannot be saved.
    """
    progress, limit = run.state.progress, run.spec.optimization.max_steps
    makers = ((lambda step=step: run.batches[step]) for step in range(progress.step, limit))
    batches = prefetch(makers, workers=run.spec.machine.loader_workers)
    stop = evaluate_now(run) if evaluation_due(run) else early_stop(run)
    run.since = time.perf_counter()
    while progress.step < limit and stop is None:
        run.pending.append(train_step(run, next_batch(run, batches)))
        progress.step += 1
        stop = run.report(Event(kind="step", step=progress.step))
        due = evaluation_due(run)
        if stop or due or progress.step % LOG_EVERY == 0:
            stop = report_losses(run) or stop
        if due and not stop:
            stop = evaluate_now(run)
        elif stop:
            save_checkpoint(run)
    return stop


def next_batch(run: Run, batches: Iterator[Batch]) -> Batch:
    """The next batch; the time waited for it is counted."""
    start = time.perf_counter()
    batch = next(batches)
    run.waited += time.perf_counter() - start
    return batch


def train_step(run: Run, batch: Batch) -> dict[str, Tensor]:
    """Forward, backward, one move of the weights, one move of their average. Returns the losses, on the device."""
    state, spec = run.state, run.spec.optimization
    model: Detector = state.model  # type: ignore[assignment]  # the state holds any module
    step = state.progress.step
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate(step, spec)
    outputs = run.forward(as_input(batch, run.fabric.device))
    targets = Targets(batch.boxes.to(run.fabric.device), batch.labels.to(run.fabric.device))
    losses = model.loss(outputs, targets, run.batches.size)
    run.fabric.backward(losses["loss"])
    if spec.gradient_clip:
        torch.nn.utils.clip_grad_norm_(model.parameters(), spec.gradient_clip)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    update_average(state.average, model, step=step, decay=spec.ema)
    return {name: value.detach() for name, value in losses.items()}


def report_losses(run: Run) -> Stop | None:
    """Report the mean losses since the last report, the speed and the share of time spent waiting for batches."""
    if not run.pending:
        return None
    step, count = run.state.progress.step, len(run.pending)
    table = {name: torch.stack([losses[name] for losses in run.pending]).tolist() for name in run.pending[0]}
    check_finite(run, table["loss"])
    elapsed = max(time.perf_counter() - run.since, 1e-9)
    values = {name: math.fsum(column) / count for name, column in table.items()}
    values["epoch"] = epoch(run)
    values["learning_rate"] = learning_rate(step - 1, run.spec.optimization)
    values["images_per_second"] = count * run.batches.batch_size / elapsed
    values["waiting_share"] = run.waited / elapsed
    values |= memory_held(run.fabric.device.type)
    run.pending.clear()
    run.waited, run.since = 0.0, time.perf_counter()
    return run.report(Event(kind="train", step=step, values=values))


def check_finite(run: Run, losses: list[float]) -> None:
    """Raise FloatingPointError at the first step whose loss is not a number, with a suggestion."""
    first = run.state.progress.step - len(losses)
    for offset, loss in enumerate(losses):
        if not math.isfinite(loss):
            rate = learning_rate(first + offset, run.spec.optimization)
            raise FloatingPointError(
                f"the loss is {loss} at step {first + offset + 1} with learning rate {rate:.3g}; try "
                f"initial_learning_rate={run.spec.optimization.initial_learning_rate / 10:.3g}, more warmup_steps, or "
                "gradient_clip=10"
            )


def epoch(run: Run) -> int:
    """The 0-based pass over the training pictures that the last step belongs to."""
    steps = math.ceil(run.batches.samples / run.batches.batch_size)
    return max(0, run.state.progress.step - 1) // steps


def evaluation_due(run: Run) -> bool:
    """Whether the present step is one to be evaluated at, and has not been."""
    progress, every = run.state.progress, run.spec.evaluation.train_steps_per_eval
    last = progress.step == run.spec.optimization.max_steps
    return (last or progress.step % every == 0) and progress.step > progress.evaluated


def evaluate_now(run: Run) -> Stop | None:
    """Measure the averaged weights, keep samples, keep the weights if they are the best, save a checkpoint, judge."""
    start, evaluation = time.perf_counter(), run.spec.evaluation
    values, predictions = measured(run)
    progress = run.state.progress
    run.samples.write(progress.step, predictions)
    if judge(progress, values[evaluation.best_metric], evaluation):
        run.state.save_best(run.jobdir.checkpoints)
    told = {**values, "epoch": epoch(run), "seconds": time.perf_counter() - start, "best_step": progress.best_step}
    stop = run.report(Event(kind="evaluation", step=progress.step, values=told))
    save_checkpoint(run)
    run.since = time.perf_counter()
    return stop or early_stop(run)


def measured(run: Run) -> tuple[dict[str, float], list[Predictions]]:
    """Accuracy and losses of the averaged weights on the validation pictures, and what they find there."""
    model: Detector = run.state.average  # type: ignore[assignment]  # as in train_step
    evaluation, losses = run.spec.evaluation, ValidationLosses()
    with run.fabric.autocast():
        recompute_batch_norm(model, statistics_images(run))
    size, batch, tiling = run.batches.size, evaluation.eval_batch_size, Tiling.of(run.spec)
    metrics, predictions = evaluate(
        lambda first: predict(
            model, run.validation, count=first, size=size, batch_size=batch, losses=losses, tiling=tiling
        ),
        run.validation,
        count=count_of(evaluation.num_eval_images, run.validation),
        num_classes=run.spec.data.num_classes,
        overlap_threshold=evaluation.overlap_threshold,
    )
    return {**metrics.values(), **losses.values()}, predictions


def judge(progress: Progress, value: float, evaluation: EvaluationSpec) -> bool:
    """Note an evaluation at the present step; whether it is the best so far.

    Args:
        value: of `evaluation.best_metric`.
    """
    first = progress.evaluations == 0
    rise = value - progress.best
    gain = math.inf if first else -rise if evaluation.best_metric in FALLING else rise
    wanted = max(evaluation.early_stopping_min_improvement, evaluation.early_stopping_tolerance * max(0, progress.best))
    progress.evaluations, progress.evaluated = progress.evaluations + 1, progress.step
    progress.stale = 0 if gain > 0 and gain >= wanted else progress.stale + 1
    if gain <= 0:
        return False
    progress.best, progress.best_step = value, progress.step
    return True


def early_stop(run: Run) -> Stop | None:
    """A reason to stop when enough evaluations have passed, and enough of them without improvement."""
    progress, evaluation = run.state.progress, run.spec.evaluation
    patience = evaluation.early_stopping_patience if evaluation.early_stopping else 0
    enough = progress.evaluations >= evaluation.early_stopping_min_evaluations
    return Stop.EARLY if patience and enough and progress.stale >= patience else None


def statistics_images(run: Run) -> Iterator[Tensor]:
    """The first training batches, whatever the step: the same pictures at every evaluation and after a resume."""
    for index in range(math.ceil(STATISTICS_IMAGES / run.batches.batch_size)):
        yield as_input(run.batches[index], run.fabric.device)


def save_checkpoint(run: Run) -> None:
    """Write a checkpoint of the present step."""
    path = run.state.save(run.jobdir.checkpoints, keep=run.spec.machine.keep_checkpoints)
    run.report(Event(kind="checkpoint", step=run.state.progress.step, values={"file": path.name}))
