"""The folder of a queued job: made from its record, and read while a worker writes into it."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from boxwright import files
from boxwright.admission import describe_job
from boxwright.claim import claim
from boxwright.jobdir import Event, Job, JobDir
from boxwright.mirror import mirror
from boxwright.spec.job import JobRequest
from boxwright.store.records import JobRecord

TAIL = 65536
"""Bytes at the end of a file in which its last lines are looked for."""

SHOWN_LINES = 8
"""Lines of worker.log that a message quotes."""


def folder_of(job_dir: str) -> JobDir:
    """Where a job is worked on: its folder, or the local copy of a remote one."""
    if files.is_local(job_dir):
        return JobDir(Path(job_dir.removeprefix("file://")).expanduser())
    return JobDir(mirror(job_dir).local)


def prepare(record: JobRecord, previous: Callable[[str], str]) -> JobDir:
    """Write a job's folder, or find there the same job to go on with.

    Args:
        previous: folder of a finished job by its id.

    Raises:
        FileExistsError: the folder holds another job.
        ValueError, LookupError, ImportError: what its submitter can mend.
        OSError: the folder cannot be written.
    """
    return prepare_folder(record.job_dir, describe_job(JobRequest.read(record.request), previous))


def prepare_folder(job_dir: str, job: Job) -> JobDir:
    """Write a folder for a job, or find there the same job to go on with.

    Raises:
        FileExistsError: the folder holds another job.
        OSError: the folder cannot be written.
    """
    jobdir = folder_of(job_dir)
    if files.is_local(job_dir):
        claim(jobdir, job)
    else:
        _claim_remote(job_dir, jobdir, job)
    result = jobdir.read_result()
    if result and result["status"] != "finished":  # of an earlier attempt
        jobdir.result_file.unlink()
    return jobdir


def _claim_remote(job_dir: str, jobdir: JobDir, job: Job) -> None:
    there = files.join(job_dir, jobdir.job_file.name)
    if files.is_file(there):
        files.write_bytes(str(jobdir.job_file), files.read_bytes(there))
    else:
        mirror(job_dir).fetch()
    claim(jobdir, job)
    files.write_bytes(there, jobdir.job_file.read_bytes())


def last_step(jobdir: JobDir, otherwise: int = 0) -> int:
    """The step of the last event that is written down; `otherwise` where there is none."""
    for line in reversed(last_lines(jobdir.events_file)):
        try:
            return Event.model_validate_json(line).step
        except ValidationError:  # the first line of the tail may be a part of one
            continue
    return otherwise


def last_counts(jobdir: JobDir) -> dict[str, int]:
    """Predictions and errors of a batch prediction so far; none where nothing was written down."""
    for line in reversed(last_lines(jobdir.events_file)):
        with suppress(ValidationError):
            values = Event.model_validate_json(line).values
            if "predictions" in values:
                return {"predictions": values["predictions"], "errors": values["errors"]}
    return {}


def last_lines(path: Path, start: int = 0) -> list[str]:
    """Whole lines at the end of a file, from byte `start` on; none where it is not there."""
    try:
        with open(path, "rb") as file:
            end = file.seek(0, 2)
            file.seek(max(start, end - TAIL))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text[: text.rfind("\n") + 1].splitlines()


def printed(jobdir: JobDir, start: int) -> str:
    """The last lines that a worker printed, for a message; `start` is the size of worker.log before it."""
    lines = [line.rstrip() for line in last_lines(jobdir.worker_log, start) if line.strip()]
    return "\n".join(lines[-SHOWN_LINES:])


def read_trials(jobdir: JobDir) -> list[dict[str, Any]]:
    """The trials of a study so far."""
    try:
        trials: list[dict[str, Any]] = json.loads(jobdir.trials_file.read_text("utf-8"))
    except FileNotFoundError:
        return []
    return trials


def changed(path: Path) -> tuple[int, int]:
    """What differs after a file was written to; zeros where it is not there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
