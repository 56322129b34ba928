"""What a person sees of a running job: a progress bar with speed, loss and time left, and a line for each event."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from boxwright.algorithms import ALGORITHMS, Algorithm
from boxwright.jobdir import Event, Job

SHOWN_REJECTED = 5
SHOWN_TENSORS = 3


class JobDisplay:
    """Listens to a job's events and prints them; a bar is drawn where there is a terminal.

    Args:
        console: where to print.
        job: reads the job, whose `max_steps` are known only after the start.
    """

    def __init__(self, console: Console, job: Callable[[], Job | None]) -> None:
        self.console = console
        self._job = job
        self._numbers = ""
        self._progress = Progress(
            TextColumn("[bold]training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("training", total=None, numbers="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "step":
            self._advance(event.step)
            return
        if event.kind == "train":
            self._numbers = train_numbers(event.values)
            if self.console.is_terminal:
                return
        line = describe(event, self._algorithm())
        if line:
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _algorithm(self) -> Algorithm | None:
        job = self._job()
        return ALGORITHMS.get(job.algorithm) if job else None

    def _advance(self, step: int) -> None:
        total = None
        if self._progress.tasks[0].total is None:
            job = self._job()
            total = job.spec.optimization.max_steps if job and job.spec else None
        self._progress.update(self._task, completed=step, total=total, numbers=self._numbers, visible=True)


def train_numbers(values: Mapping[str, Any]) -> str:
    """Loss and speed in a few words."""
    return f"loss {values['loss']:.3f}  {values['images_per_second']:.1f} img/s"


def describe(event: Event, algorithm: Algorithm | None = None) -> str:
    """An event as text; empty for what is not worth a line.

    Args:
        algorithm: whose names the arguments have, and whose metric lines are added.
    """
    describer = DESCRIBERS.get(event.kind)
    values = event.values
    if event.kind == "derived" and algorithm:
        values = {**values, "name": algorithm.names().get(values["name"], values["name"])}
    text = describer(event.step, values) if describer else ""
    lines = metric_lines(event, algorithm) if algorithm else []
    return "\n".join([text, *lines] if text else lines)


def metric_lines(event: Event, algorithm: Algorithm) -> list[str]:
    """What programs that read an algorithm's log look for, in the forms that were published for it."""
    return [line.format(step=event.step, **event.values) for line in algorithm.metric_lines.get(event.kind, ())]


def _data(_: int, values: Mapping[str, Any]) -> str:
    classes = ", ".join(f"{name} {count:,}" for name, count in values["classes"].items())
    lines = [f"{values['set']} data: {values['pictures']:,} pictures, {values['boxes']:,} boxes ({classes})"]
    if "split" in values:
        lines.append(f"  {values['split']}")
    if values.get("unlabelled"):
        lines.append(f"  not used, as they have no label: {values['unlabelled']:,} more pictures")
    left_out = [*values["unreadable"], *values["rejected"]]
    if left_out:
        lines.append(f"  left out: {len(values['rejected'])} boxes, {len(values['unreadable'])} pictures")
        lines += [f"    {line}" for line in left_out[:SHOWN_REJECTED]]
        if len(left_out) > SHOWN_REJECTED:
            lines.append(f"    and {len(left_out) - SHOWN_REJECTED} more: see `boxwright data inspect`")
    return "\n".join(lines)


def _derived(_: int, values: Mapping[str, Any]) -> str:
    name = values["name"].rpartition(".")[2]
    value = values["value"]
    text = ",".join(str(part) for part in value) if isinstance(value, tuple | list) else str(value)
    return f"  --{name}={text}  ({values['reason']})"


def _train(step: int, values: Mapping[str, Any]) -> str:
    return f"step {step}: {train_numbers(values)}, learning rate {values['learning_rate']:.2e}"


def _evaluation(step: int, values: Mapping[str, Any]) -> str:
    best = "  (best so far)" if values["best_step"] == step else ""
    return f"step {step}: AP {values['AP']:.4f}  AP50 {values['AP50']:.4f}  AP75 {values['AP75']:.4f}{best}"


def _weights(_: int, values: Mapping[str, Any]) -> str:
    source = values["source"] if "kept_classes" in values else values["source"].rpartition("/")[2]
    lines = [f"starting weights: {source or 'none'}"]
    if source and "reused" in values:
        lines.append(f"  {len(values['reused'])} tensors reused, {_counted(values['fresh'], 'fresh')}, ")
        lines[-1] += _counted(values["skipped"], "left out")
    if frozen := values.get("frozen_fresh"):
        lines.append(f"  attention: {_counted(frozen, 'of them are frozen')} and stay random; train them too, or start")
        lines[-1] += " from weights that have them, such as coco or an earlier model"
    if "kept_classes" in values:
        kept, new = (", ".join(values[name]) or "none" for name in ("kept_classes", "new_classes"))
        lines.append(f"  classes kept: {kept}; new: {new}")
    return "\n".join(lines)


def _counted(names: Sequence[str], what: str) -> str:
    shown = ", ".join(names[:SHOWN_TENSORS])
    more = f" and {len(names) - SHOWN_TENSORS} more" if len(names) > SHOWN_TENSORS else ""
    return f"{len(names)} {what}" + (f" ({shown}{more})" if names else "")


def _planned(_: int, values: Mapping[str, Any]) -> str:
    done = values["shards"] - values["left"]
    going_on = f", {done} of them finished earlier" if done else ""
    return (
        f"{values['pictures']:,} pictures in {values['files']:,} files for {values['model']}, with {values['workers']} "
        f"threads: {values['shards']:,} shards{going_on}"
    )


def _predicted(_: int, values: Mapping[str, Any]) -> str:
    done = values["predictions"] + values["errors"]
    rate = f"{values['images_per_second']:.1f} img/s"
    return f"{done:,} of {values['pictures']:,} pictures, {values['errors']:,} of them errors, {rate}"


def _resumed(step: int, values: Mapping[str, Any]) -> str:
    end = f" of {values['max_steps']}" if "max_steps" in values else ""
    return f"continuing at step {step}{end} from {values['file']}"


def _already_finished(step: int, values: Mapping[str, Any]) -> str:
    if "output_path" not in values:
        can_go_on = "metrics" in values and not values.get("stop")
        more = " (a larger epochs or max_steps would continue it)" if can_go_on else ""
        return f"this run is finished; its best model is of step {step}{more}"
    counts = f"{values['predictions']:,} predictions and {values['errors']:,} errors"
    return f"this prediction is finished: {counts} in {values['output_path']}"


DESCRIBERS: dict[str, Callable[[int, Mapping[str, Any]], str]] = {
    "data": _data,
    "derived": _derived,
    "weights": _weights,
    "train": _train,
    "evaluation": _evaluation,
    "resumed": _resumed,
    "exporting": lambda step, _: f"exporting the model of step {step}: SavedModel, ONNX, report",
    "stopped": lambda _, values: f"stopped ({values['reason']}); repeat the command to continue",
    "study": lambda _, values: values["text"],
    "trial": lambda _, values: values["text"],
    "planned": _planned,
    "predicted": _predicted,
    "already finished": _already_finished,
}
