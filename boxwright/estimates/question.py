"""What is measured for a job, and what the answer depends on."""

import hashlib
import json
import math
import os
from contextlib import suppress

from boxwright import files
from boxwright.jobdir import Job
from boxwright.spec.study import Parameter, Study

DATA_ARGUMENTS = ("training_data_path", "validation_data_path", "labels_file", "pretrained_checkpoint_path")
"""Arguments that name files; when those change, an estimate is no longer true."""


def trial_of(job: Job) -> Job:
    """The job that is measured: of a study, a trial in the middle of every range."""
    searched = {one.parameter_name: middle(one) for one in job.study.params} if job.study else {}
    return Job(kind="estimate", algorithm=job.algorithm, arguments={**job.arguments, **searched})


def middle(one: Parameter) -> str:
    """A value in the middle of what is searched."""
    listed = [one.text(value) for value in one.categorical_values or one.discrete_values]
    if listed:
        return listed[len(listed) // 2]
    assert one.min_value is not None and one.max_value is not None, "validated"
    log = one.scale_type != "NONE" and one.scale_type != "UNIT_LINEAR_SCALE"
    value = math.sqrt(one.min_value * one.max_value) if log else (one.min_value + one.max_value) / 2
    return one.text(float(round(value)) if one.type == "INTEGER" else value)


def size_of(study: Study | None, gpus: int) -> tuple[int, int]:
    """Trials, and how often the time of one passes: on the processor they share its cores and gain nothing."""
    if study is None:
        return 1, 1
    return study.max_trials, math.ceil(study.max_trials / max(1, min(study.max_parallel_trials, gpus)))


def digest(job: Job, devices: str) -> str:
    """Of all that an estimate depends on: the arguments, and when the files that they name were last written."""
    stamps = [_stamp(job.arguments[name]) for name in DATA_ARGUMENTS if name in job.arguments]
    text = json.dumps([job.algorithm, sorted(job.arguments.items()), devices, stamps])
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(path: str) -> list[tuple[str, int, int]]:
    """Name, size and time of writing of each local file that a path names; of a folder, of what lies right in it."""
    if not files.is_local(path):
        return []
    found = []
    with suppress(OSError):
        inside = [files.join(path, name) for name in files.entries(path)]
        for name in inside or files.expand(path):
            status = os.stat(name.removeprefix("file://"))
            found.append((name, status.st_size, status.st_mtime_ns))
    return found
