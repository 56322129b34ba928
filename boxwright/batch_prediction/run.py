"""The job that finds objects in the pictures of a `predictionInput`: shard after shard, until none is left."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxwright import files
from boxwright.batch_prediction.instance import PARSERS
from boxwright.batch_prediction.plan import Output, Plan, find_inputs, identify, instances, make_plan
from boxwright.batch_prediction.predictor import Answer, Predictor
from boxwright.engine import Engine, cores
from boxwright.jobdir import Event, JobDir, Listener
from boxwright.progress import describe
from boxwright.spec.prediction import PredictionInput
from boxwright.termination import termination

TOLD_EVERY = 5.0
"""Seconds between two events within a shard."""


def prediction_job(jobdir: JobDir, listener: Listener) -> dict[str, Any]:
    """Find objects in the pictures that are left. A SIGTERM ends the job as "stopped", between two pictures.

    Raises:
        FileNotFoundError, FileExistsError, ValueError: no model, no inputs, or results of others in the output folder.
        BlockingIOError: another process predicts into the same folder.
        OSError: an input cannot be read or a result not be written.
    """
    job = jobdir.read_job()
    assert job is not None and job.prediction is not None, "admission and work have seen to it"
    given, output = job.prediction, Output(job.prediction.output_path)
    engine = Engine.load(given.uri, threads=1, spin=False)
    paths = find_inputs(given)
    identity = identify(given, paths)
    with termination() as asked, _held(output.folder):
        plan = output.check(identity)
        if plan is None:
            plan = make_plan(identity, paths)
            output.write_plan(plan)
        tally = Tally(plan, output.finished(plan))
        log = _Log(jobdir, listener, tally)
        workers = _workers(given)
        log.begin(given, len(paths), workers)
        with Predictor(engine, workers=workers, batch_size=given.batch_size) as predictor:
            shards = _Shards(predictor, plan, paths, output)
            for number in range(len(plan.starts)):
                if number not in tally.finished and not shards.predict(number, log, asked):
                    log.report("stopped", reason="cancelled")
                    return {"status": "stopped", "step": tally.saved}
    return log.finish(output.folder)


def _workers(given: PredictionInput) -> int:
    """Threads: as many as there are cores, or as the runner leaves to this job."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    return min(given.max_worker_count, int(share) if share.isdigit() and int(share) else cores())


@contextmanager
def _held(folder: str) -> Iterator[None]:
    """Within, no other process of this machine writes to the output folder; what a killed one left is removed."""
    files.make_folder(folder)
    if not files.is_local(folder):
        yield
        return
    path = Path(os.path.expanduser(folder.removeprefix("file://")))
    with JobDir(path).held():
        for unfinished in path.glob(".writing-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield


@dataclass
class Tally:
    """What is done.

    Attributes:
        finished: number of errors of each finished shard.
        pictures, errors: of the shard in hand.
    """

    plan: Plan
    finished: dict[int, int]
    pictures: int = 0
    errors: int = 0

    @property
    def saved(self) -> int:
        """Instances of the finished shards."""
        return sum(self.plan.length(number) for number in self.finished)

    def counts(self) -> dict[str, int]:
        """Instances so far, by what became of them."""
        errors = sum(self.finished.values()) + self.errors
        return {"predictions": self.saved + self.pictures - errors, "errors": errors}

    def add(self, answer: Answer) -> None:
        """One more of the shard in hand."""
        self.pictures += 1
        self.errors += answer.failed

    def close(self, number: int | None = None) -> None:
        """The shard in hand is finished, or given up where it has no number."""
        if number is not None:
            self.finished[number] = self.errors
        self.pictures = self.errors = 0


@dataclass
class _Log:
    """Writes events; their step is the number of instances whose results are safe."""

    jobdir: JobDir
    listener: Listener
    tally: Tally
    started: float = field(default_factory=time.time)
    _told: float = 0.0
    _before: int = 0

    def begin(self, given: PredictionInput, inputs: int, workers: int) -> None:
        self.jobdir.forget_after(self.tally.saved)
        self._told, self._before = time.monotonic(), self.tally.saved
        plan = self.tally.plan
        shards, left = len(plan.starts), len(plan.starts) - len(self.tally.finished)
        values = {"model": given.model, "files": inputs, "pictures": plan.instances, "shards": shards, "left": left}
        self.report("planned", **values, workers=workers, output_path=given.output_path)

    def advance(self) -> None:
        """Tell how far the work is, where it was not told lately."""
        if time.monotonic() - self._told >= TOLD_EVERY:
            self.progress()

    def progress(self) -> None:
        """Tell how far the work is."""
        now, done = time.monotonic(), self.tally.saved + self.tally.pictures
        rate = (done - self._before) / max(now - self._told, 1e-9)
        self._told, self._before = now, done
        total = self.tally.plan.instances
        self.report("predicted", **self.tally.counts(), pictures=total, images_per_second=round(rate, 2))

    def finish(self, folder: str) -> dict[str, Any]:
        step, seconds = self.tally.saved, time.time() - self.started
        values = {"best_step": step, **self.tally.counts(), "output_path": folder, "seconds": seconds}
        result = {"status": "finished", **values}
        self.jobdir.write_result(result)
        self.report("finished", **result)
        return result

    def report(self, kind: str, **values: Any) -> None:
        event = Event(kind=kind, step=self.tally.saved, values=values)
        self.jobdir.append(event)
        self.jobdir.log(describe(event), event.time)
        self.listener(event)


@dataclass(frozen=True)
class _Shards:
    """Predicts single shards."""

    predictor: Predictor
    plan: Plan
    paths: list[str]
    output: Output

    def predict(self, number: int, log: _Log, asked: Callable[[], bool]) -> bool:
        """Write a shard's results and errors; False where the job was asked to stop first, which leaves nothing."""
        items = instances(self.plan, self.paths, number)
        parse = PARSERS[self.plan.identity.data_format]
        with files.staging(self.output.folder) as folder:
            results, errors = Path(folder) / "results", Path(folder) / "errors"
            with open(results, "w") as good, open(errors, "w") as bad:
                with closing(self.predictor.answers(items, parse)) as answers:
                    for answer in answers:
                        if asked():
                            log.tally.close()
                            return False
                        (bad if answer.failed else good).write(answer.line + "\n")
                        log.tally.add(answer)
                        log.advance()
                for file in (good, bad):
                    file.flush()
                    os.fsync(file.fileno())
            self.output.publish(results, errors, number, len(self.plan.starts))
        log.tally.close(number)
        log.progress()
        return True
