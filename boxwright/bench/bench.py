"""Makes evaluations: one `boxwright evaluate` at a time, as a process that other work goes before."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from boxwright.bench.record import OVER, Evaluation, Question, State
from boxwright.bench.shelf import EvaluationMissing, Shelf
from boxwright.termination import FOLLOW_PARENT

LOG = logging.getLogger("boxwright.bench")

COMMAND = (sys.executable, "-m", "boxwright.cli", "evaluate")

UNFINISHED = "unfinished"
"""Beside the record: where the process writes to; what is whole is moved to its place."""

PROGRESS = "progress.json"
"""In it: how far the process is."""

LOOK_EVERY = 0.1
"""Seconds between looks at the process."""

AFTER_FAULT = 5.0
"""Seconds until it is tried again where not even a failure can be noted."""

GRACE = 10.0
"""Seconds in which a process that was told to end may do so."""

NICENESS = 10
"""Training and requests go before."""

SAID = 4000
"""Characters at the end of what the process printed that a message quotes."""


class Bench:
    """A queue of evaluations and what works on it, within a `with` statement.

    Args:
        root: folder of the evaluations.
        roots: folders that data may be read from.
        command: what measures a model on data.
    """

    def __init__(self, root: Path, roots: Sequence[str] = ("/",), command: Sequence[str] = COMMAND) -> None:
        self.shelf, self.roots, self._command = Shelf(root), tuple(roots), tuple(command)
        self._work, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.shelf.begin_again()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._work.set()
        if self._thread:
            self._thread.join()

    def ask(self, project: str, question: Question) -> Evaluation:
        """See `Shelf.ask`."""
        found = self.shelf.ask(project, question)
        self._work.set()
        return found

    def cancel(self, one: Evaluation) -> Evaluation:
        """End it; one that is over stays as it is. Raises: EvaluationMissing."""

        def decide(now: Evaluation) -> Evaluation:
            return now if now.state in OVER else _ended(now, "CANCELLED", "")

        return self.shelf.change(one, decide)

    def remove(self, one: Evaluation) -> None:
        """End it if need be, and forget what was found."""
        self.shelf.remove(one)

    def position(self, one: Evaluation) -> int:
        """Place in the queue, from 1; 0 for one that does not wait."""
        waiting = [other.id for other in reversed(self.shelf.list()) if other.state == "QUEUED"]
        return waiting.index(one.id) + 1 if one.id in waiting else 0

    def progress(self, one: Evaluation) -> dict[str, int]:
        """Pictures that are done, and all of them; nothing before that is known, and after the end."""
        if one.state != "RUNNING":
            return {}
        try:
            found = json.loads((self.shelf.result(one).with_name(UNFINISHED) / PROGRESS).read_bytes())
        except (OSError, ValueError):
            return {}
        return {"done": int(found["done"]), "total": int(found["total"])}

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._work.clear()
            waiting = [one for one in reversed(self.shelf.list()) if one.state == "QUEUED"]
            if not waiting:
                self._work.wait()
                continue
            try:
                self._make(waiting[0])
            except EvaluationMissing:
                continue
            except OSError as error:
                self._give_up(waiting[0], error)

    def _give_up(self, one: Evaluation, error: OSError) -> None:
        LOG.warning("evaluation %s: %s", one.id, error)
        try:
            self._end(one, "FAILED", str(error))
        except OSError:  # of a full disk, perhaps, on which nothing can be noted now
            self._stopping.wait(AFTER_FAULT)

    def _make(self, one: Evaluation) -> None:
        """Raises: EvaluationMissing: it was removed; OSError: the process cannot be started."""
        result = self.shelf.result(one)
        unfinished, printed = result.with_name(UNFINISHED), result.with_name("printed.txt")
        shutil.rmtree(unfinished, ignore_errors=True)
        started = self.shelf.change(one, _started)
        if started.state != "RUNNING":
            return
        with open(printed, "wb") as output:
            process = subprocess.Popen(
                [*self._command, *words(one.question, unfinished, self.roots)],
                stdin=subprocess.PIPE,  # its end tells the process that this one has ended
                stdout=output,
                stderr=output,
                env={**os.environ, FOLLOW_PARENT: "1"},
            )
            with process:
                self._attend(one, process)
        if self._stopping.is_set():
            return
        if process.returncode == 0:
            shutil.rmtree(result, ignore_errors=True)
            unfinished.rename(result)
            self._end(one, "SUCCEEDED", "")
        else:
            shutil.rmtree(unfinished, ignore_errors=True)
            self._end(one, "FAILED", _said(printed) or f"the process ended with status {process.returncode}")

    def _attend(self, one: Evaluation, process: subprocess.Popen[bytes]) -> None:
        """Wait until the process has ended, and end it when it is not wanted any more."""
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        told = 0.0
        while process.poll() is None:
            if not told and (self._stopping.is_set() or not self._is_wanted(one)):
                process.send_signal(signal.SIGTERM)
                told = time.monotonic()
            if told and time.monotonic() > told + GRACE:
                process.kill()
            time.sleep(LOOK_EVERY)

    def _is_wanted(self, one: Evaluation) -> bool:
        with suppress(EvaluationMissing):
            return self.shelf.get(one.project, one.id).state == "RUNNING"
        return False

    def _end(self, one: Evaluation, state: State, message: str) -> None:
        def decide(now: Evaluation) -> Evaluation:
            return now if now.state in OVER else _ended(now, state, message)

        with suppress(EvaluationMissing):
            self.shelf.change(one, decide)


def words(question: Question, output: Path, roots: Sequence[str]) -> list[str]:
    """The arguments of `boxwright evaluate` for a question."""
    options = {"split": question.split, "labels-file": question.labels_file, "variant": question.variant}
    given = [f"--{name}={value}" for name, value in options.items() if value]
    allowed = [f"--root={one}" for one in (*roots, question.folder, str(output.parent))]
    return [question.folder, question.data, f"--output={output}", *given, *allowed]


def _started(now: Evaluation) -> Evaluation:
    if now.state != "QUEUED":
        return now
    return now.model_copy(update={"state": "RUNNING", "start_time": time.time()})


def _ended(now: Evaluation, state: State, message: str) -> Evaluation:
    return now.model_copy(update={"state": state, "end_time": time.time(), "error_message": message})


def _said(printed: Path) -> str:
    text = printed.read_bytes()[-SAID:].decode(errors="replace").strip()
    return text.removeprefix("boxwright: ").removeprefix("error: ")
