"""Rows of the table of jobs: found, checked for their owner, changed, and given as records."""

import base64
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, RowMapping, and_, select, update

from boxwright.spec.job import FINAL_STATES
from boxwright.store.database import fetch, write
from boxwright.store.records import VISIBLE, JobMissing, JobRecord, LeaseLost
from boxwright.store.schema import jobs
from boxwright.store.written import storable

NO_OWNER = {"owner": "", "lease_until": 0.0}
NO_WORKER = {"pid": 0, "pid_started": 0.0}
Decision = Callable[[RowMapping], Mapping[str, Any]]
"""Gives the changes for a row as it is now; none leave it as it is. May raise."""

COMPARED = ("etag", "state", "owner")
"""What is another when somebody else has changed a job in a way that matters to a decision."""

FRESH = {
    "state": "QUEUED",
    "error_message": "",
    "output": {},
    "standing": {},
    "faults": 0,
    "progress": 0,
    "not_before": 0.0,
    "host": "",
    "cancel_requested": False,
    **NO_OWNER,
    **NO_WORKER,
}


def record_of(row: RowMapping) -> JobRecord:
    """The row as a value."""
    return JobRecord(**row)


def new_etag() -> str:
    """One that no job has had; 72 random bits in base64."""
    return base64.b64encode(secrets.token_bytes(9)).decode()


def read_row(engine: Engine, which: Mapping[str, Any]) -> RowMapping:
    """The row of a job by its uid, or its project and job_id. Raises: JobMissing."""
    rows = fetch(engine, select(jobs).filter_by(**which))
    if not rows:
        raise JobMissing("project {project} has no job {job_id}".format(**which))
    return rows[0]


def check_owner(row: RowMapping, record: JobRecord) -> None:
    """Raises: LeaseLost: the owner in `record` may not change the job any more."""
    if row["state"] in FINAL_STATES:
        raise LeaseLost(f"job {record.job_id} has ended ({row['state']})")
    if row["owner"] != record.owner:
        raise LeaseLost(f"job {record.job_id} belongs to {row['owner'] or 'the queue'}, no longer to {record.owner!r}")


def change_row(
    engine: Engine,
    which: Mapping[str, Any],
    decide: Callable[[RowMapping], Mapping[str, Any]],
    *,
    recoverable: bool = False,
) -> JobRecord:
    """Read a job, decide on its changes, and write them if nobody has changed it meanwhile; else do all that again.

    A final state takes the owner away, and what users see gives another etag.

    Args:
        which: names the job, as in `read_row`.
        decide: is asked again when the row has changed meanwhile.
        recoverable: see `write`.

    Raises:
        JobMissing: no such job.
    """
    while True:
        row = read_row(engine, which)
        values = _completed(row, decide(row))
        if not values:
            return record_of(row)
        unchanged = and_(jobs.c.uid == row["uid"], *(jobs.c[name] == row[name] for name in COMPARED))
        changed = write(engine, update(jobs).where(unchanged).values(**values).returning(jobs), recoverable=recoverable)
        if changed:
            return record_of(changed[0])


def _completed(row: RowMapping, changes: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: storable(value) if isinstance(value, str) else value for name, value in changes.items()}
    if values.get("state") in FINAL_STATES:
        values = {"end_time": time.time(), **values, **NO_OWNER}
    if any(name in VISIBLE and values[name] != row[name] for name in values):
        values["etag"] = new_etag()
    return values
