"""Starting a job where it should run, and finding one again by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright import files
from boxwright.admission import Limits, admit
from boxwright.client import find_server
from boxwright.runners import Runner
from boxwright.runners.host import this_machine
from boxwright.sagemaker import image_uris
from boxwright.sagemaker.job import TrainingJob
from boxwright.sagemaker.local import LocalJob
from boxwright.sagemaker.served import ServedJob, job_id
from boxwright.sagemaker.session import DEFAULT_BUCKET, absolute, buckets, place
from boxwright.spec.job import JobRequest

GPU_FAMILIES = ("ml.p", "ml.g")
"""Beginnings of SageMaker's instance types that have GPUs."""

RECORDS = ".jobs"
"""Folder of `buckets()` that tells where each job of this machine has its folder."""


@dataclass(frozen=True)
class Order:
    """A job to be started.

    Attributes:
        name: what it is called.
        algorithm: by name.
        arguments: of the algorithm, as texts.
        output_path: where job folders go; the default bucket, or the server's own place, where empty.
        instance_type: SageMaker's name of a machine; only whether it has GPUs counts, and only on a server.
        max_run: seconds after which the job ends; None for a week.
        study: what is searched, in SageMaker's spelling.
    """

    name: str
    algorithm: str
    arguments: Mapping[str, str]
    output_path: str = ""
    instance_type: str = ""
    max_run: int | None = None
    study: Mapping[str, Any] | None = None

    def request(self, job_dir: str) -> dict[str, Any]:
        """The job as it is submitted to a server; `job_dir` is left out where empty."""
        given: dict[str, Any] = {
            "scaleTier": "BASIC_GPU" if self.instance_type.startswith(GPU_FAMILIES) else "BASIC",
            "allowSubstitute": True,
            "masterConfig": {"imageUri": image_uris.uri(self.algorithm)},
            "args": [f"--{name}={text}" for name, text in self.arguments.items()],
        }
        if job_dir:
            given["jobDir"] = job_dir
        if self.max_run:
            given["scheduling"] = {"maxRunningTime": f"{self.max_run}s"}
        if self.study:
            given["hyperparameters"] = dict(self.study)
        return {"jobId": job_id(self.name), "trainingInput": given}


def start(order: Order, runner: Runner | None = None) -> TrainingJob:
    """Start a job: on the server that BOXWRIGHT_SERVER names, else on this machine.

    Raises:
        InvalidResource, ServerError: arguments, data or machines at fault, all in one message.
        FileExistsError: the job's folder holds another job.
        OSError: folder or server cannot be reached.
    """
    if served():
        own = order.output_path and place(order.output_path)
        job_dir = files.join(absolute(own), order.name) if own else ""
        return ServedJob.start(order.name, order.request(job_dir), find_server())
    root = absolute(place(order.output_path or f"s3://{DEFAULT_BUCKET}/"))
    job_dir = files.join(root, order.name)
    limits = Limits(this_machine(), (root,), root, allow_substitute=True, previous=lambda name: name)
    admitted = admit(JobRequest.read(order.request(job_dir)), limits)
    record = _record(order.name)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(admitted.job_dir)
    return LocalJob.start(order.name, admitted.job_dir, admitted.job, runner)


def find(name: str) -> TrainingJob:
    """A job that was started before, by its name, there where `start` would start it now.

    Raises:
        LookupError: no such job on this machine.
        ServerError: none on the server.
    """
    if served():
        return ServedJob.find(name, find_server())
    record = _record(name)
    if not record.is_file():
        raise LookupError(f"no job {name!r} was started on this machine by its SDK; BOXWRIGHT_SERVER names no server")
    return LocalJob.find(name, record.read_text())


def served() -> bool:
    """Whether jobs run on a server."""
    return bool(os.environ.get("BOXWRIGHT_SERVER"))


def _record(name: str) -> Path:
    return buckets() / RECORDS / job_id(name)
