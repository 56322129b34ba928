"""The loop that keeps jobs going: claims them, renews leases, takes over what others have left, and settles.

Nothing that is only known here matters: after a crash the next supervisor finds every worker again by what the store
and the folders say, and a lock in each folder keeps two workers from running in it.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from boxwright.jobdir import JobDir
from boxwright.jobs.folder import folder_of
from boxwright.jobs.lifecycle import Lifecycle
from boxwright.jobs.slots import NoPlace, Slots, waiting_note, waits_alike
from boxwright.jobs.watch import Watch
from boxwright.runners import Runner
from boxwright.runners.host import host_name
from boxwright.spec.machine import Machine
from boxwright.spec.server import RunnerSettings
from boxwright.store import JobRecord, JobStore, LeaseLost, StoreUnavailable

LOG = logging.getLogger("boxwright.jobs")

LOOK_EVERY = 1.0
"""Seconds between looks at what users have asked for, at leases that have run out and at jobs that waited too long."""

RETRY_POLLS = 10
"""Polls after which a job that found no place is looked at again."""


class Supervisor:
    """Runs the jobs of a store on one machine.

    Args:
        owner: name of this supervisor, which no other has or had.
        machine: what jobs are mapped to.
        gpus: what CUDA_VISIBLE_DEVICES calls each GPU of the machine; counted from 0 where left out.
    """

    def __init__(
        self,
        store: JobStore,
        runner: Runner,
        settings: RunnerSettings,
        *,
        machine: Machine,
        owner: str = "",
        gpus: tuple[str, ...] | None = None,
    ) -> None:
        self.owner = owner or f"{host_name()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.watches: dict[int, Watch] = {}
        self._store = store
        self._settings = settings
        self._life = Lifecycle(store, runner, settings)
        counted = tuple(str(index) for index in range(len(machine.gpus)))
        self._slots = Slots(settings, machine, counted if gpus is None else gpus)
        self._due: dict[str, float] = {}
        self._away = False

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until `stop` says so; then leave the workers running and their jobs to the next supervisor."""
        while not stop():
            self.tick()
            time.sleep(self._settings.poll)
        self.release()

    def tick(self) -> None:
        """Look once at everything. While the database is away, jobs go on, and what has ended is settled later."""
        away = False
        for phase in (self._renew, self._adopt, self._look, self._expire, self._claim):
            try:
                phase(time.time())
            except StoreUnavailable as error:
                if not (away or self._away):
                    LOG.warning("%s; jobs go on meanwhile", error)
                away = True
                self._due.clear()  # the next look finds out whether it is back
        if self._away and not away:
            LOG.warning("the database is back")
        self._away = away

    def release(self) -> None:
        """Let the next supervisor take over at once; the workers go on."""
        for uid in list(self.watches):
            with self._one_job(uid):
                self._store.change(self.watches.pop(uid).record, lease_until=0.0)

    def _renew(self, now: float) -> None:
        """Prolong the leases, and learn which jobs are to be cancelled and which have gone to others."""
        if not self._is_due("renew", now, min(LOOK_EVERY, self._settings.lease / 3)):
            return
        records = {one.uid: one for one in self._store.renew(self.owner, now=now, lease=self._settings.lease)}
        for uid in self.watches.keys() - records.keys():
            LOG.warning("job %s has gone to another runner", self.watches.pop(uid).record.job_id)
        for uid, record in records.items():
            if uid in self.watches:
                self.watches[uid].record = record
            else:  # taken while the database went away: its answer was lost
                self._take(record)

    def _adopt(self, now: float) -> None:
        if self._is_due("adopt", now, LOOK_EVERY):
            for record in self._store.adopt(self.owner, host_name(), now=now, lease=self._settings.lease):
                LOG.info("job %s is taken over", record.job_id)
                self._take(record)

    def _take(self, record: JobRecord) -> None:
        with self._one_job(record.uid):
            self.watches[record.uid] = self._life.find(record)

    def _look(self, now: float) -> None:
        away: list[StoreUnavailable] = []
        for uid, watch in list(self.watches.items()):
            try:
                with self._one_job(uid):
                    if not self._life.look(watch, now):
                        del self.watches[uid]
            except StoreUnavailable as error:
                away.append(error)
        if away:
            raise away[0]

    def _expire(self, now: float) -> None:
        if self._is_due("expire", now, LOOK_EVERY):
            for late in self._store.overdue(now=now):
                reason = f"the job waited longer than its maxWaitTime of {late.max_wait:g} s"
                self._store.cancel(late.project, late.job_id, reason)

    def _claim(self, now: float) -> None:
        for _ in range(self._settings.max_jobs + len(self._slots.gpus)):
            if not self._slots.any_free(self._taken()):
                return
            record = self._store.claim(self.owner, host_name(), now=now, lease=self._settings.lease)
            if record is None:
                return
            with self._one_job(record.uid):
                self._begin(record, now)

    def _begin(self, record: JobRecord, now: float) -> None:
        """Start a job that was just claimed, or say why not."""
        watch = Watch(record, folder_of(record.job_dir), None, progress=record.progress)
        try:
            jobdir = self._life.prepare(record)
            devices = self._slots.place(record, jobdir.path, self._taken())
            watch = self._life.start(record, jobdir, devices)
        except NoPlace as error:
            self._postpone(record, jobdir, str(error), now)
        except StoreUnavailable:
            raise  # it stays ours, and `_renew` finds it
        except (FileExistsError, ValueError, LookupError, ImportError) as error:
            self._life.fail(watch, str(error), now)
        except OSError as error:
            self._life.retry(watch, str(error), now)
        else:
            self.watches[record.uid] = watch
            self._life.look(watch, now)

    def _postpone(self, record: JobRecord, jobdir: JobDir, why: str, now: float) -> None:
        note = waiting_note(record.note, why)
        if not waits_alike(note, record.note):
            Watch(record, jobdir, None).log(f"waiting: {why}")
            record = self._store.change(record, note=note)
        later = now + RETRY_POLLS * self._settings.poll
        self._store.requeue(record, not_before=later, faults=record.faults, progress=record.progress)

    def _taken(self) -> list[str]:
        return [watch.devices for watch in self.watches.values()]

    def _is_due(self, what: str, now: float, every: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True

    @contextmanager
    def _one_job(self, uid: int) -> Iterator[None]:
        """Within, what befalls one job does not disturb the others.

        Raises:
            StoreUnavailable: the database is away, which concerns all.
        """
        try:
            yield
        except LeaseLost as error:
            self.watches.pop(uid, None)
            LOG.warning("%s", error)
        except StoreUnavailable:
            raise
        except (OSError, ValueError, LookupError):
            LOG.exception("job %s cannot be looked after; tried again", uid)
