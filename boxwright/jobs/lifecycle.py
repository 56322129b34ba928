"""What happens to one job in hand: it is started, watched, stopped, and settled when its worker has ended."""

import logging
import os
from collections.abc import Iterator
from typing import Any

from boxwright import files
from boxwright.jobdir import BUSY_STATUS, STOPPED_STATUS, JobDir, Worker
from boxwright.jobs.folder import changed, folder_of, last_counts, last_step, prepare, printed, read_trials
from boxwright.jobs.outcome import Ending, backoff, model_output, prediction_output, training_output
from boxwright.jobs.slots import waiting_note
from boxwright.jobs.watch import Watch
from boxwright.runners import Runner
from boxwright.runners.host import described, this_machine
from boxwright.spec.job import State
from boxwright.spec.server import RunnerSettings
from boxwright.store import JobRecord, JobStore

LOG = logging.getLogger("boxwright.jobs")

COPY_EVERY = 1.0
"""Seconds between copies of a job's progress into the store."""

NEWS = ("trials", "predictionCount", "errorCount")
"""Parts of a job's output that are copied when they change."""

WITHOUT_GPU = ""
"""CUDA_VISIBLE_DEVICES of a job on the processor."""


class Lifecycle:
    """Brings single jobs from PREPARING to their end.

    Every method raises LeaseLost when the job has gone to another supervisor, and StoreUnavailable while the database
    is away; `look` may then be called again, and nothing is done twice.
    """

    def __init__(self, store: JobStore, runner: Runner, settings: RunnerSettings) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings

    def prepare(self, record: JobRecord) -> JobDir:
        """Write the job's folder. Raises: see `folder.prepare`."""
        return prepare(record, lambda job_id: self._store.get(record.project, job_id).job_dir)

    def find(self, record: JobRecord) -> Watch:
        """A job that another supervisor had in hand, with the worker that it may still have."""
        jobdir = folder_of(record.job_dir)
        stored = Worker(host=record.host, pid=record.pid, started=record.pid_started)
        noted = jobdir.read_worker()
        known = [worker for worker in (noted, stored if record.pid else None) if worker]
        living = next((worker for worker in known if self._runner.alive(worker)), None)
        worker = living or (stored if record.pid else None)
        return Watch(record, jobdir, worker, recorded=living is None or living == stored, progress=record.progress)

    def start(self, record: JobRecord, jobdir: JobDir, devices: str) -> Watch:
        """Start a worker, or find that the folder has one already. Raises: OSError: it cannot be started."""
        there = jobdir.read_worker()
        _, log_start = changed(jobdir.worker_log)
        if there is None or not self._runner.alive(there):
            there = self._runner.start(record.job_dir, jobdir.path, self._environment(devices))
        return Watch(record, jobdir, there, progress=record.progress, log_start=log_start)

    def _environment(self, devices: str) -> dict[str, str]:
        """Of a worker; jobs that share the processor get a share of its cores, as they would slow each other down."""
        environment = {"CUDA_VISIBLE_DEVICES": devices or WITHOUT_GPU, "PYTHONUNBUFFERED": "1"}
        if self._settings.max_jobs > 1 and not devices:
            environment["OMP_NUM_THREADS"] = str(max(1, this_machine().cores // self._settings.max_jobs))
        return environment

    def look(self, watch: Watch, now: float) -> bool:
        """Do for a job what is to be done now; False when it is no longer in hand. `now` is in seconds since 1970."""
        worker = watch.worker
        if worker is None or not self._runner.alive(worker):
            return self._settle(watch, now)
        if watch.record.cancel_requested:
            self._stop(watch, worker, now)
        if not watch.recorded:
            self._record(watch, worker, now)
        self._limit(watch, now)
        self._copy(watch, now)
        return True

    def fail(self, watch: Watch, error: str, now: float) -> None:
        """End a job as FAILED."""
        self._end(watch, "FAILED", error, now)

    def retry(self, watch: Watch, reason: str, now: float) -> None:
        """Put a job back into the queue after a machine fault, or end it when there were too many."""
        record = watch.record
        progress = last_step(watch.jobdir, record.progress)
        faults = 1 if progress > watch.progress else record.faults + 1
        if faults >= max(1, self._settings.max_faults):
            self.fail(watch, f"{reason}\n({faults} faults of the machine in a row, without progress between them)", now)
            return
        wait = backoff(self._settings.backoff, faults)
        watch.log(f"fault of the machine, tried again in {wait:g} s: {reason}")
        watch.record = self._store.change(record, error_message=reason)
        self._store.requeue(watch.record, not_before=now + wait, faults=faults, progress=progress)

    def _record(self, watch: Watch, worker: Worker, now: float) -> None:
        record = watch.record
        watch.record = self._store.change(
            record,
            state="RUNNING",
            start_time=now if record.start_time is None else record.start_time,
            note=waiting_note(record.note, ""),
            host=worker.host,
            pid=worker.pid,
            pid_started=worker.started,
            standing={**record.standing, "machine": described(worker)},
        )
        watch.recorded = True

    def _stop(self, watch: Watch, worker: Worker, now: float) -> None:
        if watch.stop_sent is None:
            watch.stop_sent = now
            watch.log(f"asked to stop: {watch.record.error_message}")
            self._runner.stop(worker)
        elif now > watch.stop_sent + self._settings.grace:
            watch.log(f"killed: it went on for {self._settings.grace:g} s after it was asked to stop")
            self._kill(watch)

    def _kill(self, watch: Watch) -> None:
        for worker in (watch.worker, *trial_workers(watch.jobdir)):
            if worker:
                self._runner.kill(worker)

    def _limit(self, watch: Watch, now: float) -> None:
        record = watch.record
        if record.start_time is None or record.cancel_requested or now <= record.start_time + record.max_running:
            return
        reason = f"the job ran longer than its maxRunningTime of {record.max_running:g} s"
        watch.record = self._store.cancel(record.project, record.job_id, reason)

    def _copy(self, watch: Watch, now: float) -> None:
        if now < watch.copied + COPY_EVERY or not watch.has_news():
            return
        watch.copied = now
        record = watch.record
        try:
            step = last_step(watch.jobdir, record.progress)
            output = self._output(watch, now) if record.kind in ("tune", "prediction") else record.output
            standing = self._standing(watch)
            news = step != record.progress or standing != record.standing
            if news or any(output.get(name) != record.output.get(name) for name in NEWS):
                watch.record = self._store.change(
                    record, progress=step, output=output, standing=standing, best_value=best_value(standing)
                )
        except BaseException:
            watch.forget_news()
            raise

    def _output(self, watch: Watch, now: float) -> dict[str, Any]:
        """Of a job so far, as the API writes it."""
        if watch.record.kind == "prediction":
            return prediction_output(watch.record, last_counts(watch.jobdir), now)
        return training_output(watch.record, read_trials(watch.jobdir), now)

    def _standing(self, watch: Watch) -> dict[str, Any]:
        """What lists of jobs show of a job so far."""
        known = watch.record.standing
        try:
            progress = watch.standing.progress(read_trials(watch.jobdir))
        except (OSError, ValueError):  # a folder that cannot be read for the moment
            LOG.exception("how far job %s is cannot be read", watch.record.job_id)
            return known
        return {**known, "progress": progress} if progress else known

    def _settle(self, watch: Watch, now: float) -> bool:
        """What becomes of a job whose worker has ended, or that has none."""
        ending = self._ending(watch)
        if ending.verdict == "finished":
            self._end(watch, "SUCCEEDED", "", now)
        elif watch.record.cancel_requested:
            self._kill(watch)
            self._end(watch, "CANCELLED", watch.record.error_message, now)
        elif ending.verdict == "mistake":
            self.fail(watch, str(ending), now)
        elif watch.worker is None or ending.status == STOPPED_STATUS:
            self._store.requeue(
                watch.record,
                not_before=now,
                faults=watch.record.faults,
                progress=last_step(watch.jobdir, watch.record.progress),
            )
        elif ending.status == BUSY_STATUS:
            return self._find_other(watch, now)
        else:
            self._runner.kill(watch.worker)  # what it has left behind
            self.retry(watch, str(ending), now)
        return False

    def _find_other(self, watch: Watch, now: float) -> bool:
        """Another process works in the folder: watch that one, or come back later where it cannot be seen."""
        other = watch.jobdir.read_worker()
        if other and self._runner.alive(other):
            watch.worker, watch.recorded = other, False
            return True
        wait = backoff(self._settings.backoff, 2)
        record = self._store.change(
            watch.record, note=waiting_note(watch.record.note, "another process works in the job's folder")
        )
        self._store.requeue(record, not_before=now + wait, faults=record.faults, progress=record.progress)
        return False

    def _ending(self, watch: Watch) -> Ending:
        status = self._runner.ending(watch.worker) if watch.worker else None
        result = watch.jobdir.read_result()
        if status and not files.is_local(watch.record.job_dir) and result and result["status"] == "finished":
            result = None  # its last files were not sent
        return Ending(result, status, watch.out_of_memory, printed(watch.jobdir, watch.log_start))

    def _end(self, watch: Watch, state: State, error: str, now: float) -> None:
        record, output, standing = watch.record, self._output(watch, now), self._standing(watch)
        if state == "SUCCEEDED" and record.kind in ("train", "tune"):
            output["builtInAlgorithmOutput"] = model_output(record)
        if error and state == "FAILED":
            watch.log(f"failed: {error}")
        self._store.change(
            record,
            state=state,
            error_message=error,
            output=output,
            end_time=now,
            progress=last_step(watch.jobdir, record.progress),
            standing=standing,
            best_value=best_value(standing),
        )


def best_value(standing: dict[str, Any]) -> float | None:
    """By which jobs can be sorted: how good a job's model is; None before there is one."""
    value: float | None = standing.get("progress", {}).get("bestValue")
    return value


def trial_workers(jobdir: JobDir) -> Iterator[Worker]:
    """The processes of a study's trials, as far as they are known."""
    trials = jobdir.path / "trials"
    for name in sorted(os.listdir(trials)) if trials.is_dir() else []:
        worker = JobDir(trials / name).read_worker()
        if worker:
            yield worker
