"""Runs the job of one folder and leaves events, model and result in it: what every runner starts.

What a kind of job needs is imported when one runs: a job that needs no network of neurons starts at once.
"""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from boxwright.jobdir import BUSY_STATUS, FAULT_STATUS, STOPPED_STATUS, USER_STATUS, Event, JobDir, Listener
from boxwright.object_store import be_patient
from boxwright.runners.host import this_process

__all__ = ["KINDS", "STOPPED_STATUS", "describe_error", "exit_status", "fault", "work"]

KEPT_KINDS_EXCEPT = ("step",)
"""Kinds of events that are shown but not written down."""

ESTIMATE_NICENESS = 10
"""By how much an estimate gives way; the workers of jobs do as much."""

LASTING = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENAMETOOLONG, None)
"""Errors of files that stay until a person mends them; a full disk or a broken connection may pass."""


def work(path: Path, listener: Listener = lambda _: None) -> dict[str, Any]:
    """Run the job of a folder. A failure is left in result.json before it is raised.

    Args:
        path: the job's folder with its job.json.
        listener: is told of every event as it happens.

    Returns:
        what result.json holds: `status` "finished", the best step and its numbers; or `status` "stopped" and the
        step from which to go on.

    Raises:
        FileNotFoundError: no job there.
        BlockingIOError: another process is working on it.
        ValueError: an unknown kind of job, or what the job itself finds wrong.
    """
    be_patient()  # hours of work shall not end with a request that fails
    jobdir = JobDir(path)
    job = jobdir.read_job()
    if job is None:
        raise FileNotFoundError(f"{jobdir.job_file} is missing: no job in this folder")
    with jobdir.held():
        jobdir.write_worker(this_process())
        done = jobdir.read_result()
        if done and done["status"] == "finished":
            listener(Event(kind="already finished", step=done["best_step"], values=done))
            return done
        jobdir.result_file.unlink(missing_ok=True)
        try:
            if job.kind not in KINDS:
                raise ValueError(f"job kind must be one of {', '.join(KINDS)}, got {job.kind!r}")
            return KINDS[job.kind](jobdir, listener)
        except Exception as error:
            with suppress(OSError):  # of a full disk, which is what `error` says
                jobdir.write_result({"status": "failed", "fault": fault(error), "error": describe_error(error)})
                jobdir.log(f"failed: {describe_error(error)}", time.time())
            raise


def fault(error: Exception) -> str:
    """Whose fault an error is: "user" when it would come again, "machine" when another try may succeed."""
    if isinstance(error, OSError):
        return "user" if error.errno in LASTING else "machine"
    return "user" if isinstance(error, ValueError | ImportError | FloatingPointError) else "machine"


def exit_status(error: Exception) -> int:
    """With what status `boxwright work` ends after `work` has raised."""
    if isinstance(error, BlockingIOError):
        return BUSY_STATUS
    return USER_STATUS if fault(error) == "user" else FAULT_STATUS


def describe_error(error: Exception) -> str:
    """An error in words: its own, with the type where it was not made for people."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    plain = isinstance(error, OSError | ValueError | ImportError | FloatingPointError)
    return str(error) if plain else f"{type(error).__name__}: {error}"


def train_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Train, then export the best model.

    A SIGTERM saves a checkpoint and ends the job as "stopped"; the file stop.json ends the training early.
    """
    from tensorboardX import SummaryWriter

    from boxwright.algorithms import ALGORITHMS
    from boxwright.export.result import write_model
    from boxwright.metrics.table import metrics_table
    from boxwright.progress import describe
    from boxwright.termination import termination
    from boxwright.train.loop import Stop
    from boxwright.train.machine import release_freed_memory
    from boxwright.train.run import Paused, keep_evaluation, train

    start, job = time.time(), jobdir.read_job()
    algorithm = ALGORITHMS.get(job.algorithm) if job else None
    with termination() as asked, SummaryWriter(str(jobdir.tensorboard)) as board:

        def report(event: Event) -> Stop | None:
            if event.kind not in KEPT_KINDS_EXCEPT:
                jobdir.append(event)
                jobdir.log(describe(event, algorithm), event.time)
                add_scalars(board, event)
            listener(event)
            if asked():
                return Stop.CANCELLED
            return Stop.PRUNED if jobdir.stop_file.exists() else None

        trained = train(jobdir, report)
        if isinstance(trained, Paused):
            report(Event(kind="stopped", step=trained.step, values={"reason": str(Stop.CANCELLED)}))
            return {"status": "stopped", "step": trained.step}
        result = {"best_step": trained.step, "metrics": trained.metrics.values(), "stop": trained.stop}
        keep_evaluation(trained, jobdir)
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


def tune_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Search for the best arguments: see `boxwright.tune.run`."""
    from boxwright.tune.run import tune_job

    return tune_job(jobdir, listener)


def prediction_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Find objects in pictures: see `boxwright.batch_prediction.run`."""
    from boxwright.batch_prediction.run import prediction_job

    return prediction_job(jobdir, listener)


def wait_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Count steps: see `boxwright.waiting`."""
    from boxwright.waiting import wait_job

    return wait_job(jobdir, listener)


def estimate_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Measure what a training job will cost, in a folder that is thrown away: see `boxwright.train.probe`.

    It gives way to jobs, and ends with the process that started it.
    """
    from boxwright.termination import following_parent
    from boxwright.train.probe import estimate

    def report(event: Event) -> None:
        jobdir.append(event)
        listener(event)

    os.nice(ESTIMATE_NICENESS)
    with following_parent():
        result = {"status": "finished", "best_step": 0, **estimate(jobdir, report)}
    jobdir.write_result(result)
    return result


KINDS: dict[str, Callable[[JobDir, Listener], dict[str, Any]]] = {
    "train": train_job,
    "tune": tune_job,
    "prediction": prediction_job,
    "wait": wait_job,
    "estimate": estimate_job,
}
"""Kind of job to what runs it."""


def add_scalars(board: Any, event: Event) -> None:
    """Write an event's numbers to a SummaryWriter under their own names: `loss`, `learning_rate`, `AP` and so on."""
    if event.kind in ("train", "evaluation"):
        for name, value in event.values.items():
            board.add_scalar(name, value, event.step, walltime=event.time)
        board.flush()
