"""The job that trains nothing: it counts steps, saves its place after each, and fails where it is told to.

Its `waited` events are its checkpoints and, with the process that made each, the proof that no step was done twice: a
process does the step after the last one that is written down, so two processes in one folder would repeat steps.
"""

import errno
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from boxwright.jobdir import Event, JobDir, Listener
from boxwright.spec.wait import WaitArguments
from boxwright.termination import termination

NAP = 0.05
"""Seconds between looks at whether the job is asked to stop."""


def wait_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Count the steps that are left. A SIGTERM ends the job as "stopped".

    Raises:
        InvalidResource: faulty arguments.
        ValueError, OSError: as `fail` asks for.
    """
    job = jobdir.read_job()
    assert job is not None, "work has read it"
    given = WaitArguments.read(job.arguments)
    step = steps_done(jobdir)
    jobdir.forget_after(step)  # no event is: this takes out the unfinished line of a process that was killed

    def report(kind: str, **values: Any) -> None:
        event = Event(kind=kind, step=step, values=values)
        jobdir.append(event)
        jobdir.log(f"{kind} {step} of {given.steps}", event.time)
        listener(event)

    with termination() as asked:
        report("begun", process=os.getpid())
        while step < given.steps:
            if step >= given.steps // 2:
                _fail(given.fail)
            if _stopped_while_asleep(given, asked):
                report("stopped", reason="cancelled")
                return {"status": "stopped", "step": step}
            step += 1
            report("waited", process=os.getpid())
        result = {"status": "finished", "best_step": step}
        jobdir.write_result(result)
        report("finished", **result)
    return result


def steps_done(jobdir: JobDir) -> int:
    """The last step that is written down."""
    return max((event.step for event in jobdir.events() if event.kind == "waited"), default=0)


def _stopped_while_asleep(given: WaitArguments, asked: Callable[[], bool]) -> bool:
    end = time.monotonic() + given.seconds
    while not asked() or given.fail == "deaf":
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, NAP))
    return True


def _fail(kind: str) -> None:
    if kind == "user":
        raise ValueError("this job was asked to fail with a mistake of the user (--fail=user)")
    if kind == "machine":
        raise OSError(errno.EIO, "this job was asked to fail with a fault of the machine (--fail=machine)")
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
