"""Files of a job's folder, wherever that is: what the API reads of them."""

from pathlib import Path

from boxwright import files
from boxwright.api.errors import Refusal
from boxwright.event_file import EventFile
from boxwright.jobdir import JobDir
from boxwright.mirror import mirror
from boxwright.store.records import JobRecord


def places(record: JobRecord, *names: str) -> tuple[str, ...]:
    """Where a file of a job's folder may be: of a remote one, first the copy that is worked in on this machine."""
    there = files.join(record.job_dir.removeprefix("file://"), *names)
    if files.is_local(record.job_dir):
        return (there,)
    return str(mirror(record.job_dir).local.joinpath(*names)), there


def found(record: JobRecord, what: str, *names: str) -> str:
    """The place of a file that must be there. Raises: Refusal: it is not; `what` names it for people."""
    for place in places(record, *names):
        if files.is_file(place):
            return place
    raise Refusal("NOT_FOUND", f"job {record.job_id} has no {what} (yet): it is {record.state}")


def events_of(record: JobRecord, trial: str = "") -> EventFile:
    """The events of a job, or of a trial of a search."""
    name = JobDir(Path()).events_file.name
    return EventFile(*places(record, *(("trials", trial) if trial else ()), name))
