"""The coordinator of a study: starts trials, follows them, and keeps what they find."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxwright.jobdir import Job, JobDir, Listener
from boxwright.runners import Runner
from boxwright.runners.local import LocalRunner
from boxwright.spec.study import Study
from boxwright.termination import termination
from boxwright.tune import results
from boxwright.tune.journal import DATABASE, Journal
from boxwright.tune.study import HEARTBEAT, Search
from boxwright.tune.trial import Suggested, Trial
from boxwright.tune.trials import Slot, TrialRun, this_machines_slots

POLL = 0.2
"""Seconds between looks at the trials."""

FAILED_BEFORE_SUCCESS = 5
"""Trials that may fail before the first one succeeds."""

GRACE = 45.0
"""Seconds that trials have to save their places; less than runners give the whole job."""


class StudyFailed(ValueError):
    """A study that cannot go on: too many of its trials have failed, or its metric does not exist."""


def tune_job(jobdir: JobDir, listener: Listener, runner: Runner | None = None) -> dict[str, Any]:
    """Search for the best arguments of a job, each trial being a job of its own in `trials/`.

    The same call goes on with a study that was interrupted: trials that still run are adopted, others continue from
    their checkpoints. A SIGTERM is passed on to the trials and ends the job as "stopped".

    Args:
        runner: starts the trials' processes; `boxwright work` on this machine where left out.

    Raises:
        StudyFailed: see there.
        FileNotFoundError: the study to start from is not there.
        OSError: the folder cannot be written.
    """
    job = jobdir.read_job()
    if job is None or job.study is None:
        raise ValueError(f"{jobdir.job_file} must hold a study for a job of kind tune")
    with closing(Search(job.study, jobdir.path / DATABASE)) as search, termination() as asked:
        journal = Journal(jobdir, search, listener)
        return Coordinator(jobdir, job, search, journal, runner or LocalRunner()).run(asked)


@dataclass
class Coordinator:
    """One study under way."""

    jobdir: JobDir
    job: Job
    search: Search
    journal: Journal
    runner: Runner
    runs: list[TrialRun] = field(default_factory=list)
    free: list[Slot] = field(default_factory=list)
    _beat: float = 0.0

    @property
    def study(self) -> Study:
        return self.search.spec

    def run(self, asked: Callable[[], bool]) -> dict[str, Any]:
        """Run the study to its end, or until it is asked to stop."""
        self._begin()
        try:
            while not asked():
                self._fill()
                if not self.runs:
                    return self._finish()
                self._look()
                time.sleep(POLL)
        except (ValueError, OSError):
            self._give_up()
            raise
        return self._pause()

    def _begin(self) -> None:
        self.free, why = this_machines_slots(self.study.max_parallel_trials, self.job)
        if not self.search.trials():
            if self.job.previous:
                self.journal.learn(Path(self.job.previous))
            self.journal.announce(len(self.free), why)
        self.journal.mend()
        for trial in self.search.trials():
            if trial.state == "RUNNING":
                self.journal.tell(f"trial {trial.id}: goes on", trial.id)
                self._take_up(trial)

    def _fill(self) -> None:
        while self.free and self.search.remaining():
            suggested = self.search.ask()
            given = ", ".join(f"{name}={text}" for name, text in suggested.arguments.items())
            self.journal.tell(f"trial {suggested.id}: {given}", suggested.id)
            self._take_up(suggested)
            self.journal.update()

    def _take_up(self, trial: Suggested) -> None:
        """Give a trial a slot; more trials than slots may run on, if they ran before the machine was cut."""
        slot = self.free.pop(0) if self.free else self.runs[0].slot
        run = TrialRun(trial.id, results.trial_folder(self.jobdir, trial.id), slot, self.runner)
        arguments = {**self.job.arguments, **trial.arguments}
        run.prepare(Job(algorithm=self.job.algorithm, arguments=arguments))
        self.runs.append(run)

    def _look(self) -> None:
        if time.monotonic() - self._beat > HEARTBEAT / 2:
            self.search.beat([run.id for run in self.runs])
            self._beat = time.monotonic()
        for run in list(self.runs):
            running = run.running  # before its events are read, so that none comes after the last look
            self._follow(run)
            if not running:
                self._settle(run)

    def _follow(self, run: TrialRun) -> None:
        news = False
        for event in run.events():
            if event.kind == "evaluation":
                news, value = True, self._value(run, event.values)
                if event.step not in self.search.trials()[run.id - 1].history:  # told before an interruption
                    metric = self.study.hyperparameter_metric_tag
                    self.journal.tell(f"trial {run.id}: step {event.step}: {metric} {value:.4f}", run.id)
                if self.search.report(run.id, event.step, value) and not run.asked_to_end:
                    self.journal.tell(f"trial {run.id}: falls behind at step {event.step}, is ended early", run.id)
                    run.ask_to_end()
        if news:
            results.write_study(self.jobdir, self.search)

    def _value(self, run: TrialRun, values: Mapping[str, Any]) -> float:
        metric = self.study.hyperparameter_metric_tag
        if metric in values:
            return float(values[metric])
        numbers = sorted(name for name, value in values.items() if isinstance(value, int | float))
        raise StudyFailed(
            f"hyperparameterMetricTag must be a number that evaluations write, got {metric!r}; trial {run.id} "
            f"wrote {', '.join(numbers)}"
        )

    def _settle(self, run: TrialRun) -> None:
        """Deal with a trial that has no process: it has ended, or must be started, perhaps again."""
        result = run.jobdir.read_result() or {}
        if result.get("status") == "finished":
            self._end(run)
        elif result.get("fault") == "user":
            self._fail(run, str(result["error"]))
        elif run.worker is not None:
            self._lost(run)
        elif run.due:
            run.start()

    def _lost(self, run: TrialRun) -> None:
        if run.wait_after_loss():
            self.journal.tell(
                f"trial {run.id}: its process ended before its time; it goes on from its checkpoint", run.id
            )
        else:
            words = f"its process ended {run.losses} times without a further step; its last words: {run.last_words()}"
            self._fail(run, words)

    def _end(self, run: TrialRun) -> None:
        """Keep the result of a trial that has finished."""
        history = self.search.trials()[run.id - 1].history
        if not history:
            self._fail(run, f"it ended without an evaluation that wrote {self.study.hyperparameter_metric_tag}")
            return
        choose = max if self.search.maximize else min
        step = choose(history, key=lambda one: history[one])
        self.search.tell(run.id, history[step], step=step, stopped_early=run.asked_to_end and not run.complete(history))
        results.keep_model(self.jobdir, run.id, step)
        best = self.search.best()
        is_best = best is not None and best.id == run.id
        if is_best:
            results.keep_best(self.jobdir, run.id, step)
        metric = f"{self.study.hyperparameter_metric_tag} {history[step]:.4f}"
        self._release(run, f"{metric} at step {step}{'  (best so far)' if is_best else ''}")

    def _fail(self, run: TrialRun, error: str) -> None:
        """Note that a trial has failed. Raises: StudyFailed: it was one too many."""
        self.search.fail(run.id, error)
        self._release(run, f"failed: {error}")
        trials = self.search.trials()
        failed = sum(one.state == "FAILED" for one in trials)
        if failed >= self._limit(trials):
            raise StudyFailed(
                f"{failed} of {len(trials)} trials failed, the last one: {error}; mend it, and submit the study again "
                "with resumePreviousJobId to keep what was found"
            )

    def _limit(self, trials: Sequence[Trial]) -> int:
        if self.study.max_failed_trials:
            return self.study.max_failed_trials
        limit = self.search.total // 2 + 1
        return limit if any(one.state == "SUCCEEDED" for one in trials) else min(limit, FAILED_BEFORE_SUCCESS)

    def _release(self, run: TrialRun, text: str) -> None:
        self.runs.remove(run)
        if all(run.slot is not other.slot for other in self.runs):
            self.free.append(run.slot)
        self.journal.update()
        self.journal.tell(f"trial {run.id}: {text}", run.id)
        self.journal.event("checkpoint", {"file": DATABASE})

    def _finish(self) -> dict[str, Any]:
        best = self.search.best()
        if best is None:
            raise StudyFailed("every trial of the study failed; log.txt says why for each")
        results.write_report(self.jobdir, self.search)
        result = results.result(self.jobdir, self.search, best)
        self.jobdir.write_result(result)
        self.journal.tell(f"best: trial {best.id}, {self.study.hyperparameter_metric_tag} {best.value:.4f}", best.id)
        self.journal.event("finished", {name: value for name, value in result.items() if name != "trials"})
        return result

    def _pause(self) -> dict[str, Any]:
        """Have all trials save their places, and end."""
        self._stop_all()
        for run in list(self.runs):
            self._follow(run)
            if (run.jobdir.read_result() or {}).get("status") == "finished":
                self._end(run)
        self.journal.update()
        self.journal.event("stopped", {"reason": "cancelled"})
        return {"status": "stopped", "step": self.journal.ended}

    def _give_up(self) -> None:
        """End the trials of a study that has failed, so that none is left running."""
        self._stop_all()
        for run in self.runs:
            self.search.fail(run.id, "the study ended")
        self.journal.update()

    def _stop_all(self) -> None:
        for run in self.runs:
            run.stop()
        deadline = time.monotonic() + GRACE
        while any(run.running for run in self.runs) and time.monotonic() < deadline:
            time.sleep(POLL)
        for run in self.runs:
            if run.running:
                run.kill()
