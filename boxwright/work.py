"""Runs the job of one folder and leaves events, model and result in it: what every runner starts."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from boxwright.export.result import write_model
from boxwright.jobdir import Event, JobDir
from boxwright.metrics.table import metrics_table
from boxwright.progress import describe
from boxwright.train.loop import Stop
from boxwright.train.machine import release_freed_memory
from boxwright.train.run import Paused, train

STOPPED_STATUS = 75
"""Exit status of a job that was asked to stop and saved its place (EX_TEMPFAIL: try again)."""

KEPT_KINDS_EXCEPT = ("step",)
"""Kinds of events that are shown but not written down."""

Listener = Callable[[Event], Any]


def work(path: Path, listener: Listener = lambda _: None) -> dict[str, Any]:
    """Run the job of a folder.

    Args:
        path: the job's folder with its job.json.
        listener: is told of every event as it happens.

    Returns:
        what result.json holds: `status` "finished", the best step and its numbers; or `status` "stopped" and the
        step from which to go on.

    Raises:
        FileNotFoundError: no job there.
        ValueError: an unknown kind of job, or what the job itself finds wrong.
    """
    jobdir = JobDir(path)
    job = jobdir.read_job()
    if job is None:
        raise FileNotFoundError(f"{jobdir.job_file} is missing: no job in this folder")
    if job.kind not in KINDS:
        raise ValueError(f"job kind must be one of {', '.join(KINDS)}, got {job.kind!r}")
    done = jobdir.read_result()
    if done and done["status"] == "finished":
        listener(Event(kind="already finished", step=done["best_step"], values=done))
        return done
    return KINDS[job.kind](jobdir, listener)


def train_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Train, then export the best model. A SIGTERM saves a checkpoint and ends the job as "stopped"."""
    start = time.time()
    with termination() as asked, SummaryWriter(str(jobdir.tensorboard)) as board:

        def report(event: Event) -> Stop | None:
            if event.kind not in KEPT_KINDS_EXCEPT:
                jobdir.append(event)
                jobdir.log(describe(event), event.time)
                add_scalars(board, event)
            listener(event)
            return Stop.CANCELLED if asked() else None

        trained = train(jobdir, report)
        if isinstance(trained, Paused):
            report(Event(kind="stopped", step=trained.step, values={"reason": str(Stop.CANCELLED)}))
            return {"status": "stopped", "step": trained.step}
        result = {"best_step": trained.step, "metrics": trained.metrics.values(), "stop": trained.stop}
        report(Event(kind="exporting", step=trained.step))
        release_freed_memory()
        agreements = write_model(trained, jobdir)
        exports = {name: str(agreement) for name, agreement in agreements.items()}
        table = metrics_table(trained.metrics, trained.data.classes)
        seconds = time.time() - start
        result = {"status": "finished", **result, "exports": exports, "seconds": seconds, "table": table}
        jobdir.write_result(result)
        report(Event(kind="finished", step=trained.step, values=result))
    return result


KINDS: dict[str, Callable[[JobDir, Listener], dict[str, Any]]] = {"train": train_job}
"""Kind of job to what runs it."""


def add_scalars(board: SummaryWriter, event: Event) -> None:
    """Write an event's numbers under their own names: `loss`, `learning_rate`, `AP` and so on."""
    if event.kind in ("train", "evaluation"):
        for name, value in event.values.items():
            board.add_scalar(name, value, event.step, walltime=event.time)
        board.flush()


@contextmanager
def termination() -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and SIGINT are remembered instead of ending the process; a second SIGINT ends it."""
    received: list[int] = []

    def remember(number: int, _: Any) -> None:
        if number in received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
