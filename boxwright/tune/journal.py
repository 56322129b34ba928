"""What a study tells: events, log and trials.json, and what is said at its start."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.jobdir import Event, JobDir, Listener
from boxwright.tune import results
from boxwright.tune.previous import previous_trials
from boxwright.tune.scales import combinations
from boxwright.tune.study import Search

DATABASE = "study.db"
"""File of the study's memory in the job's folder."""


@dataclass(frozen=True)
class Journal:
    """Writes into the folder of a study what its memory holds and what happens."""

    jobdir: JobDir
    search: Search
    listener: Listener

    def tell(self, text: str, trial: int = 0) -> None:
        """Say something in events and log, about a trial or the whole study."""
        values = {"text": text, "trial": str(trial)} if trial else {"text": text}
        self.event("trial" if trial else "study", values)
        self.jobdir.log(text, time.time())

    def event(self, kind: str, values: dict[str, Any]) -> None:
        """Write down an event, its step being the number of trials that have ended."""
        event = Event(kind=kind, step=self.ended, values=values)
        self.jobdir.append(event)
        self.listener(event)

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return sum(one.state != "RUNNING" for one in self.search.trials())

    def update(self) -> None:
        """Rewrite trials.json and study.json."""
        results.write_trials(self.jobdir, self.search.trials())
        results.write_study(self.jobdir, self.search)

    def learn(self, folder: Path) -> None:
        """Take over the trials of an earlier study. Raises: FileNotFoundError: there is none."""
        previous = previous_trials(folder, self.search.spec, self.search.axes)
        self.search.learn(previous.known)
        self.tell(f"{len(previous.known)} trials are known from {folder.name}")
        for line in previous.left_out:
            self.tell(f"  left out: {line}")

    def announce(self, parallel: int, why: str) -> None:
        """Say how many trials there will be, how many at a time, and why there are fewer than asked for."""
        study, size = self.search.spec, combinations(self.search.axes)
        self.tell(f"study: {self.search.total} trials, {parallel} at a time")
        if why:
            self.tell(f"  {why}")
        if size < study.max_trials:
            self.tell(f"  maxTrials is {study.max_trials}, but there are only {size:g} combinations of values")
        elif study.algorithm == "GRID_SEARCH" and size > study.max_trials:
            self.tell(f"  the grid has {size:g} combinations; maxTrials leaves {size - study.max_trials:g} of them out")

    def mend(self) -> None:
        """Bring the folder up to what the memory says, where a process was killed between the two."""
        results.mend_models(self.jobdir)
        for trial in self.search.trials():
            if trial.state == "SUCCEEDED":
                results.keep_model(self.jobdir, trial.id, trial.step)
        best = self.search.best()
        if best:
            results.keep_best(self.jobdir, best.id, best.step)
        self.update()
