"""The queue: jobs in the database, and who may change which. Safe for any number of processes and servers at once.

A runner *claims* a queued job and then owns it as long as it *renews* its lease; when the lease has run out another
may *adopt* the job. Only the owner changes a job (`LeaseLost` for everybody else); users cancel and relabel. Clocks of
servers that share a database must agree to well within the lease.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Unpack

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from boxwright.spec.job import FINAL_STATES
from boxwright.store.conditions import Condition
from boxwright.store.database import fetch, write
from boxwright.store.listing import NEWEST, Order, page_of
from boxwright.store.records import (
    Changes,
    EtagMismatch,
    JobExists,
    JobRecord,
    NewJob,
)
from boxwright.store.rows import FRESH, NO_OWNER, NO_WORKER, change_row, check_owner, new_etag, read_row, record_of
from boxwright.store.schema import ACTIVE, LIMITED_WAIT, QUEUED, jobs
from boxwright.store.survey import JobSurvey
from boxwright.store.written import storable

Records = list[JobRecord]

MAX_PAGE = 100
"""Jobs in one answer of `JobStore.list`, as the service has it."""

_uid, _state = jobs.c.uid, jobs.c.state


class JobStore(JobSurvey):
    """All jobs of all projects.

    Every method raises StoreUnavailable while the database cannot be reached, and works again afterwards.
    `now` is in seconds since 1970, `lease` in seconds.
    """

    def submit(self, new: NewJob) -> JobRecord:
        """Queue a job.

        Raises:
            JobExists: its id is taken in its project, or its folder by another unfinished job.
        """
        values = {**FRESH, **asdict(new), "note": storable(new.note), "etag": new_etag(), "create_time": time.time()}
        try:
            rows = write(self._engine, insert(jobs).values(**values).returning(jobs))
        except IntegrityError as error:
            raise JobExists(self._clash(new)) from error
        return record_of(rows[0])

    def get(self, project: str, job_id: str) -> JobRecord:
        """Raises: JobMissing."""
        return record_of(read_row(self._engine, {"project": project, "job_id": job_id}))

    def position(self, record: JobRecord) -> int:
        """Place in the queue, from 1; 0 for a job that is not queued."""
        if record.state != "QUEUED":
            return 0
        ahead = or_(jobs.c.priority > record.priority, and_(jobs.c.priority == record.priority, _uid < record.uid))
        found = fetch(self._engine, select(func.count().label("ahead")).select_from(jobs).where(QUEUED, ahead))
        return int(found[0]["ahead"]) + 1

    def relabel(self, project: str, job_id: str, labels: Mapping[str, str], etag: str = "") -> JobRecord:
        """Give a job these labels and no others.

        Args:
            etag: of the job as the caller read it; empty to change it whatever it is now.

        Raises:
            JobMissing: no such job.
            EtagMismatch: it has changed since.
        """

        def decide(row: RowMapping) -> dict[str, Any]:
            if etag and etag != row["etag"]:
                raise EtagMismatch(f"job {job_id} has changed since etag {etag} (now {row['etag']}); read it again")
            return {"labels": dict(labels)}

        return change_row(self._engine, {"project": project, "job_id": job_id}, decide)

    def cancel(self, project: str, job_id: str, message: str = "") -> JobRecord:
        """End a queued job at once, and ask the runner of an active one to end it. A finished job stays as it is.

        Raises:
            JobMissing: no such job.
        """

        def decide(row: RowMapping) -> dict[str, Any]:
            if row["state"] in (*FINAL_STATES, "CANCELLING"):
                return {}
            return {
                "state": "CANCELLED" if row["state"] == "QUEUED" else "CANCELLING",
                "cancel_requested": True,
                "error_message": message or "cancelled on request",
            }

        return change_row(self._engine, {"project": project, "job_id": job_id}, decide)

    def claim(self, owner: str, host: str, *, now: float, lease: float) -> JobRecord | None:
        """Take the next job from the queue: highest priority first, then the oldest; None for an empty queue.

        It becomes PREPARING. However many claim at once, each job goes to one.
        """
        queue = select(_uid).where(QUEUED, jobs.c.not_before <= now)
        first = queue.order_by(jobs.c.priority.desc(), _uid).limit(1).with_for_update(skip_locked=True)
        taken = {"state": "PREPARING", "owner": owner, "host": host, "lease_until": now + lease, "etag": new_etag()}
        claimed = update(jobs).where(_uid == first.scalar_subquery()).values(**taken, **NO_WORKER)
        if not self._any(queue):
            return None
        rows = write(self._engine, claimed.returning(jobs), recoverable=True)
        return record_of(rows[0]) if rows else None

    def adopt(self, owner: str, host: str, *, now: float, lease: float) -> Records:
        """Take over all active jobs whose lease has run out.

        `host`, `pid` and `pid_started` stay those of the worker, which may still be at work, so that the new owner can
        look for it; a job that had none yet (pid 0) gets the new host.
        """
        taken = {"owner": owner, "lease_until": now + lease, "host": case((jobs.c.pid == 0, host), else_=jobs.c.host)}
        return self._taken(and_(ACTIVE, jobs.c.lease_until < now), taken)

    def renew(self, owner: str, *, now: float, lease: float) -> Records:
        """Prolong the leases of all active jobs of this owner; gives them as they are now, oldest first.

        A job that is missing from the answer has been taken over or has ended.
        """
        return self._taken(and_(ACTIVE, jobs.c.owner == owner), {"lease_until": now + lease})

    def change(self, record: JobRecord, **fields: Unpack[Changes]) -> JobRecord:
        """Change a job that the owner in `record` still owns (for a queued job: that nobody has claimed).

        A job that is being cancelled stays CANCELLING when `state` is PREPARING or RUNNING. With a final state it
        loses its owner, and gets an `end_time` unless one is given.

        Raises:
            LeaseLost: it has ended, or has another owner.
        """

        def decide(row: RowMapping) -> dict[str, Any]:
            changes = dict(fields)
            if row["state"] == "CANCELLING" and fields.get("state") in ("PREPARING", "RUNNING"):
                del changes["state"]
            return changes

        return self._change_owned(record, decide)

    def requeue(self, record: JobRecord, *, not_before: float, faults: int, progress: int) -> None:
        """Put a job back into the queue; one that is being cancelled becomes CANCELLED instead.

        Raises:
            LeaseLost: it has ended, or has another owner.
        """

        def decide(row: RowMapping) -> dict[str, Any]:
            state = "CANCELLED" if row["state"] == "CANCELLING" else "QUEUED"
            changes = {"state": state, "not_before": not_before, "faults": faults, "progress": progress}
            return {**changes, **NO_OWNER, **NO_WORKER}

        self._change_owned(record, decide)

    def overdue(self, *, now: float) -> Records:
        """Jobs that have waited longer than their `max_wait` without ever having started, oldest first."""
        late = select(jobs).where(LIMITED_WAIT, jobs.c.create_time + jobs.c.max_wait < now)
        found = [record_of(row) for row in fetch(self._engine, late)]
        return sorted(found, key=lambda record: record.uid)

    def list(
        self,
        project: str,
        *,
        where: Condition | None = None,
        order: str = NEWEST,
        page_size: int = 20,
        page_token: str = "",
    ) -> tuple[Records, str]:
        """A page of jobs and the token of the next page; "" after the last.

        Jobs that are submitted between two pages do not shift them.

        Args:
            order: see `Order.read`.
            page_size: 1 to 100; 0 for 20, and larger ones give 100.

        Raises:
            ValueError: a page size below 0, no such order, or a token that is none.
        """
        if page_size < 0:
            raise ValueError(f"pageSize must be 0 or more, got {page_size}")
        size, way = min(page_size or 20, MAX_PAGE), Order.read(order)
        rows = fetch(self._engine, page_of(project, way, where, size, page_token))
        return [record_of(row) for row in rows[:size]], way.token(rows[size - 1]) if len(rows) > size else ""

    def _any(self, query: Select[Any]) -> bool:
        """Whether there is one; asked before writes that mostly find nothing, since readers wait for nobody."""
        return bool(fetch(self._engine, query.with_only_columns(_uid).limit(1)))

    def _taken(self, which: ColumnElement[bool], values: Mapping[str, Any]) -> Records:
        if not self._any(select(_uid).where(which)):
            return []
        changed = update(jobs).where(which).values(**values).returning(jobs)
        rows = write(self._engine, changed, recoverable=True)
        return sorted((record_of(row) for row in rows), key=lambda record: record.uid)

    def _change_owned(self, record: JobRecord, decide: Callable[[RowMapping], dict[str, Any]]) -> JobRecord:
        def decide_for_owner(row: RowMapping) -> dict[str, Any]:
            check_owner(row, record)
            return decide(row)

        return change_row(self._engine, {"uid": record.uid}, decide_for_owner, recoverable=True)

    def _clash(self, new: NewJob) -> str:
        if fetch(self._engine, select(_uid).where(jobs.c.project == new.project, jobs.c.job_id == new.job_id)):
            return f"project {new.project} has a job {new.job_id} already; job ids are used once: choose another"
        folder = select(jobs.c.job_id).where(jobs.c.job_dir == new.job_dir, _state.not_in(FINAL_STATES))
        others = fetch(self._engine, folder)
        other = f"job {others[0]['job_id']}" if others else "another job"
        return f"the job folder {new.job_dir} is in use by {other}, which has not ended; choose another"
