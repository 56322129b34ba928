"""Rows of the table of jobs: found, checked for their owner, changed, and given as records."""

import base64
import secrets
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from boxwright.spec.job import FINAL_STATES
from boxwright.store.records import VISIBLE, JobMissing, JobRecord, LeaseLost
from boxwright.store.schema import jobs
from boxwright.store.written import storable

NO_OWNER = {"owner": "", "lease_until": 0.0}
NO_WORKER = {"pid": 0, "pid_started": 0.0}
FRESH = {
    "state": "QUEUED",
    "error_message": "",
    "output": {},
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


def named_row(connection: Connection, project: str, job_id: str, *, lock: bool = False) -> RowMapping:
    """The row of a job, locked until the transaction ends if asked for. Raises: JobMissing."""
    query = select(jobs).where(jobs.c.project == project, jobs.c.job_id == job_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise JobMissing(f"project {project} has no job {job_id}")
    return row


def owned_row(connection: Connection, record: JobRecord) -> RowMapping:
    """The row as it is now, locked, if the owner in `record` may change it. Raises: LeaseLost."""
    row = connection.execute(select(jobs).where(jobs.c.uid == record.uid).with_for_update()).mappings().one()
    if row["state"] in FINAL_STATES:
        raise LeaseLost(f"job {record.job_id} has ended ({row['state']})")
    if row["owner"] != record.owner:
        raise LeaseLost(f"job {record.job_id} belongs to {row['owner'] or 'the queue'}, no longer to {record.owner!r}")
    return row


def write_row(connection: Connection, row: RowMapping, changes: Mapping[str, Any]) -> JobRecord:
    """Change a locked row: a final state takes the owner away, and what users see gives another etag."""
    values = {name: storable(value) if isinstance(value, str) else value for name, value in changes.items()}
    if values.get("state") in FINAL_STATES:
        values = {"end_time": time.time(), **values, **NO_OWNER}
    if any(name in VISIBLE and values[name] != row[name] for name in values):
        values["etag"] = new_etag()
    if not values:
        return record_of(row)
    changed = update(jobs).where(jobs.c.uid == row["uid"]).values(**values).returning(jobs)
    return record_of(connection.execute(changed).mappings().one())
